// A journey drawn: a row for each step, its reminder to the left, its smallest version to the right, what ends it
// below. On every box how many messages and people, on every arrow how often it was taken.
import { words } from './format';
import { Table } from './table';

export interface Node {
  node: string;
  part: string;
  step: number | null;
  sent: number | null;
  answered: number | null;
  waiting: number | null;
}

export interface Edge {
  from: string;
  to: string;
  label: string;
  times: number | null;
}

export interface Graph {
  nodes: Node[];
  edges: Edge[];
}

interface Box extends Node {
  x: number;
  y: number;
}

const [WIDE, HIGH] = [230, 58];
const [COLUMN, ROW] = [350, 118];
const MARGIN = 46;
const COLUMNS: Record<string, number> = {
  recovery: 0, abandonment: 0, step_before: 0, start: 1, step: 1, graduation: 1, ultra: 2, any_step: 2, end: 2,
};

/** Boxes by the name of their node, and the drawing's size. */
function lay(nodes: Node[]) {
  const steps = Math.max(0, ...nodes.map((node) => node.step ?? 0));
  const below: Record<string, number> = { abandonment: 1, step_before: 2, graduation: 1, any_step: 1, end: 2 };
  const boxes = new Map<string, Box>();
  let rows = 0;
  for (const node of nodes) {
    const row = node.step ?? (node.part === 'start' ? 0 : steps + (below[node.part] ?? 1));
    rows = Math.max(rows, row + 1);
    boxes.set(node.node, { ...node, x: MARGIN + COLUMN * (COLUMNS[node.part] ?? 1), y: MARGIN / 2 + ROW * row });
  }
  return { boxes, width: 2 * MARGIN + 2 * COLUMN + WIDE, height: MARGIN + ROW * (rows - 1) + HIGH };
}

/** The way of an arrow and where its words stand. */
function route(from: Box, to: Box): { path: string; x: number; y: number; anchor: 'start' | 'middle' | 'end' } {
  const middle = { from: from.x + WIDE / 2, to: to.x + WIDE / 2 };
  if (from.x === to.x && to.y - from.y === ROW) {
    return { path: `M${middle.from} ${from.y + HIGH}V${to.y}`, x: middle.from + 8, y: to.y - 12, anchor: 'start' };
  }
  if (from.y === to.y) {
    const left = to.x < from.x;
    const [start, end] = left ? [from.x, to.x + WIDE] : [from.x + WIDE, to.x];
    return { path: `M${start} ${from.y + HIGH / 2}H${end}`, x: (start + end) / 2, y: from.y + HIGH / 2 - 7, anchor: 'middle' };
  }
  if (from.x === to.x) {
    const side = from.x < COLUMN ? from.x - MARGIN / 2 : from.x + WIDE + MARGIN / 2;
    const edge = from.x < COLUMN ? from.x : from.x + WIDE;
    return {
      path: `M${edge} ${from.y + HIGH / 2}H${side}V${to.y + HIGH / 2}H${edge}`, x: edge, y: from.y + HIGH + 14,
      anchor: from.x < COLUMN ? 'start' : 'end',
    };
  }
  const right = to.x > from.x;
  const start = from.x + WIDE * (right ? 0.7 : 0.3);
  const end = to.x + (right ? 24 : WIDE - 24);
  return {
    path: `M${start} ${from.y + HIGH}V${from.y + HIGH + 24}H${end}V${to.y}`, x: start + (right ? 8 : -8),
    y: from.y + HIGH + 16, anchor: right ? 'start' : 'end',
  };
}

const keyOf = (edge: Edge) => `${edge.from}>${edge.to}>${edge.label}`;
const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const KINDS: Record<string, string> = { recovery: ' · reminder', ultra: ' · smallest' };
const name = (box: Box) => words(box.node.replace(/ \(.*/, '')) + (KINDS[box.part] ?? '');

function counts(box: Box): string {
  return box.sent === null ? '' : `${box.sent} sent${box.answered === null ? '' : `, ${box.answered} answered`}`;
}

function Words({ edge, boxes }: { edge: Edge; boxes: Map<string, Box> }) {
  const { x, y, anchor } = route(boxes.get(edge.from)!, boxes.get(edge.to)!);
  return (
    <text x={x} y={y} text-anchor={anchor}>
      {edge.times === null ? null : <tspan class="times">{edge.times} × </tspan>}
      {cut(words(edge.label), 24)}
      <title>{edge.label}</title>
    </text>
  );
}

function Place({ box }: { box: Box }) {
  return (
    <g class={`node ${box.part}`} data-node={box.node}>
      <rect x={box.x} y={box.y} width={WIDE} height={HIGH} rx={10} />
      <text class="name" x={box.x + 10} y={box.y + 20}>{cut(name(box), 30)}</text>
      <text x={box.x + 10} y={box.y + 36}>{counts(box)}</text>
      {box.waiting ? <text class="here" x={box.x + 10} y={box.y + 52}>{box.waiting} here now</text> : null}
    </g>
  );
}

export function JourneyGraph({ title, graph }: { title: string; graph: Graph }) {
  const { boxes, width, height } = lay(graph.nodes);
  return (
    <>
      <div class="scroll" role="region" aria-label={`Drawing of ${title}`} tabIndex={0}>
        <svg class="journey" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
          <defs>
            <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0L8 4L0 8z" />
            </marker>
          </defs>
          <g class="edge">
            {graph.edges.map((edge) => (
              <path key={keyOf(edge)} d={route(boxes.get(edge.from)!, boxes.get(edge.to)!).path} marker-end="url(#tip)" />
            ))}
            {graph.edges.map((edge) => <Words key={keyOf(edge)} edge={edge} boxes={boxes} />)}
          </g>
          {[...boxes.values()].map((box) => <Place key={box.node} box={box} />)}
        </svg>
      </div>
      <details>
        <summary>The drawing as tables</summary>
        <Table
          name={`places of ${title}`} rows={graph.nodes} keyOf={(node) => node.node}
          columns={[
            { title: 'Place', cell: (node) => words(node.node) },
            { title: 'Sent', figure: true, cell: (node) => node.sent ?? '–' },
            { title: 'Answered', figure: true, cell: (node) => node.answered ?? '–' },
            { title: 'Here now', figure: true, cell: (node) => node.waiting ?? '–' },
          ]}
        />
        <Table
          name={`ways of ${title}`} rows={graph.edges} keyOf={keyOf}
          columns={[
            { title: 'From', cell: (edge) => words(edge.from) },
            { title: 'To', cell: (edge) => words(edge.to) },
            { title: 'When', cell: (edge) => edge.label },
            { title: 'Times', figure: true, cell: (edge) => edge.times ?? '–' },
          ]}
        />
      </details>
    </>
  );
}
