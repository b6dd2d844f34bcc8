// The first page: the figures that matter with their intervals and targets, the funnel, the rollout, what to do next.
import { AlertsPanel } from './alerts';
import type { Metrics, NextAction, Rollout, Session } from './api';
import { Figures, type Figure } from './figures';
import { decimal, instant } from './format';
import { Funnel } from './funnel';
import { Guide } from './guide';
import { State } from './state';
import { Targets } from './targets';
import { useReading, type Reading } from './use';

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
      <Figures leave={props.leave} figures={FIGURES} />
      <Guide session={props.session} rollout={rollout} leave={props.leave} />
      <div class="panels">
        <Targets session={props.session} leave={props.leave} />
        <RolloutPanel session={props.session} reading={rollout} />
        <AlertsPanel leave={props.leave} />
        <NextActions leave={props.leave} />
        <Funnel leave={props.leave} />
      </div>
    </>
  );
}
