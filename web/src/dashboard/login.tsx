// Who has a key comes in; a wrong one is refused by the server, which also slows down who tries many.
import { useState } from 'preact/hooks';
import { post, Problem, type Session } from './api';

export function Login({ enter }: { enter: (session: Session) => void }) {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      enter(await post<Session>('/api/session', { key }));
    } catch (error) {
      setBusy(false);
      setProblem(error instanceof Problem && error.status === 403 ? 'That key is not valid.' : (error as Error).message);
    }
  };
  return (
    <main class="login">
      <form class="panel" onSubmit={submit}>
        <h1>nudge</h1>
        <label for="key">Key</label>
        <input
          id="key" type="password" autocomplete="current-password" required value={key}
          aria-describedby="key-help" onInput={(event) => setKey(event.currentTarget.value)}
        />
        <p id="key-help" class="quiet">ADMIN_API_KEY to read and act, VIEWER_API_KEY to read, or one of nudge keys.</p>
        {problem ? <p class="problem" role="alert">{problem}</p> : null}
        <button class="main" disabled={busy || key === ''}>Sign in</button>
      </form>
    </main>
  );
}
