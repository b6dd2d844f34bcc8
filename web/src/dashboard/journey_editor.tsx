// Changing a journey: checked and drawn as one types, with what becomes of people in the middle; rehearsed beside what
// is in force before it can be applied.
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, Problem } from './api';
import { decimal, signed, words } from './format';
import { JourneyGraph, type Graph } from './journey_graph';
import { Table } from './table';
import type { Mistake, YamlEditor } from './yaml_editor';

export interface Group {
  journey: string;
  version: string;
  step: string;
  people: number;
  fate: string;
  step_after: string;
  why: string;
}

interface Preview {
  mistakes: Mistake[];
  changes: { change: string; kind: string; name: string; version_before: string; version: string }[];
  people: Group[];
  graphs: Record<string, Graph>;
}

/** A share of people; other figures are plain numbers. */
interface Figure {
  percent: number | null;
}

interface Rehearsal {
  users: number;
  days: number;
  note: string;
  sides: { name: string; figures: Record<string, Figure | number | null> }[];
  difference: Record<string, { points: number; low: number; high: number }>;
}

export interface Source {
  name: string;
  yaml: string;
  journey: string;
  revision: string;
}

const TYPING_MS = 400;
const POLICIES = [
  { policy: 'pin', label: 'They finish the version they began with' },
  { policy: 'follow', label: 'They go on by the new one where their step is still there' },
];

/** "3 people", "1 person". */
export const people = (count: number) => `${count} ${count === 1 ? 'person' : 'people'}`;

function fate(group: Group): string {
  const where = `${people(group.people)} at ${words(group.step)} of ${words(group.journey)} ${group.version}`;
  if (group.fate === 'move') {
    return `${where}: on at ${words(group.step_after)} of the new one`;
  }
  return `${where}: ${group.people === 1 ? 'finishes' : 'finish'} as begun${group.why ? ` (${group.why})` : ''}`;
}

function Figures({ rehearsal }: { rehearsal: Rehearsal }) {
  const [now, draft] = rehearsal.sides;
  const share = (figure: Figure | number | null | undefined) =>
    typeof figure === 'object' && figure !== null && figure.percent !== null ? `${decimal(figure.percent)} %` : '–';
  return (
    <>
      <p>
        {rehearsal.users.toLocaleString('en')} made-up people lived through {rehearsal.days} days of both. {rehearsal.note}
      </p>
      <Table
        name="rehearsal" rows={Object.keys(rehearsal.difference)} keyOf={(name) => name}
        columns={[
          { title: 'Figure', cell: words },
          { title: 'In force', figure: true, cell: (name) => share(now!.figures[name]) },
          { title: 'Draft', figure: true, cell: (name) => share(draft!.figures[name]) },
          { title: 'Difference, points', figure: true, cell: (name) => signed(rehearsal.difference[name]!.points) },
          {
            title: 'Likely between', figure: true,
            cell: (name) => `${signed(rehearsal.difference[name]!.low)} and ${signed(rehearsal.difference[name]!.high)}`,
          },
        ]}
      />
    </>
  );
}

/** What the server says about the text, some time after the last key. */
function usePreview(source: Source, text: string, policy: string) {
  const [preview, setPreview] = useState<Preview>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let late = false;
    setPreview(undefined);
    const timer = setTimeout(() => {
      post<Preview>('/api/journeys/preview', { files: [{ name: source.name, yaml: text }], policy })
        .then((answer) => {
          if (!late) {
            setPreview(answer);
            setProblem('');
          }
        })
        .catch((error: unknown) => !late && setProblem(error instanceof Problem ? error.message : String(error)));
    }, TYPING_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [text, policy]);
  return { preview, problem };
}

function useEditor(source: Source, changed: (text: string) => void) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<YamlEditor>();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let gone = false;
    void import('./yaml_editor').then(({ openEditor }) => {
      if (!gone) {
        editor.current = openEditor(place.current!, source.yaml, `Definition of ${words(source.journey)}`, changed);
        setReady(true);
      }
    });
    return () => {
      gone = true;
      editor.current?.free();
    };
  }, []);
  return { place, editor, ready };
}

