// How newcomers come through onboarding: the figures of its steps and its funnel, of the people chosen above.
import type { Session } from './api';
import { Figures, type Figure } from './figures';
import { chosen, Filters, query } from './filters';
import { Funnel } from './funnel';
import { Steps } from './steps';

const ofSent = (step: number): Figure => ({
  name: `step_${step}_completion`, title: `Step ${step} completed`, unit: '%',
  of: (metrics) => `of ${String(metrics[`step_${step}_completion_n`] ?? 0)} sends that are old enough`,
});

const FIGURES: Figure[] = [
  {
    name: 'conversion_rate', title: 'Conversion', unit: '%',
    of: (m) => `${String(m.users_with_commitments)} of ${String(m.total_users)} people made a commitment`,
  },
  {
    name: 'activation_rate', title: 'Activation', unit: '%',
    of: (m) => `of ${String(m.activation_rate_n)} people completed a commitment`,
  },
  ofSent(1), ofSent(2), ofSent(3), ofSent(4),
  {
    name: 'abandonment_rate', title: 'Abandoned', unit: '%',
    of: (m) => `of ${String(m.abandonment_rate_n)} onboardings that are eight days old`,
  },
];

export function Onboarding({ leave }: { session: Session; leave: () => void }) {
  return (
    <>
      <Filters leave={leave} variants />
      <Funnel leave={leave} query={query()} detailed />
      {chosen().has('variant') ? <p class="quiet">The figures below are of people of every variant.</p> : null}
      <Figures leave={leave} query={query(['variant'])} figures={FIGURES} />
      <Steps leave={leave} query={query(['variant'])} />
    </>
  );
}
