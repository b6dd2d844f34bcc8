// The dashboard: who has a session sees its pages, everybody else is asked for a key.
import './dashboard.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { choose, look, type Look, LOOKS } from '../shared/look';
import { AlertsPage } from './alerts';
import { post, Problem, read, type Session } from './api';
import { ExperimentsPage } from './experiments';
import { JourneyPage, Journeys } from './journeys';
import { live, onLost } from './live';
import { Login } from './login';
import { Messages } from './messages';
import { Feedback } from './feedback';
import { Behaviour } from './behaviour';
import { Onboarding } from './onboarding';
import { Overview } from './overview';
import { People, Person } from './people';
import { Retention } from './retention';
import { RolloutPage } from './rollout';
import { System } from './system';

const PAGES = [
  { path: '', title: 'Overview' },
  { path: 'onboarding', title: 'Onboarding' },
  { path: 'retention', title: 'Retention' },
  { path: 'behaviour', title: 'Behaviour' },
  { path: 'journeys', title: 'Journeys' },
  { path: 'messages', title: 'Messages' },
  { path: 'people', title: 'People' },
  { path: 'feedback', title: 'Feedback' },
  { path: 'rollout', title: 'Rollout' },
  { path: 'experiments', title: 'Experiments' },
  { path: 'alerts', title: 'Alerts' },
  { path: 'system', title: 'System' },
];

/** What follows "#/" in the address, without what a page keeps after "?": ["people", "742…"]. */
const place = () => location.hash.replace(/^#\/?/, '').replace(/\?.*/, '').split('/');

function Content({ at, ...props }: { at: string[]; session: Session; leave: () => void }) {
  switch (at[0]) {
    case 'onboarding':
      return <Onboarding {...props} />;
    case 'behaviour':
      return <Behaviour {...props} />;
    case 'retention':
      return <Retention {...props} />;
    case 'feedback':
      return <Feedback {...props} />;
    case 'journeys':
      return at[1] ? <JourneyPage key={at[1]} name={at[1]} {...props} /> : <Journeys {...props} />;
    case 'messages':
      return <Messages {...props} />;
    case 'people':
      return at[1] ? <Person key={at[1]} id={at[1]} {...props} /> : <People {...props} />;
    case 'rollout':
      return <RolloutPage {...props} />;
    case 'experiments':
      return <ExperimentsPage {...props} />;
    case 'alerts':
      return <AlertsPage {...props} />;
    case 'system':
      return <System {...props} />;
    default:
      return <Overview {...props} />;
  }
}

const LOOK_TITLES: Record<Look, string> = { system: 'as the system', light: 'light', dark: 'dark', contrast: 'high contrast' };

function LookChoice() {
  const [chosen, setChosen] = useState(look);
  const change = (event: { currentTarget: HTMLSelectElement }) => {
    choose(event.currentTarget.value as Look);
    setChosen(look());
  };
  return (
    <select aria-label="Colours" value={chosen} onChange={change}>
      {LOOKS.map((each) => <option key={each} value={each}>{LOOK_TITLES[each]}</option>)}
    </select>
  );
}

function Frame({ session, leave }: { session: Session; leave: () => void }) {
  const [at, setAt] = useState(place);
  useEffect(() => {
    const moved = () => setAt(place());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  const page = PAGES.find((each) => each.path === at[0]) ?? PAGES[0]!;
  useEffect(() => {
    document.title = `${page.title} – nudge`;
  }, [page]);
  const [lost, setLost] = useState(false);
  useEffect(() => onLost(setLost), []);
  useEffect(live, []);
  const toContent = (event: Event) => {
    event.preventDefault(); // the address says which page it is
    document.getElementById('content')?.focus();
  };
  const signOut = () => post('/api/session/end', {}).finally(leave);
  return (
    <>
      <a class="skip" href="#content" onClick={toContent}>To the content</a>
      <header class="head">
        <h1>nudge</h1>
        <nav aria-label="Pages">
          {PAGES.map((each) => (
            <a key={each.path} href={`#/${each.path}`} aria-current={each === page ? 'page' : undefined}>
              {each.title}
            </a>
          ))}
        </nav>
        <p class="who">
          {session.actor.replace(/^key:/, '')}
          {session.may_act ? '' : ' (reads only)'}
        </p>
        <LookChoice />
        <button onClick={signOut}>Sign out</button>
      </header>
      <p class={lost ? 'lost' : 'said'} role="status">
        {lost ? 'The connection to the server is lost. What stands here may be old; this page keeps trying.' : ''}
      </p>
      <main id="content" tabIndex={-1}>
        <Content at={at} session={session} leave={leave} />
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
