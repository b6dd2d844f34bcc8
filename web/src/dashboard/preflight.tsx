// Go or no-go: everything that has to be so before real people are written to, looked at when somebody asks.
import { useState } from 'preact/hooks';
import { Said, useDoing } from './act';
import { Problem, read } from './api';
import type { Session } from './api';
import { when } from './format';
import { Table } from './table';

interface Check {
  name: string;
  state: 'pass' | 'fail' | 'not checked' | 'note';
  says: string;
  mend: string;
}

interface Preflight {
  go: boolean;
  at_ms: number;
  checks: Check[];
}

const SIGNED = [
  { item: 'team-briefed', means: 'the team knows what is sent to whom, and who answers people' },
  { item: 'tests-green', means: 'all tests passed for this build' },
];

const verdict = ({ go, checks }: Preflight) => {
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  return `${go ? 'GO' : 'NO-GO'}: ${count('pass')} passed, ${count('fail')} failed, ${count('not checked')} not checked`;
};

function Sign({ again }: { again: () => void }) {
  const doing = useDoing();
  const [item, setItem] = useState(SIGNED[0]!.item);
  const [by, setBy] = useState('');
  return (
    <>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void doing.run('/api/preflight/confirm', { item, by }, 'Signed.', again);
        }}
      >
        <label for="sign">Sign that</label>
        <select id="sign" value={item} onChange={(event) => setItem(event.currentTarget.value)}>
          {SIGNED.map((each) => (
            <option key={each.item} value={each.item}>{each.means}</option>
          ))}
        </select>
        <label for="signer">Your name</label>
        <input id="signer" required maxLength={64} autocomplete="name" value={by} onInput={(event) => setBy(event.currentTarget.value)} />
        <button disabled={doing.busy}>Sign</button>
      </form>
      <Said doing={doing} />
    </>
  );
}

function Drill({ again }: { again: () => void }) {
  const doing = useDoing();
  return (
    <div class="row">
      <button
        disabled={doing.busy}
        onClick={() => void doing.run('/api/preflight/drill', {}, 'Tried; what came of it stands above.', again)}
      >
        {doing.busy ? 'Trying …' : 'Try a rollback with a made-up person'}
      </button>
      <Said doing={doing} />
    </div>
  );
}

export function PreflightPanel({ session, leave }: { session: Session; leave: () => void }) {
  const [found, setFound] = useState<Preflight>();
  const [state, setState] = useState({ busy: false, problem: '' });
  const look = async () => {
    setState({ busy: true, problem: '' });
    try {
      setFound(await read<Preflight>('/api/preflight'));
      setState({ busy: false, problem: '' });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        leave();
      }
      setState({ busy: false, problem: (error as Error).message });
    }
  };
  return (
    <section class="panel wide" aria-labelledby="preflight">
      <h2 id="preflight">Go or no-go</h2>
      <p class="quiet">Before real people are written to, and before each stage: asks the database and the providers, sends nothing.</p>
      <div class="row">
        <button class="main" disabled={state.busy} onClick={() => void look()}>{state.busy ? 'Looking …' : 'Look now'}</button>
      </div>
      {state.problem ? <p class="problem" role="alert">{state.problem}</p> : null}
      <div role="status">
        {found ? <p class="lead" data-preflight={found.go ? 'go' : 'no-go'}>{verdict(found)} ({when(found.at_ms, session.zone)})</p> : null}
      </div>
      {found ? (
        <Table
          name="preflight" rows={found.checks} keyOf={(check) => check.name}
          columns={[
            { title: 'What', cell: (check) => check.name },
            { title: 'State', cell: (check) => <strong data-state={check.state}>{check.state}</strong>, text: (check) => check.state },
            { title: 'Found', cell: (check) => check.says },
            { title: 'Mend it by', cell: (check) => check.mend },
          ]}
        />
      ) : null}
      {session.may_act && found ? <><Drill again={() => void look()} /><Sign again={() => void look()} /></> : null}
    </section>
  );
}
