// Who gets the optimized set: its share, the stages, and the way back, which shows whom it concerns before it is taken.
import { useRef, useState } from 'preact/hooks';
import { Said, useDoing, type Doing } from './act';
import type { Rollout, Session } from './api';
import { RolloutPanel } from './overview';
import { Plan } from './plan';
import { State } from './state';
import { useReading } from './use';

const WAYS = [
  { what: 'all', label: 'Everything: new entries and nurture journeys' },
  { what: 'entries', label: 'New entries only' },
  { what: 'nurture', label: 'Nurture journeys only' },
];

function Share({ rollout, doing, changed }: { rollout: Rollout; doing: Doing; changed: () => void }) {
  const [share, setShare] = useState(String(rollout.share));
  const set = (event: Event) => {
    event.preventDefault();
    void doing.run('/api/rollout', { share: Number(share) }, `${share} % of new people get the optimized set.`, changed);
  };
  return (
    <form class="row" onSubmit={set}>
      <label for="share">Share of new people, %</label>
      <input
        id="share" type="number" min="0" max="100" step="any" required value={share}
        onInput={(event) => setShare(event.currentTarget.value)}
      />
      <button class="main" disabled={doing.busy}>Set share</button>
    </form>
  );
}

function Stages({ rollout, doing, changed }: { rollout: Rollout; doing: Doing; changed: () => void }) {
  const stages = [
    { stage: 'existing_rescue', name: 'rescue of those who joined before', open: rollout.existing_rescue },
    { stage: 'existing_amplification', name: 'amplification of those who joined before', open: rollout.existing_amplification },
  ];
  return (
    <div class="row">
      {stages.map(({ stage, name, open }) => (
        <button
          key={stage} disabled={doing.busy}
          onClick={() => doing.run('/api/rollout/stage', { stage, open: !open }, `The ${name} is ${open ? 'closed' : 'open'}.`, changed)}
        >
          {open ? 'Close' : 'Open'} the {name}
        </button>
      ))}
    </div>
  );
}

function Rollback({ doing, changed, leave }: { doing: Doing; changed: () => void; leave: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [what, setWhat] = useState('all');
  const [move, setMove] = useState(false);
  const preview = useReading<{ people_moved: number; people_in_the_middle: number }>('/api/rollback', leave);
  const confirm = () => {
    dialog.current?.close();
    void doing.run('/api/rollback', { what, move }, 'Rolled back.', changed);
  };
  return (
    <section class="panel" aria-labelledby="rollback">
      <h2 id="rollback">Rollback</h2>
      <fieldset>
        <legend>What returns to the original set</legend>
        {WAYS.map((way) => (
          <label key={way.what} class="choice">
            <input type="radio" name="what" checked={what === way.what} onChange={() => setWhat(way.what)} />
            {way.label}
          </label>
        ))}
        <label class="choice">
          <input type="checkbox" checked={move} onChange={(event) => setMove(event.currentTarget.checked)} />
          Also move people who have the optimized set
        </label>
      </fieldset>
      <State reading={preview} />
      <button class="danger" disabled={doing.busy || !preview.value} onClick={() => dialog.current?.showModal()}>
        Roll back …
      </button>
      <dialog ref={dialog} aria-labelledby="sure">
        <h2 id="sure">Roll back?</h2>
        {preview.value ? (
          <p>
            {what === 'nurture' ? 'Nurture journeys return to the original set at once.' : 'Everybody new gets the original set at once.'}{' '}
            {move
              ? `${preview.value.people_moved} people are moved to it, ${preview.value.people_in_the_middle} of them in the middle of a journey.`
              : `${preview.value.people_in_the_middle} people in the middle of a journey finish it.`}{' '}
            Nothing is deleted.
          </p>
        ) : null}
        <div class="row">
          <button class="danger" onClick={confirm}>Roll back now</button>
          <button onClick={() => dialog.current?.close()}>Leave it</button>
        </div>
      </dialog>
    </section>
  );
}

export function RolloutPage({ session, leave }: { session: Session; leave: () => void }) {
  const reading = useReading<Rollout>('/api/rollout', leave);
  const doing = useDoing();
  const rollout = reading.value;
  return (
    <>
      <RolloutPanel session={session} reading={reading} />
      <Plan session={session} leave={leave} changed={reading.again} />
      {session.may_act && rollout ? (
        <>
          <section class="panel" aria-labelledby="change">
            <h2 id="change">Change it</h2>
            <Share rollout={rollout} doing={doing} changed={reading.again} />
            <Stages rollout={rollout} doing={doing} changed={reading.again} />
            <Said doing={doing} />
          </section>
          <Rollback doing={doing} changed={reading.again} leave={leave} />
        </>
      ) : null}
    </>
  );
}
