// What people do, from the behaviour log: who is active, how soon commitments are completed, how unequal and when in
// the week people act, and what they do after joining.
import type { EChartsCoreOption } from 'echarts/core';
import type { JSX } from 'preact';
import { useCallback } from 'preact/hooks';
import type { Session } from './api';
import { Chart, type Colours } from './chart';
import { decimal, span, words } from './format';
import { Hours } from './hours';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Activity {
  periods: { period: string; active: number; new: number; returning: number; resurrected: number; dormant: number }[];
  last_is_open: boolean;
}

interface Times {
  started: number;
  followed: number;
  median_seconds: number | null;
  p90_seconds: number | null;
  histogram: { up_to_seconds: number | null; count: number }[];
}

interface Power {
  people: number;
  events: number;
  gini: number | null;
  lorenz: (number | null)[];
  top: { top_percent: number; people: number; events: number }[];
}

interface Paths {
  times: number;
  paths: { steps: string[]; times: number }[];
}

const DAY = 86_400;

interface PaneProps<T> {
  id: string;
  title: string;
  path: string;
  leave: () => void;
  wide?: boolean;
  isEmpty: (value: T) => boolean;
  show: (value: T) => JSX.Element;
}

function Pane<T>({ id, title, path, leave, wide, isEmpty, show }: PaneProps<T>) {
  const reading = useReading<T>(path, leave);
  const value = reading.value;
  return (
    <section class={wide ? 'panel wide' : 'panel tall'} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <State reading={reading} />
      {value && isEmpty(value) ? <p class="empty">Nobody has done that yet.</p> : null}
      {value && !isEmpty(value) ? show(value) : null}
    </section>
  );
}

function frame(colours: Colours, across: string[], title?: string): EChartsCoreOption {
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    legend: { top: 0, textStyle: { color: colours.ink } },
    tooltip: {
      trigger: 'axis', renderMode: 'richText', backgroundColor: colours.panel, borderColor: colours.line,
      textStyle: { color: colours.ink },
    },
    xAxis: {
      type: 'category', data: across, name: title, axisLabel: { color: colours.ink },
      axisLine: { lineStyle: { color: colours.line } },
    },
    yAxis: { type: 'value', axisLabel: { color: colours.ink }, splitLine: { lineStyle: { color: colours.line } } },
  };
}

function ActivityShown({ value }: { value: Activity }) {
  const last = value.periods.length - 1;
  const make = useCallback((colours: Colours): EChartsCoreOption => ({
    ...frame(colours, value.periods.map((row) => row.period)),
    series: (['new', 'returning', 'resurrected'] as const).map((name) => ({
      type: 'bar', stack: 'people', name, data: value.periods.map((row) => row[name]),
    })),
  }), [value]);
  return (
    <>
      <Chart name="activity" make={make} />
      <Table
        name="activity" rows={value.periods} keyOf={(row) => row.period}
        columns={[
          { title: 'Week of', cell: (row) => `${row.period}${row === value.periods[last] && value.last_is_open ? ', so far' : ''}` },
          { title: 'Active', figure: true, cell: (row) => row.active },
          { title: 'New', figure: true, cell: (row) => row.new },
          { title: 'Returning', figure: true, cell: (row) => row.returning },
          { title: 'Resurrected', figure: true, cell: (row) => row.resurrected },
          { title: 'Dormant', figure: true, cell: (row) => row.dormant },
        ]}
      />
    </>
  );
}

function TimesShown({ value }: { value: Times }) {
  const name = (index: number) => {
    const end = value.histogram[index]!.up_to_seconds;
    return end === null ? 'later' : `≤ ${span(end).replace('.0 ', ' ')}`;
  };
  const make = useCallback((colours: Colours): EChartsCoreOption => ({
    ...frame(colours, value.histogram.map((_, index) => name(index))),
    series: [true, false].map((soon) => ({
      type: 'bar', stack: 'times', name: soon ? 'within 24 hours' : 'later', color: soon ? colours.accent : colours.quiet,
      data: value.histogram.map(({ up_to_seconds: end, count }) => ((end !== null && end <= DAY) === soon ? count : null)),
    })),
  }), [value]);
  return (
    <>
      <p class="lead">
        {value.followed} of {value.started} were followed by a completion (of any of theirs)
        {value.median_seconds === null ? '' : `: half of these within ${span(value.median_seconds)}`}
        {value.p90_seconds === null ? '' : `, nine of ten within ${span(value.p90_seconds)}`}.
      </p>
      <Chart name="times" make={make} />
      <Table
        name="times" narrow rows={value.histogram.map((row, index) => ({ ...row, index }))} keyOf={(row) => String(row.index)}
        columns={[
          { title: 'Time to completion', cell: (row) => name(row.index) },
          { title: 'Commitments', figure: true, cell: (row) => row.count },
        ]}
      />
    </>
  );
}

