// From joining to the first completion: as a picture, and as a table that says the same.
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'preact/hooks';
import type { Stage } from './api';
import { Chart, type Colours } from './chart';
import { decimal, words } from './format';
import { State } from './state';
import { Table, type Column } from './table';
import { useReading } from './use';

const picture = (stages: Stage[], colours: Colours): EChartsCoreOption => ({
  animation: false,
  grid: { left: 8, right: 48, top: 8, bottom: 8, containLabel: true },
  tooltip: {
    trigger: 'item', renderMode: 'richText', backgroundColor: colours.panel, borderColor: colours.line,
    textStyle: { color: colours.ink },
  },
  xAxis: { type: 'value', axisLabel: { show: false }, splitLine: { lineStyle: { color: colours.line } } },
  yAxis: {
    type: 'category', inverse: true, data: stages.map((stage) => words(stage.stage)),
    axisLabel: { color: colours.ink }, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } },
  },
  series: [
    {
      type: 'bar', barMaxWidth: 22, itemStyle: { color: colours.accent, borderRadius: [0, 4, 4, 0] },
      label: { show: true, position: 'right', color: colours.ink },
      data: stages.map((stage) => stage.people),
    },
  ],
});

const percent = (value: number | null) => (value === null ? '–' : `${decimal(value)} %`);
const range = (low: number | null, high: number | null) =>
  low === null || high === null ? '–' : `${decimal(low)} – ${decimal(high)}`;

const SHORT: Column<Stage>[] = [
  { title: 'Stage', cell: (stage) => words(stage.stage) },
  { title: 'People', figure: true, cell: (stage) => stage.people },
  { title: 'Of joined', figure: true, cell: (stage) => percent(stage.share_of_joined) },
];

const LONG: Column<Stage>[] = [
  ...SHORT,
  { title: '95 %', figure: true, cell: (stage) => range(stage.share_of_joined_low, stage.share_of_joined_high) },
  { title: 'Of the stage before', figure: true, cell: (stage) => percent(stage.share_of_previous) },
  {
    title: 'its 95 %', figure: true,
    cell: (stage) => range(stage.share_of_previous_low, stage.share_of_previous_high),
  },
  {
    title: 'Lost there', figure: true,
    cell: (stage) => percent(stage.share_of_previous === null ? null : 100 - stage.share_of_previous),
  },
];

interface Props {
  leave: () => void;
  /** Which people, as the API takes it: "?set=…" or ''. */
  query?: string;
  /** With bounds, and what is lost from stage to stage. */
  detailed?: boolean;
}

export function Funnel({ leave, query = '', detailed }: Props) {
  const reading = useReading<{ stages: Stage[] }>(`/api/funnel${query}`, leave);
  const stages = reading.value?.stages;
  const make = useCallback((colours: Colours) => picture(stages ?? [], colours), [stages]);
  return (
    <section class={detailed ? 'panel wide tall' : 'panel wide'} aria-labelledby="funnel">
      <h2 id="funnel">From joining to the first completion</h2>
      <State reading={reading} />
      {stages && stages[0]?.people === 0 ? (
        <p class="empty">{query ? 'There are no such people.' : 'No one is on the way yet.'}</p>
      ) : null}
      {stages && stages[0]?.people !== 0 ? (
        <div class={detailed ? '' : 'beside'}>
          <Chart name="funnel" make={make} />
          <div>
            <Table
              name="stages" rows={stages} keyOf={(stage) => stage.stage} columns={detailed ? LONG : SHORT}
              narrow={!detailed}
            />
          </div>
        </div>
      ) : null}
    </section>
  );
}
