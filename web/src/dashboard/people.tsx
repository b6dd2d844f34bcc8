// People: finding one, what is known and was done, every decision with its reasons, and what an operator may do.
import { useState } from 'preact/hooks';
import { Said, useDoing, Wide } from './act';
import type { Page, Session } from './api';
import { when, words } from './format';
import { State } from './state';
import { useReading } from './use';

interface Line {
  id: string;
  first_name: string;
  joined_at_ms: number;
  channel: string;
  journey_set: string;
  commitments_total: number;
  commitments_completed: number;
  activity_last_at_ms: number;
}

interface Card extends Line {
  stopped: number;
  paused_until_ms: number;
  crisis_hold: number;
  runs: { id: string; journey: string; outcome: string; step: number; entered_at_ms: number }[];
  commitments: { id: string; state: string; text: string; created_at_ms: number }[];
}

interface Decision {
  id?: string;
  at_ms?: number;
  what?: string;
  sentences?: string[];
  verdict?: string;
}

export function People({ session, leave }: { session: Session; leave: () => void }) {
  const [typed, setTyped] = useState('');
  const [wanted, setWanted] = useState('');
  const [condition, setCondition] = useState('');
  const [where, setWhere] = useState('');
  const [before, setBefore] = useState<string>();
  const query = new URLSearchParams({ ...(where ? { where } : wanted && { q: wanted }), ...(before && { before }) });
  const reading = useReading<Page<'people', Line> & { looked?: number }>(`/api/people?${query}`, leave);
  const list = reading.value?.people;
  const search = (event: Event) => {
    event.preventDefault();
    setBefore(undefined);
    setWhere('');
    setCondition('');
    setWanted(typed.trim());
  };
  const filter = (event: Event) => {
    event.preventDefault();
    setBefore(undefined);
    setWanted('');
    setTyped('');
    setWhere(condition.trim());
  };
  const more = reading.value?.next;
  return (
    <section class="panel" aria-labelledby="people">
      <h2 id="people">People</h2>
      <form class="row" role="search" onSubmit={search}>
        <label for="search">Name, id, or telegram:ID</label>
        <input id="search" type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        <button class="main">Search</button>
      </form>
      <form class="row" onSubmit={filter}>
        <label for="where">Or of whom this holds</label>
        <input
          id="where" class="long" value={condition} spellcheck={false} aria-describedby="where-help"
          onInput={(event) => setCondition(event.currentTarget.value)}
        />
        <button>Show</button>
        <span id="where-help" class="quiet">such as commitments_total &gt;= 3 and days_since_activity &gt; 7</span>
      </form>
      <State reading={reading} />
      {list && list.length === 0 ? (
        <p class="empty">{where && more ? `Nobody among the ${reading.value?.looked ?? 0} people looked at.` : 'Nobody is known so.'}</p>
      ) : null}
      {list && list.length > 0 ? (
        <Wide label="Table of people">
          <table>
            <thead>
              <tr>
                {['Name', 'Joined', 'Set', 'Channel', 'Done of made', 'Last active'].map((title) => (
                  <th key={title} scope="col">{title}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.map((person) => (
                <tr key={person.id}>
                  <th scope="row"><a href={`#/people/${person.id}`}>{person.first_name || 'no name'}</a></th>
                  <td>{when(person.joined_at_ms, session.zone)}</td>
                  <td>{person.journey_set}</td>
                  <td>{person.channel}</td>
                  <td>{person.commitments_completed} of {person.commitments_total}</td>
                  <td>{when(person.activity_last_at_ms, session.zone) || 'never'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      ) : null}
      <div class="row">
        {before ? <button onClick={() => setBefore(undefined)}>Newest</button> : null}
        {more ? <button onClick={() => setBefore(more)}>{where ? 'Look further' : 'Older'}</button> : null}
      </div>
    </section>
  );
}

function holds(card: Card, session: Session): string {
  return [
    card.stopped ? 'Gets no messages: stopped.' : '',
    card.paused_until_ms > 0 ? `Paused until ${when(card.paused_until_ms, session.zone)}.` : '',
    card.crisis_hold ? 'Held after words of crisis.' : '',
  ].filter(Boolean).join(' ');
}

function Actions({ card, changed }: { card: Card; changed: () => void }) {
  const doing = useDoing();
  const [text, setText] = useState('');
  const path = `/api/people/${card.id}`;
  const reply = (event: Event) => {
    event.preventDefault();
    void doing.run(`${path}/reply`, { text }, 'Sent.', () => {
      setText('');
      changed();
    });
  };
  return (
    <>
      <form onSubmit={reply}>
        <label for="reply">Write to {card.first_name || 'the person'}</label>
        <textarea id="reply" rows={3} required value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <div class="row">
          <button class="main" disabled={doing.busy || text.trim() === ''}>Send</button>
          <button type="button" disabled={doing.busy} onClick={() => doing.run(`${path}/pause`, { days: 7 }, 'Paused for seven days.', changed)}>
            Pause for 7 days
          </button>
          <button type="button" disabled={doing.busy} onClick={() => doing.run(`${path}/stop`, {}, 'Stopped.', changed)}>
            Stop
          </button>
          <button type="button" disabled={doing.busy} onClick={() => doing.run(`${path}/resume`, {}, 'Messages go on.', changed)}>
            Resume
          </button>
        </div>
      </form>
      <Said doing={doing} />
    </>
  );
}

function Timeline({ id, session, leave }: { id: string; session: Session; leave: () => void }) {
  const reading = useReading<{ decisions: Decision[] }>(`/api/people/${id}/explain`, leave);
  const decisions = reading.value?.decisions.slice().reverse();
  return (
    <section class="panel" aria-labelledby="timeline">
      <h2 id="timeline">What happened and why</h2>
      <State reading={reading} />
      {decisions && decisions.length === 0 ? <p class="empty">Nothing was decided in the last 30 days.</p> : null}
      <ol class="timeline">
        {decisions?.map((decision, index) => (
          <li key={decision.id ?? index}>
            <p class="quiet">{when(decision.at_ms ?? 0, session.zone)}</p>
            <p><strong>{decision.what}</strong></p>
            {decision.sentences?.map((sentence, line) => <p key={line}>{sentence}</p>)}
            {decision.verdict === 'different' ? <p class="problem">By today&#8217;s rules it would come out differently.</p> : null}
          </li>
        ))}
      </ol>
    </section>
  );
}

export function Person({ id, session, leave }: { id: string; session: Session; leave: () => void }) {
  const reading = useReading<Card>(`/api/people/${id}`, leave);
  const card = reading.value;
  return (
    <>
      <p><a href="#/people">All people</a></p>
      <section class="panel" aria-labelledby="person">
        <h2 id="person">{card ? card.first_name || 'no name' : 'Person'}</h2>
        <State reading={reading} />
        {card ? (
          <>
            <p class="quiet">
              Joined {when(card.joined_at_ms, session.zone)}, {card.journey_set} set, by {card.channel};{' '}
              {card.commitments_completed} of {card.commitments_total} commitments done.
            </p>
            <p>{holds(card, session)}</p>
            <ul>
              {card.runs.map((run) => (
                <li key={run.id}>
                  {words(run.journey)}, step {run.step}: {run.outcome}, since {when(run.entered_at_ms, session.zone)}
                </li>
              ))}
              {card.commitments.map((made) => (
                <li key={made.id}>“{made.text}”: {made.state}</li>
              ))}
            </ul>
            {session.may_act ? <Actions card={card} changed={reading.again} /> : null}
          </>
        ) : null}
      </section>
      <Timeline id={id} session={session} leave={leave} />
    </>
  );
}
