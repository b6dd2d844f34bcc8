// The dashboard: who has a session sees its pages, everybody else is asked for a key.
import './dashboard.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { post, Problem, read, type Session } from './api';
import { Login } from './login';
import { Overview } from './overview';

function Frame({ session, leave }: { session: Session; leave: () => void }) {
  const signOut = () => post('/api/session/end', {}).finally(leave);
  return (
    <>
      <a class="skip" href="#content">To the content</a>
      <header class="head">
        <h1>nudge</h1>
        <p class="who">
          {session.actor.replace(/^key:/, '')}
          {session.may_act ? '' : ' (reads only)'}
        </p>
        <button onClick={signOut}>Sign out</button>
      </header>
      <main id="content" tabIndex={-1}>
        <Overview session={session} leave={leave} />
      </main>
    </>
  );
}

function Dashboard() {
  const [session, setSession] = useState<Session | null>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    read<Session>('/api/session')
      .then(setSession)
      .catch((error: unknown) => {
        if (error instanceof Problem && error.status === 401) {
          setSession(null);
        } else {
          setProblem((error as Error).message);
        }
      });
  }, []);
  if (session) {
    return <Frame session={session} leave={() => setSession(null)} />;
  }
  if (session === null) {
    return <Login enter={setSession} />;
  }
  return (
    <main class="login">
      {problem ? <p class="problem" role="alert">{problem}</p> : <p role="status">One moment …</p>}
    </main>
  );
}

render(<Dashboard />, document.getElementById('app')!);
