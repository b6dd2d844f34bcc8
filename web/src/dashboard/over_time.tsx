// What an experiment showed at each look since its start: the difference to the first variant as a line within the band
// of its bounds, which hold at all looks together, and a line where nothing differs.
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'preact/hooks';
import type { Session } from './api';
import { Chart, type Colours } from './chart';
import { decimal, signed, when } from './format';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface LookArm {
  id: string;
  people: number;
  mean: number | null;
  probability_best: number | null;
  effect?: { difference: number | null; low: number | null; high: number | null };
}

interface Look {
  at_ms: number;
  people: number;
  variants: LookArm[];
}

interface Looks {
  name: string;
  is_share: boolean;
  looks: Look[];
}

interface Point {
  at_ms: number;
  at: string;
  people: number;
  best: number | null;
  value: number | null;
  low: number | null;
  high: number | null;
}

/** One variant's way, in points or amounts; unknown as long as there are no bounds. */
function way(looks: Looks, arm: number, zone: string): Point[] {
  const factor = looks.is_share ? 100 : 1;
  return looks.looks.map((look) => {
    const { effect, probability_best: best } = look.variants[arm]!;
    const known = typeof effect?.low === 'number' && typeof effect.high === 'number';
    return {
      at_ms: look.at_ms, at: when(look.at_ms, zone), people: look.people, best,
      value: known ? effect.difference! * factor : null,
      low: known ? effect.low! * factor : null,
      high: known ? effect.high! * factor : null,
    };
  });
}

/** A band is two stacked lines: its lower bound, unseen, and its width, filled. */
function picture(points: Point[], name: string, unit: string, colours: Colours): EChartsCoreOption {
  const line = { type: 'line', symbol: 'none', silent: true };
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    xAxis: {
      type: 'category', data: points.map((point) => point.at), axisLabel: { color: colours.ink },
      axisLine: { onZero: false, lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: 'value', name: unit, scale: true, nameTextStyle: { color: colours.ink }, axisLabel: { color: colours.ink },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: [
      { ...line, stack: 'band', stackStrategy: 'all', lineStyle: { opacity: 0 }, data: points.map((point) => point.low) },
      {
        ...line, stack: 'band', stackStrategy: 'all', lineStyle: { opacity: 0 }, areaStyle: { color: colours.accent, opacity: 0.2 },
        data: points.map((point) => (point.low === null ? null : point.high! - point.low)),
      },
      { ...line, name, color: colours.accent, symbol: 'circle', data: points.map((point) => point.value) },
      { ...line, name: 'no difference', color: colours.quiet, lineStyle: { type: 'dashed' }, data: points.map(() => 0) },
    ],
  };
}

function Way({ looks, arm, zone }: { looks: Looks; arm: number; zone: string }) {
  const points = way(looks, arm, zone);
  const { id } = looks.looks[0]!.variants[arm]!;
  const unit = looks.is_share ? 'points' : '';
  const make = useCallback((colours: Colours) => picture(points, id, unit, colours), [looks, arm, zone]);
  const number = (value: number | null) => (value === null ? '–' : signed(value));
  return (
    <>
      <h3>{id} against {looks.looks[0]!.variants[0]!.id}, over time</h3>
      {points.some((point) => point.value !== null) ? (
        <Chart name={`${looks.name} over time`} make={make} />
      ) : (
        <p class="empty">No bounds yet: they begin with 100 judged people, 20 of each variant.</p>
      )}
      <details>
        <summary>Every look</summary>
        <Table
          name={`${looks.name}-${id}-over-time`} rows={points} keyOf={(point) => String(point.at_ms)}
          columns={[
            { title: 'Looked at', cell: (point) => point.at },
            { title: 'Judged', figure: true, cell: (point) => point.people },
            { title: 'Difference', figure: true, cell: (point) => number(point.value) },
            { title: 'At least', figure: true, cell: (point) => number(point.low) },
            { title: 'At most', figure: true, cell: (point) => number(point.high) },
            { title: 'Best, chance', figure: true, cell: (point) => (point.best === null ? '–' : `${decimal(point.best * 100)} %`) },
          ]}
        />
      </details>
    </>
  );
}

export function OverTime({ name, session, leave }: { name: string; session: Session; leave: () => void }) {
  const reading = useReading<Looks>(`/api/experiments/${encodeURIComponent(name)}/over-time`, leave);
  const looks = reading.value;
  return (
    <>
      <State reading={reading} />
      {looks?.looks[0]!.variants.slice(1).map((variant, index) => (
        <Way key={variant.id} looks={looks} arm={index + 1} zone={session.zone} />
      ))}
    </>
  );
}
