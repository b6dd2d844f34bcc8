// Experiments on messages: what each has shown, how sure that is, and starting, ending, shipping it.
import { useRef, useState } from 'preact/hooks';
import { Said, useDoing, type Doing } from './act';
import type { Session } from './api';
import { decimal, signed, when, words } from './format';
import { Intervals } from './intervals';
import { OverTime } from './over_time';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Effect {
  difference: number | null;
  low: number | null;
  high: number | null;
  found: boolean;
}

interface Variant {
  id: string;
  weight: number;
  exposed?: number;
  people?: number;
  mean?: number | null;
  probability_best?: number | null;
  expected_loss?: number | null;
  effect?: Effect;
  guardrails?: Record<string, { mean: number | null; effect?: Effect }>;
}

interface Experiment {
  name: string;
  state: string;
  journey?: string;
  step?: string;
  shipped?: string;
  metric?: string;
  started_at_ms?: number;
  variants: Variant[];
}

interface Shown extends Experiment {
  is_share: boolean;
  people: number;
  min_people: number;
  allocation: string;
  floor?: number;
  phase?: number;
  split_p: number | null;
  verdict: string;
  text: string;
}

interface Holdout {
  holdout: number;
  held_out: number;
  others: number;
  text: string;
  figures: (Effect & { figure: string; is_share: boolean; held_out: number | null; others: number | null })[];
}

const share = (value: number | null | undefined) => (typeof value === 'number' ? `${decimal(value * 100)} %` : '–');

/** A mean or a difference: percent and points of shares, else the amount. */
const mean = (is_share: boolean, value: number | null | undefined) =>
  typeof value !== 'number' ? '–' : is_share ? share(value) : decimal(value);
const range = (is_share: boolean, effect: Effect | undefined) => {
  if (!effect || typeof effect.low !== 'number' || typeof effect.high !== 'number') {
    return '–';
  }
  const factor = is_share ? 100 : 1;
  return `${signed(effect.low * factor)} to ${signed(effect.high * factor)}${is_share ? ' points' : ''}`;
};

function Figures({ shown }: { shown: Shown }) {
  const guards = Object.keys(shown.variants[0]?.guardrails ?? {});
  const factor = shown.is_share ? 100 : 1;
  const rows = shown.variants
    .filter((variant) => typeof variant.effect?.low === 'number' && typeof variant.effect.high === 'number')
    .map((variant) => ({
      name: variant.id, low: variant.effect!.low! * factor, high: variant.effect!.high! * factor,
      value: (variant.effect!.difference ?? 0) * factor,
    }));
  return (
    <>
      {rows.length > 0 ? <Intervals rows={rows} zero={shown.variants[0]!.id} unit={shown.is_share ? 'points' : ''} /> : null}
      <Table
        name={shown.name} rows={shown.variants} keyOf={(variant) => variant.id}
        columns={[
          { title: 'Variant', cell: (variant) => variant.id },
          { title: 'Share', figure: true, cell: (variant) => share(variant.weight) },
          { title: 'Saw it', figure: true, cell: (variant) => variant.exposed ?? 0 },
          { title: 'Judged', figure: true, cell: (variant) => variant.people ?? 0 },
          { title: words(shown.metric ?? 'metric'), figure: true, cell: (variant) => mean(shown.is_share, variant.mean) },
          { title: 'Difference', figure: true, cell: (variant) => range(shown.is_share, variant.effect) },
          { title: 'Best, chance', figure: true, cell: (variant) => share(variant.probability_best) },
          { title: 'Expected loss', figure: true, cell: (variant) => mean(shown.is_share, variant.expected_loss) },
          ...guards.map((guard) => ({
            title: words(guard), figure: true, cell: (variant: Variant) => share(variant.guardrails?.[guard]?.mean),
          })),
        ]}
      />
    </>
  );
}

