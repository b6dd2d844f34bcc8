// Intervals beside each other on one scale, with a line where nothing differs. A picture of what a table says too.
interface Row {
  name: string;
  low: number;
  value: number;
  high: number;
}

const WIDTH = 600;
const ROW = 34;

export function Intervals({ rows, zero, unit }: { rows: Row[]; zero: string; unit: string }) {
  const least = Math.min(0, ...rows.map((row) => row.low));
  const most = Math.max(0, ...rows.map((row) => row.high));
  const span = most - least || 1;
  const at = (value: number) => 20 + ((value - least) / span) * (WIDTH - 40);
  const height = ROW * (rows.length + 1);
  return (
    <svg class="intervals" viewBox={`0 0 ${WIDTH} ${height}`} aria-hidden="true">
      <line class="zero" x1={at(0)} x2={at(0)} y1={ROW / 2} y2={height} />
      <text x={Math.min(Math.max(at(0), 60), WIDTH - 60)} y={12} text-anchor="middle">as {zero}</text>
      {rows.map((row, index) => {
        const y = ROW * (index + 1) + 10;
        return (
          <g key={row.name}>
            <line class="range" x1={at(row.low)} x2={at(row.high)} y1={y} y2={y} />
            <circle cx={at(row.value)} cy={y} r={5} />
            <text x={Math.min(Math.max(at(row.value), 80), WIDTH - 80)} y={y + 18} text-anchor="middle">
              {row.name} {row.value.toFixed(1)} {unit}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
