// The first page: the figures that matter with their intervals and targets, the funnel, the rollout, what to do next.
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'preact/hooks';
import type { Metrics, NextAction, Rollout, Session, Stage } from './api';
import { Chart, type Colours } from './chart';
import { decimal, instant, signed, words } from './format';
import { State } from './state';
import { useReading, type Reading } from './use';

interface Figure {
  name: string;
  title: string;
  unit: string;
  /** Said below the figure: of what it is. */
  of: (metrics: Metrics) => string;
}

const count = (metrics: Metrics, name: string) => String(metrics[name] ?? '–');

const FIGURES: Figure[] = [
  {
    name: 'conversion_rate', title: 'Onboarding conversion', unit: '%',
    of: (m) => `${count(m, 'users_with_commitments')} of ${count(m, 'total_users')} people made a commitment`,
  },
  {
    name: 'completion_rate', title: 'Completion', unit: '%',
    of: (m) => `${count(m, 'completed_commitments')} of ${count(m, 'total_commitments')} commitments completed`,
  },
  {
    name: 'quick_completion_rate', title: 'Quick completion', unit: '%',
    of: (m) => `${count(m, 'quick_completions')} of ${count(m, 'completed_commitments')} completed within 24 h`,
  },
  {
    name: 'avg_completion_hours', title: 'Time to completion', unit: 'h',
    of: (m) => `mean over ${count(m, 'completed_commitments')} completed`,
  },
  {
    name: 'inactive_rate', title: 'Inactive people', unit: '%',
    of: (m) => `${count(m, 'inactive_users')} of ${count(m, 'total_users')} people never made a commitment`,
  },
  {
    name: 'power_user_share', title: 'Power users', unit: '%',
    of: (m) => {
      const share = m.power_activity_share;
      const activity = typeof share === 'number' ? `, ${decimal(share)} % of all commitments` : '';
      return `${count(m, 'power_users')} of ${count(m, 'total_users')} people${activity}`;
    },
  },
];

const number = (metrics: Metrics, name: string) => {
  const value = metrics[name];
  return typeof value === 'number' ? value : undefined;
};

function Card({ figure, metrics }: { figure: Figure; metrics: Metrics }) {
  const value = number(metrics, figure.name);
  const low = number(metrics, `${figure.name}_low`);
  const high = number(metrics, `${figure.name}_high`);
  const n = number(metrics, `${figure.name}_n`);
  const target = metrics.targets[figure.name];
  return (
    <article class="card" data-figure={figure.name}>
      <h3>{figure.title}</h3>
      <p class="value">
        {value === undefined ? '–' : decimal(value)}
        {value === undefined ? null : <small> {figure.unit}</small>}
      </p>
      <p class="of">{figure.of(metrics)}</p>
      {low !== undefined && high !== undefined ? (
        <p class="interval">
          95 %: {decimal(low)} – {decimal(high)}
          {n !== undefined && n < 10 ? ', few people' : ''}
        </p>
      ) : null}
      {target ? (
        <p class="target">
          Target {target.target} %
          {target.baseline !== null && target.gained !== null && target.factor !== null
            ? `: ${signed(target.gained)} points, ${decimal(target.factor)} × since ${target.baseline} %`
            : ''}
        </p>
      ) : null}
    </article>
  );
}

function Figures({ leave }: { leave: () => void }) {
  const reading = useReading<Metrics>('/api/metrics', leave);
  const metrics = reading.value;
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">Figures</h2>
      <State reading={reading} />
      {metrics && metrics.total_users === 0 ? (
        <p class="empty">Nobody has joined yet. The first person who writes to the bot appears here.</p>
      ) : null}
      {metrics && metrics.total_users !== 0 ? (
        <div class="cards">
          {FIGURES.map((figure) => (
            <Card key={figure.name} figure={figure} metrics={metrics} />
          ))}
        </div>
      ) : null}
    </section>
  );
}

