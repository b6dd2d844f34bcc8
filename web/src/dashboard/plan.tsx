// The rollout's plan: its stages, what stands before the next one, holding, going on, and what became of it.
import { useState } from 'preact/hooks';
import { Said, useDoing } from './act';
import type { Session } from './api';
import { decimal, instant, words } from './format';
import { State } from './state';
import { Table } from './table';
import { expected, type Line } from './targets';
import { useReading } from './use';

interface Stage {
  name: string;
  day: number;
  share?: number;
  opens?: string;
  gates: { metric: string; test: string; bound: number }[];
}

interface Status {
  plan: {
    name: string;
    stages: Stage[];
    stage: string;
    since: string;
    automatic: boolean;
    held: boolean;
    reason: string;
    next: { stage: string; day_at: string; is_day: boolean; firing_alerts: number; is_open: boolean; gates: Line[] } | null;
  } | null;
  history: { at: string; actor: string; action: string; before: string; after: string }[];
}

/** What the audit log keeps, in words: "stage quarter, reason by hand". */
function told(kept: string): string {
  try {
    return Object.entries(JSON.parse(kept) as Record<string, unknown>)
      .filter(([, value]) => value !== '' && value !== null)
      .map(([name, value]) => `${words(name)} ${typeof value === 'string' ? words(value) : JSON.stringify(value)}`)
      .join(', ');
  } catch {
    return kept;
  }
}

const does = (stage: Stage) => (stage.share === undefined ? `opens ${words(stage.opens ?? '')}` : `${stage.share} % of new people`);

function Stages({ stages, at }: { stages: Stage[]; at: string }) {
  return (
    <ol class="stages">
      {stages.map((stage) => (
        <li key={stage.name} aria-current={stage.name === at ? 'step' : undefined}>
          <strong>{words(stage.name)}</strong> {does(stage)}
          <span class="quiet"> day {stage.day}</span>
        </li>
      ))}
    </ol>
  );
}

function Before({ next, session }: { next: NonNullable<NonNullable<Status['plan']>['next']>; session: Session }) {
  return (
    <>
      <h3>Before {words(next.stage)}</h3>
      <ul class="gates">
        <li>its day, {instant(next.day_at, session.zone)}: {next.is_day ? 'met' : 'not yet'}</li>
        <li>no alert fires: {next.firing_alerts === 0 ? 'met' : `not met, ${next.firing_alerts} do`}</li>
        {next.gates.map((gate) => (
          <li key={gate.metric}>
            {words(gate.metric)} {expected(gate)}: {gate.state}
            {gate.value === null ? '' : `, is ${decimal(gate.value)}`}
          </li>
        ))}
      </ul>
    </>
  );
}

function Start({ doing, again }: { doing: ReturnType<typeof useDoing>; again: () => void }) {
  const [plan, setPlan] = useState('gradual');
  const [automatic, setAutomatic] = useState(false);
  const start = (event: Event) => {
    event.preventDefault();
    void doing.run('/api/rollout/plan/start', { plan, automatic }, `The plan ${plan} has begun.`, again);
  };
  return (
    <form class="row" onSubmit={start}>
      <label for="plan">Name of the plan</label>
      <input id="plan" required value={plan} onInput={(event) => setPlan(event.currentTarget.value)} />
      <label class="choice">
        <input type="checkbox" checked={automatic} onChange={(event) => setAutomatic(event.currentTarget.checked)} />
        Goes on by itself when its gates are open
      </label>
      <button class="main" disabled={doing.busy}>Start the plan</button>
    </form>
  );
}

export function Plan({ session, leave, changed }: { session: Session; leave: () => void; changed: () => void }) {
  const reading = useReading<Status>('/api/rollout/plan', leave);
  const doing = useDoing();
  const plan = reading.value?.plan;
  const again = () => {
    reading.again();
    changed();
  };
  const move = (action: string, done: string) => doing.run(`/api/rollout/plan/${action}`, {}, done, again);
  return (
    <section class="panel" aria-labelledby="of-plan">
      <h2 id="of-plan">Plan</h2>
      <State reading={reading} />
      {plan ? (
        <>
          <p class="lead" data-plan={plan.name}>
            {words(plan.name)}: {words(plan.stage)} since {instant(plan.since, session.zone)},{' '}
            {plan.held ? `held${plan.reason ? ` (${plan.reason})` : ''}` : plan.automatic ? 'goes on by itself' : 'goes on by hand'}
          </p>
          <Stages stages={plan.stages} at={plan.stage} />
          {plan.next ? <Before next={plan.next} session={session} /> : <p>It is at its last stage.</p>}
        </>
      ) : null}
      {plan === null ? <p class="empty">No plan is running.</p> : null}
      <Said doing={doing} />
      {session.may_act && plan === null ? <Start doing={doing} again={again} /> : null}
      {session.may_act && plan ? (
        <div class="row">
          {plan.next ? <button disabled={doing.busy} onClick={() => move('advance', 'The next stage is entered.')}>Enter the next stage</button> : null}
          {plan.held ? (
            <button class="main" disabled={doing.busy} onClick={() => move('resume', 'The plan goes on.')}>Resume</button>
          ) : (
            <button disabled={doing.busy} onClick={() => move('hold', 'The plan is held.')}>Hold</button>
          )}
        </div>
      ) : null}
      {reading.value && reading.value.history.length > 0 ? (
        <Table
          name="rollout’s history" rows={reading.value.history} keyOf={(row) => `${row.at} ${row.action} ${row.after}`}
          columns={[
            { title: 'When', cell: (row) => instant(row.at, session.zone) },
            { title: 'Who', cell: (row) => row.actor },
            { title: 'What', cell: (row) => words(row.action) },
            { title: 'Before', cell: (row) => told(row.before) },
            { title: 'After', cell: (row) => told(row.after) },
          ]}
        />
      ) : null}
    </section>
  );
}
