// What people said and how they rated, the newest first, and an answer to them.
import { useState } from 'preact/hooks';
import { Said, useDoing } from './act';
import type { Page, Session } from './api';
import { when } from './format';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Line {
  id: string;
  user_id: string;
  first_name: string;
  at_ms: number;
  text: string;
  rating: number;
  is_problem: number;
}

const RATINGS: Record<string, string> = { '1': 'helpful', '-1': 'not helpful' };
const nameOf = (line: Line) => line.first_name || 'no name';

function Answer({ to, done }: { to: Line; done: () => void }) {
  const doing = useDoing();
  const [text, setText] = useState('');
  const send = (event: Event) => {
    event.preventDefault();
    void doing.run(`/api/people/${to.user_id}/reply`, { text }, `Sent to ${nameOf(to)}.`, () => setText(''));
  };
  return (
    <form onSubmit={send} data-answer={to.id}>
      <label for="answer">Write to {nameOf(to)}{to.text ? `, who said “${to.text}”` : ''}</label>
      <textarea id="answer" rows={3} required value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <div class="row">
        <button class="main" disabled={doing.busy || text.trim() === ''}>Send</button>
        <button type="button" onClick={done}>Close</button>
      </div>
      <Said doing={doing} />
    </form>
  );
}

export function Feedback({ session, leave }: { session: Session; leave: () => void }) {
  const [before, setBefore] = useState<string>();
  const [to, setTo] = useState<Line>();
  const reading = useReading<Page<'feedback', Line>>(`/api/feedback${before ? `?before=${before}` : ''}`, leave);
  const list = reading.value?.feedback;
  return (
    <section class="panel" aria-labelledby="feedback">
      <h2 id="feedback">Feedback</h2>
      {to ? <Answer key={to.id} to={to} done={() => setTo(undefined)} /> : null}
      <State reading={reading} />
      {list && list.length === 0 ? <p class="empty">Nobody has said anything yet.</p> : null}
      {list && list.length > 0 ? (
        <Table
          name="feedback" rows={list} keyOf={(line) => line.id}
          columns={[
            { title: 'When', cell: (line) => when(line.at_ms, session.zone) },
            {
              title: 'Who', text: nameOf,
              cell: (line) => <a href={`#/people/${line.user_id}`}>{nameOf(line)}</a>,
            },
            { title: 'What they said', cell: (line) => line.text },
            { title: 'Rating', cell: (line) => RATINGS[line.rating] ?? '' },
            { title: 'Problem', cell: (line) => (line.is_problem ? 'yes' : '') },
            ...(session.may_act
              ? [{
                  title: 'Answer', text: () => '',
                  cell: (line: Line) => (
                    <button class="small" onClick={() => setTo(line)}>Answer<span class="said"> {nameOf(line)}</span></button>
                  ),
                }]
              : []),
          ]}
        />
      ) : null}
      <div class="row">
        {before ? <button onClick={() => setBefore(undefined)}>Newest</button> : null}
        {reading.value?.next ? <button onClick={() => setBefore(reading.value?.next ?? undefined)}>Older</button> : null}
      </div>
    </section>
  );
}