function PowerShown({ value }: { value: Power }) {
  const make = useCallback((colours: Colours): EChartsCoreOption => ({
    ...frame(colours, value.lorenz.map((_, index) => `${(100 * index) / (value.lorenz.length - 1)} %`)),
    series: [
      {
        type: 'line', name: 'share of commitments', color: colours.accent,
        data: value.lorenz.map((share) => (share === null ? null : Math.round(share * 1000) / 10)),
      },
      {
        type: 'line', name: 'all alike', color: colours.quiet, lineStyle: { type: 'dashed' }, symbol: 'none',
        data: value.lorenz.map((_, index) => (100 * index) / (value.lorenz.length - 1)),
      },
    ],
  }), [value]);
  return (
    <>
      <p class="lead">
        {value.events} commitments of {value.people} people
        {value.gini === null ? '' : `; Gini ${value.gini.toFixed(2)} (0: all alike, 1: one makes all)`}.
      </p>
      <Chart name="power" make={make} />
      <Table
        name="power" narrow rows={value.top} keyOf={(row) => String(row.top_percent)}
        columns={[
          { title: 'Most active', cell: (row) => `${decimal(row.top_percent)} %` },
          { title: 'People', figure: true, cell: (row) => row.people },
          { title: 'Commitments', figure: true, cell: (row) => row.events },
        ]}
      />
    </>
  );
}

/** What flows from one step of a path to the next. A name says at which place it stands: "2 commitment made". */
function flows(paths: Paths['paths']) {
  const links = new Map<string, { source: string; target: string; value: number }>();
  const names = new Set<string>();
  for (const { steps, times } of paths) {
    const places = ['joined', ...steps.map((step, index) => `${index + 1} ${words(step)}`)];
    if (steps.length === 0) {
      places.push('1 nothing');
    }
    places.forEach((name) => names.add(name));
    places.slice(1).forEach((target, index) => {
      const source = places[index]!;
      const link = links.get(`${source}>${target}`) ?? { source, target, value: 0 };
      link.value += times;
      links.set(`${source}>${target}`, link);
    });
  }
  return { names: [...names], links: [...links.values()] };
}

function PathsShown({ value }: { value: Paths }) {
  const make = useCallback((colours: Colours): EChartsCoreOption => {
    const { names, links } = flows(value.paths);
    return {
      animation: false,
      tooltip: {
        renderMode: 'richText', backgroundColor: colours.panel, borderColor: colours.line, textStyle: { color: colours.ink },
      },
      series: [{
        type: 'sankey', left: 8, right: 150, top: 8, bottom: 8, nodeGap: 14, draggable: false, emphasis: { focus: 'adjacency' },
        data: names.map((name) => ({ name, itemStyle: { color: colours.accent, borderWidth: 0 } })), links,
        label: { color: colours.ink, fontSize: 13 }, lineStyle: { color: colours.accent, opacity: 0.25 },
      }],
    };
  }, [value]);
  return (
    <>
      <Chart name="paths" make={make} />
      <Table
        name="paths" narrow rows={value.paths} keyOf={(row) => row.steps.join(' ')}
        columns={[
          { title: 'After joining', cell: (row) => row.steps.map(words).join(' → ') || 'nothing' },
          { title: 'People', figure: true, cell: (row) => row.times },
        ]}
      />
    </>
  );
}

const SOON = encodeURIComponent('commitment_made > commitment_completed');

export function Behaviour({ session, leave }: { session: Session; leave: () => void }) {
  return (
    <div class="panels">
      <Pane<Activity>
        id="activity" title="Active people by week" path="/api/behaviour/activity" leave={leave}
        isEmpty={(value) => value.periods.every((row) => row.active === 0)} show={(value) => <ActivityShown value={value} />}
      />
      <Pane<Times>
        id="times" title="From a commitment to its completion" path={`/api/behaviour/times?steps=${SOON}`} leave={leave}
        isEmpty={(value) => value.started === 0} show={(value) => <TimesShown value={value} />}
      />
      <Pane<Power>
        id="power" title="How unequally people commit" path="/api/behaviour/power?what=commitment_made" leave={leave}
        isEmpty={(value) => value.events === 0} show={(value) => <PowerShown value={value} />}
      />
      <Pane<Paths>
        id="paths" wide title="What people do after joining" path="/api/behaviour/paths?event=user_joined" leave={leave}
        isEmpty={(value) => value.times === 0} show={(value) => <PathsShown value={value} />}
      />
      <Pane<{ week: number[][] }>
        id="hours" wide title={`When in the week people act (${session.zone})`}
        path={`/api/behaviour/hours?zone=${encodeURIComponent(session.zone)}`} leave={leave}
        isEmpty={(value) => value.week.flat().every((count) => count === 0)} show={(value) => <Hours week={value.week} />}
      />
    </div>
  );
}