const funnelChart = (stages: Stage[], colours: Colours): EChartsCoreOption => ({
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

function Funnel({ leave }: { leave: () => void }) {
  const reading = useReading<{ stages: Stage[] }>('/api/funnel', leave);
  const stages = reading.value?.stages;
  const make = useCallback((colours: Colours) => funnelChart(stages ?? [], colours), [stages]);
  return (
    <section class="panel wide" aria-labelledby="funnel">
      <h2 id="funnel">From joining to the first completion</h2>
      <State reading={reading} />
      {stages && stages[0]?.people === 0 ? <p class="empty">No one is on the way yet.</p> : null}
      {stages && stages[0]?.people !== 0 ? (
        <div class="beside">
          <Chart make={make} />
          <table>
            <thead>
              <tr>
                <th scope="col">Stage</th>
                <th scope="col" class="figure">People</th>
                <th scope="col" class="figure">Of joined</th>
              </tr>
            </thead>
            <tbody>
              {stages.map((stage) => (
                <tr key={stage.stage}>
                  <th scope="row">{words(stage.stage)}</th>
                  <td class="figure">{stage.people}</td>
                  <td class="figure">{stage.share_of_joined === null ? '–' : `${decimal(stage.share_of_joined)} %`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}

function rolloutState(rollout: Rollout): string {
  if (rollout.rolled_back_entries && rollout.rolled_back_nurture) {
    return 'Rolled back: everybody new gets the original set.';
  }
  if (rollout.rolled_back_entries) {
    return 'New entries are rolled back: everybody new gets the original set.';
  }
  if (rollout.rolled_back_nurture) {
    return `${rollout.share} % of new people get the optimized set; its nurture journeys are rolled back.`;
  }
  return rollout.started_at === null
    ? 'Not begun: everybody new gets the original set.'
    : `${rollout.share} % of new people get the optimized set.`;
}

export function RolloutPanel({ session, reading }: { session: Session; reading: Reading<Rollout> }) {
  const rollout = reading.value;
  return (
    <section class="panel" aria-labelledby="rollout">
      <h2 id="rollout">Rollout</h2>
      <State reading={reading} />
      {rollout ? (
        <>
          <p class="lead">{rolloutState(rollout)}</p>
          <dl>
            <dt>Began</dt>
            <dd>{rollout.started_at === null ? 'not yet' : instant(rollout.started_at, session.zone)}</dd>
            <dt>People with the optimized set</dt>
            <dd>{rollout.people_optimized}</dd>
            <dt>People with the original set</dt>
            <dd>{rollout.people_original}</dd>
            <dt>Rescue of those who joined before</dt>
            <dd>{rollout.existing_rescue ? 'open' : 'closed'}</dd>
            <dt>Amplification of those who joined before</dt>
            <dd>{rollout.existing_amplification ? 'open' : 'closed'}</dd>
          </dl>
        </>
      ) : null}
    </section>
  );
}

function NextActions({ leave }: { leave: () => void }) {
  const reading = useReading<{ actions: NextAction[] }>('/api/next-actions', leave);
  const actions = reading.value?.actions;
  return (
    <section class="panel" aria-labelledby="next">
      <h2 id="next">What to do next</h2>
      <State reading={reading} />
      {actions && actions.length === 0 ? <p class="empty">Nothing stands out.</p> : null}
      <ol class="actions">
        {actions?.map((action) => (
          <li key={action.opportunity}>
            <strong>{action.recommendation}</strong>
            <p>{action.why}. {action.expected_effect}.</p>
            <p class="quiet">{action.how}.</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function Overview(props: { session: Session; leave: () => void }) {
  const rollout = useReading<Rollout>('/api/rollout', props.leave);
  return (
    <>
      <Figures leave={props.leave} />
      <div class="panels">
        <Funnel leave={props.leave} />
        <RolloutPanel session={props.session} reading={rollout} />
        <NextActions leave={props.leave} />
      </div>
    </>
  );
}
