// Messages, the newest first: what became of each, and another try for those that were given up.
import { useState } from 'preact/hooks';
import { Said, useDoing, Wide } from './act';
import type { Page, Session } from './api';
import { when, words } from './format';
import { State } from './state';
import { useReading } from './use';

export interface Delivery {
  id: string;
  user_id: string;
  sequence_type: string;
  step: string;
  class: string;
  channel: string;
  state: string;
  reason: string;
  created_at_ms: number;
  sent_at_ms: number;
  next_at_ms: number;
}

const STATES = [
  'scheduled', 'sending', 'uncertain', 'sent', 'delivered', 'opened', 'clicked', 'suppressed', 'expired', 'failed',
  'dead',
];

export function Messages({ session, leave }: { session: Session; leave: () => void }) {
  const [state, setState] = useState('');
  const [before, setBefore] = useState<string>();
  const query = new URLSearchParams({ ...(state && { state }), ...(before && { before }) });
  const reading = useReading<Page<'deliveries', Delivery>>(`/api/deliveries?${query}`, leave);
  const doing = useDoing();
  const list = reading.value?.deliveries;
  const choose = (chosen: string) => {
    setBefore(undefined);
    setState(chosen);
  };
  return (
    <section class="panel" aria-labelledby="messages">
      <h2 id="messages">Messages</h2>
      <div class="row">
        <label for="state">State</label>
        <select id="state" value={state} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">any</option>
          {STATES.map((name) => (
            <option key={name} value={name}>{name}</option>
          ))}
        </select>
        {session.may_act ? (
          <button
            disabled={doing.busy}
            onClick={() => doing.run('/api/deliveries/retry', { all: true }, 'They are tried again.', reading.again)}
          >
            Try all dead and failed again
          </button>
        ) : null}
      </div>
      <Said doing={doing} />
      <State reading={reading} />
      {list && list.length === 0 ? <p class="empty">There are no such messages.</p> : null}
      {list && list.length > 0 ? (
        <Wide label="Table of messages">
          <table>
            <thead>
              <tr>
                {['Made', 'Message', 'Person', 'Channel', 'State', 'Sent'].map((title) => (
                  <th key={title} scope="col">{title}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <tr key={one.id}>
                  <td>{when(one.created_at_ms, session.zone)}</td>
                  <td>{words(one.sequence_type || one.class)} {words(one.step)}</td>
                  <td><a href={`#/people/${one.user_id}`}>…{one.user_id.slice(-5)}</a></td>
                  <td>{one.channel}</td>
                  <td>
                    {one.state}
                    {one.reason ? ` (${words(one.reason)})` : ''}
                    {session.may_act && (one.state === 'dead' || one.state === 'failed') ? (
                      <button
                        class="small" disabled={doing.busy}
                        onClick={() => doing.run('/api/deliveries/retry', { id: one.id }, 'It is tried again.', reading.again)}
                      >
                        Try again
                      </button>
                    ) : null}
                  </td>
                  <td>{when(one.sent_at_ms, session.zone)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      ) : null}
      <div class="row">
        {before ? <button onClick={() => setBefore(undefined)}>Newest</button> : null}
        {reading.value?.next ? <button onClick={() => setBefore(reading.value?.next ?? undefined)}>Older</button> : null}
      </div>
    </section>
  );
}