function Impact({ source, preview }: { source: Source; preview: Preview }) {
  const graph = preview.graphs[source.journey];
  return (
    <>
      {preview.changes.length === 0 ? <p class="quiet" role="status">No mistakes, and nothing differs from what is in force.</p> : (
        <p role="status">
          No mistakes. {preview.changes.map((each) =>
            `${words(each.name)}: ${each.change}${each.version !== each.version_before && each.version_before ? `, ${each.version_before} to ${each.version}` : ''}`).join('; ')}.
        </p>
      )}
      {preview.people.length > 0 ? <ul>{preview.people.map((group) => <li key={fate(group)}>{fate(group)}</li>)}</ul> : null}
      {graph ? <JourneyGraph title={`the draft of ${words(source.journey)}`} graph={graph} /> : null}
    </>
  );
}

export function JourneyEditor({ source, applied }: { source: Source; applied: () => void }) {
  const [text, setText] = useState(source.yaml);
  const [policy, setPolicy] = useState('pin');
  const [rehearsed, setRehearsed] = useState<{ text: string; result: Rehearsal }>();
  const [state, setState] = useState({ busy: '', said: '', failed: false });
  const dialog = useRef<HTMLDialogElement>(null);
  const { place, editor, ready } = useEditor(source, setText);
  const { preview, problem } = usePreview(source, text, policy);
  const files = [{ name: source.name, yaml: text }];
  const changes = preview !== undefined && preview.mistakes.length === 0 && preview.changes.length > 0;
  useEffect(() => editor.current?.mark((preview?.mistakes ?? []).filter((mistake) => mistake.file === source.name)), [preview, ready]);
  const run = async (busy: string, work: () => Promise<string>) => {
    setState({ busy, said: '', failed: false });
    try {
      setState({ busy: '', said: await work(), failed: false });
    } catch (error) {
      setState({ busy: '', said: (error as Error).message, failed: true });
    }
  };
  const rehearse = () => run('Rehearsing …', async () => {
    setRehearsed({ text, result: await post<Rehearsal>('/api/journeys/rehearse', { files }) });
    return 'Rehearsed.';
  });
  const apply = () => {
    dialog.current?.close();
    void run('Applying …', async () => {
      await post('/api/journeys/apply', { files, policy, based_on: source.revision });
      applied();
      return '';
    });
  };
  return (
    <section class="panel wide" aria-labelledby="edit">
      <h2 id="edit">Change it</h2>
      <p class="quiet">{source.name}. The version in force stays as it is until you apply this one. Escape, then Tab leaves the editor.</p>
      <div class="editor" ref={place} />
      {ready ? null : <p class="loading" role="status">Reading …</p>}
      {problem ? <p class="problem" role="alert">{problem}</p> : null}
      {preview && preview.mistakes.length > 0 ? (
        <ul class="problem mistakes" role="alert">
          {preview.mistakes.slice(0, 10).map((mistake) => (
            <li key={`${mistake.file}${mistake.line}:${mistake.column}${mistake.text}`}>
              {mistake.file === source.name ? (
                <button onClick={() => editor.current?.show(mistake)}>Line {mistake.line}</button>
              ) : `${mistake.file}, line ${mistake.line}:`}{' '}
              {mistake.text}
            </li>
          ))}
        </ul>
      ) : null}
      <fieldset>
        <legend>People who are in the middle</legend>
        {POLICIES.map((each) => (
          <label key={each.policy} class="choice">
            <input type="radio" name="policy" checked={policy === each.policy} onChange={() => setPolicy(each.policy)} />
            {each.label}
          </label>
        ))}
      </fieldset>
      {preview && preview.mistakes.length === 0 ? <Impact source={source} preview={preview} /> : null}
      <div class="row">
        <button class="main" disabled={!changes || state.busy !== ''} onClick={rehearse}>Rehearse</button>
        <button disabled={!changes || state.busy !== '' || rehearsed?.text !== text} onClick={() => dialog.current?.showModal()}>Apply …</button>
        <button disabled={state.busy !== '' || text === source.yaml} onClick={() => editor.current?.replace(source.yaml)}>Take it back</button>
      </div>
      <p class={state.failed ? 'problem' : 'quiet'} role={state.failed ? 'alert' : 'status'}>{state.busy || state.said}</p>
      {changes && rehearsed?.text !== text ? <p class="quiet">Rehearse this draft before you apply it.</p> : null}
      {rehearsed?.text === text ? <Figures rehearsal={rehearsed.result} /> : null}
      <dialog ref={dialog} aria-labelledby="apply">
        <h2 id="apply">Put this draft into force?</h2>
        <p>Who enters from now on gets it. {POLICIES.find((each) => each.policy === policy)!.label}.</p>
        <div class="row">
          <button class="main" onClick={apply}>Apply now</button>
          <button onClick={() => dialog.current?.close()}>Leave it</button>
        </div>
      </dialog>
    </section>
  );
}