function End({ shown, doing, changed }: { shown: Shown; doing: Doing; changed: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState(shown.variants[0]!.id);
  const path = `/api/experiments/${encodeURIComponent(shown.name)}`;
  const ship = () => {
    dialog.current?.close();
    void doing.run(`${path}/ship`, { variant: chosen }, `Everybody gets ${chosen}.`, changed);
  };
  return (
    <div class="row">
      <label for={`ship-${shown.name}`}>Variant</label>
      <select id={`ship-${shown.name}`} value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
        {shown.variants.map((variant) => (
          <option key={variant.id} value={variant.id}>{variant.id}</option>
        ))}
      </select>
      <button class="main" disabled={doing.busy} onClick={() => dialog.current?.showModal()}>Ship …</button>
      {shown.state === 'running' ? (
        <button
          class="danger" disabled={doing.busy}
          onClick={() => doing.run(`${path}/stop`, {}, `Stopped: everybody gets ${shown.variants[0]!.id}.`, changed)}
        >
          Stop
        </button>
      ) : null}
      <dialog ref={dialog} aria-labelledby={`sure-${shown.name}`}>
        <h2 id={`sure-${shown.name}`}>Ship {chosen}?</h2>
        <p>{shown.text} From now on everybody but the holdout gets “{chosen}”.</p>
        <div class="row">
          <button class="main" onClick={ship}>Ship {chosen} now</button>
          <button onClick={() => dialog.current?.close()}>Leave it</button>
        </div>
      </dialog>
    </div>
  );
}

function Started({ name, session, leave }: { name: string; session: Session; leave: () => void }) {
  const reading = useReading<Shown>(`/api/experiments/${encodeURIComponent(name)}`, leave);
  const doing = useDoing();
  const shown = reading.value;
  return (
    <section class="panel" aria-labelledby={`of-${name}`} data-experiment={name}>
      <h2 id={`of-${name}`}>{words(name)}</h2>
      <State reading={reading} />
      {shown ? (
        <>
          <p class="lead">{shown.text}</p>
          <p class="quiet">
            {shown.state === 'shipped' ? `Shipped: ${shown.shipped}` : words(shown.state)}, since{' '}
            {when(shown.started_at_ms ?? 0, session.zone)}. {shown.people} of {shown.min_people} people are judged.
            {typeof shown.split_p === 'number' && shown.split_p <= 0.01
              ? ' People are not split as planned: the figures mean nothing.'
              : ' People are split as planned.'}
            {shown.allocation === 'thompson'
              ? ` Weights follow what was seen, none below ${share(shown.floor)}: phase ${shown.phase}.`
              : ''}
          </p>
          <Figures shown={shown} />
          <OverTime name={name} session={session} leave={leave} />
          <Said doing={doing} />
          {session.may_act ? <End shown={shown} doing={doing} changed={reading.again} /> : null}
        </>
      ) : null}
    </section>
  );
}

function NotStarted({ one, session, changed }: { one: Experiment; session: Session; changed: () => void }) {
  const doing = useDoing();
  return (
    <section class="panel" aria-labelledby={`of-${one.name}`} data-experiment={one.name}>
      <h2 id={`of-${one.name}`}>{words(one.name)}</h2>
      <p>
        Not started. The step {words(one.step ?? '')} of {words(one.journey ?? '')} has the variants{' '}
        {one.variants.map((variant) => variant.id).join(', ')}; until it starts everybody gets the first.
      </p>
      <Said doing={doing} />
      {session.may_act ? (
        <button
          class="main" disabled={doing.busy}
          onClick={() => doing.run(`/api/experiments/${encodeURIComponent(one.name)}/start`, {}, 'Started.', changed)}
        >
          Start
        </button>
      ) : null}
    </section>
  );
}

function HoldoutPanel({ leave }: { leave: () => void }) {
  const reading = useReading<Holdout>('/api/holdout', leave);
  const holdout = reading.value;
  return (
    <section class="panel" aria-labelledby="holdout">
      <h2 id="holdout">Holdout</h2>
      <State reading={reading} />
      {holdout ? <p class="lead">{holdout.text}</p> : null}
      {holdout && holdout.holdout > 0 ? (
        <Table
          name="holdout" rows={holdout.figures} keyOf={(row) => row.figure}
          columns={[
            { title: 'Figure', cell: (row) => words(row.figure) },
            { title: 'Held out', figure: true, cell: (row) => mean(row.is_share, row.held_out) },
            { title: 'All others', figure: true, cell: (row) => mean(row.is_share, row.others) },
            { title: 'Difference', figure: true, cell: (row) => range(row.is_share, row) },
          ]}
        />
      ) : null}
    </section>
  );
}

export function ExperimentsPage({ session, leave }: { session: Session; leave: () => void }) {
  const reading = useReading<{ experiments: Experiment[] }>('/api/experiments', leave);
  const list = reading.value?.experiments;
  return (
    <>
      <State reading={reading} />
      {list && list.length === 0 ? <p class="empty">No step has variants. Give one some in its journey: see “variants”.</p> : null}
      {list?.map((one) =>
        one.state === 'not started' ? (
          <NotStarted key={one.name} one={one} session={session} changed={reading.again} />
        ) : (
          <Started key={one.name} name={one.name} session={session} leave={leave} />
        ),
      )}
      <HoldoutPanel leave={leave} />
    </>
  );
}
