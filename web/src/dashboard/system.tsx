// The installation itself: whether it is well, what waits to be sent and when that will be out.
import { useState } from 'preact/hooks';
import { Said, useDoing } from './act';
import type { Session } from './api';
import { words } from './format';
import { PreflightPanel } from './preflight';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Health {
  status: string;
  version: string;
  commit: string;
  tzdata: string;
  backlog_age_ms: number;
  queue_count: number;
}

interface Forecast {
  lines: { channel: string; priority: string; messages: number; waits_most_s: number; out_after_s: number }[];
  decisions: number;
}

/** Seconds as people say them. */
const span = (seconds: number) => {
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

function HealthPanel({ leave }: { leave: () => void }) {
  const reading = useReading<Health>('/healthz', leave);
  const health = reading.value;
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">Health</h2>
      <State reading={reading} />
      {health ? (
        <dl data-health={health.status}>
          <dt>State</dt>
          <dd>{health.status === 'ok' ? 'well' : health.status}</dd>
          <dt>The oldest that is due waits</dt>
          <dd>{span(health.backlog_age_ms / 1000)}</dd>
          <dt>Inputs in the queue</dt>
          <dd>{health.queue_count}</dd>
          <dt>Version</dt>
          <dd>{health.version} ({health.commit})</dd>
          <dt>Time zones</dt>
          <dd>{health.tzdata}</dd>
        </dl>
      ) : null}
    </section>
  );
}

function ForecastPanel({ leave }: { leave: () => void }) {
  const reading = useReading<Forecast>('/api/forecast', leave);
  const forecast = reading.value;
  return (
    <section class="panel" aria-labelledby="forecast">
      <h2 id="forecast">Due within a day</h2>
      <State reading={reading} />
      {forecast ? (
        <p class="quiet">{forecast.decisions} decisions are due, too; each may make messages that nobody knows of yet.</p>
      ) : null}
      {forecast && forecast.lines.length === 0 ? <p class="empty">No message waits.</p> : null}
      {forecast && forecast.lines.length > 0 ? (
        <Table
          name="forecast" rows={forecast.lines} keyOf={(line) => `${line.channel} ${line.priority}`}
          columns={[
            { title: 'Channel', cell: (line) => line.channel },
            { title: 'Priority', cell: (line) => words(line.priority) },
            { title: 'Messages', figure: true, cell: (line) => line.messages },
            { title: 'Waits at most', figure: true, cell: (line) => span(line.waits_most_s) },
            { title: 'All out after', figure: true, cell: (line) => span(line.out_after_s) },
          ]}
        />
      ) : null}
    </section>
  );
}

const MODES = [
  { mode: 'on', label: 'Messages go out' },
  { mode: 'off', label: 'Only replies go out' },
  { mode: 'dry-run', label: 'Nothing goes out' },
];

function Sending({ session, leave }: { session: Session; leave: () => void }) {
  const reading = useReading<{ mode: string }>('/api/sending', leave);
  const doing = useDoing();
  const [chosen, setChosen] = useState<string>();
  const now = reading.value?.mode;
  return (
    <section class="panel" aria-labelledby="sending">
      <h2 id="sending">Sending</h2>
      <State reading={reading} />
      {now ? <p class="lead" data-sending={now}>{MODES.find((each) => each.mode === now)?.label ?? now}.</p> : null}
      {session.may_act && now ? (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            void doing.run('/api/sending', { mode: chosen ?? now }, 'Set.', reading.again);
          }}
        >
          <label for="mode">Mode</label>
          <select id="mode" value={chosen ?? now} onChange={(event) => setChosen(event.currentTarget.value)}>
            {MODES.map((each) => (
              <option key={each.mode} value={each.mode}>{each.label}</option>
            ))}
          </select>
          <button disabled={doing.busy || (chosen ?? now) === now}>Set</button>
        </form>
      ) : null}
      <Said doing={doing} />
    </section>
  );
}

export function System({ session, leave }: { session: Session; leave: () => void }) {
  return (
    <div class="panels">
      <HealthPanel leave={leave} />
      <Sending session={session} leave={leave} />
      <ForecastPanel leave={leave} />
      <PreflightPanel session={session} leave={leave} />
    </div>
  );
}
