// Who comes back, by the week of joining: a table whose cells are as dark as their share, and the curve of each cohort.
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'preact/hooks';
import { Wide } from './act';
import type { Session } from './api';
import { Chart, type Colours } from './chart';
import { Filters, query } from './filters';
import { decimal } from './format';
import { State } from './state';
import { csv, download } from './table';
import { useReading } from './use';

interface Cell {
  eligible: number;
  active: number;
  rate: number | null;
}

interface Cohort {
  week: string;
  imported: number;
  cells: Cell[];
  month_1: number | null;
}

/** The picture shows no more curves than can be told apart: those of the newest weeks. */
const CURVES = 8;

const weeksOf = (cohorts: Cohort[]) => Math.max(0, ...cohorts.map((cohort) => cohort.cells.length));
const day = (cohort: Cohort) => cohort.week.slice(0, 10);

function curves(cohorts: Cohort[], colours: Colours): EChartsCoreOption {
  const shown = cohorts.slice(-CURVES);
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    legend: { type: 'scroll', top: 0, textStyle: { color: colours.ink } },
    tooltip: {
      trigger: 'axis', renderMode: 'richText', backgroundColor: colours.panel, borderColor: colours.line,
      textStyle: { color: colours.ink },
    },
    xAxis: {
      type: 'category', data: Array.from({ length: weeksOf(shown) }, (_, week) => `week ${week}`),
      axisLabel: { color: colours.ink }, axisLine: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: 'value', min: 0, max: 100, axisLabel: { color: colours.ink, formatter: '{value} %' },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: shown.map((cohort) => ({
      type: 'line', name: day(cohort), symbolSize: 7, data: cohort.cells.map((cell) => cell.rate),
    })),
  };
}

const title = (week: number) => `Week ${week}`;

function Heat({ cohorts }: { cohorts: Cohort[] }) {
  const weeks = Array.from({ length: weeksOf(cohorts) }, (_, week) => week);
  const columns = [
    { title: 'Joined in the week of', cell: day },
    { title: 'Imported', cell: (cohort: Cohort) => cohort.imported },
    ...weeks.flatMap((week) => [
      { title: `${title(week)}, active`, cell: (cohort: Cohort) => cohort.cells[week]?.active ?? '' },
      { title: `${title(week)}, of`, cell: (cohort: Cohort) => cohort.cells[week]?.eligible ?? '' },
    ]),
  ];
  const take = () => download('retention.csv', new Blob([csv(columns, cohorts)], { type: 'text/csv' }));
  return (
    <>
      <Wide label="Table of retention">
        <table class="heat">
          <thead>
            <tr>
              <th scope="col">Joined in the week of</th>
              {weeks.map((week) => <th key={week} scope="col" class="figure">{title(week)}</th>)}
            </tr>
          </thead>
          <tbody>
            {cohorts.map((cohort) => (
              <tr key={cohort.week}>
                <th scope="row">
                  {day(cohort)}
                  {cohort.imported > 0 ? <small class="quiet"> {cohort.imported} imported</small> : null}
                </th>
                {weeks.map((week) => {
                  const cell = cohort.cells[week];
                  return !cell || cell.rate === null ? <td key={week} /> : (
                    <td key={week} class={`figure heat-${Math.ceil(cell.rate / 20)}`}>
                      {decimal(cell.rate)} % <small>{cell.active} of {cell.eligible}</small>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <button class="small take" onClick={take}>CSV<span class="said"> of retention</span></button>
    </>
  );
}

export function Retention({ leave }: { session: Session; leave: () => void }) {
  const reading = useReading<{ cohorts: Cohort[] }>(`/api/retention${query(['variant'])}`, leave);
  const cohorts = reading.value?.cohorts.filter((cohort) => cohort.cells.length > 0);
  const make = useCallback((colours: Colours) => curves(cohorts ?? [], colours), [reading.value]);
  return (
    <>
      <Filters leave={leave} />
      <section class="panel" aria-labelledby="retention">
        <h2 id="retention">Active in each week after joining</h2>
        <State reading={reading} />
        {cohorts && cohorts.length === 0 ? (
          <p class="empty">Nobody of them has been here for a whole week yet.</p>
        ) : null}
        {cohorts && cohorts.length > 0 ? (
          <>
            <Chart name="retention" make={make} />
            <p class="quiet">Of imported people only commitments are known before their import.</p>
            <Heat cohorts={cohorts} />
          </>
        ) : null}
      </section>
    </>
  );
}
