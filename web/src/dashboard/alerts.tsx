// Alerts: what needs somebody first, taking it on, keeping it quiet for a while, and what became of them.
import { useState } from 'preact/hooks';
import { Said, useDoing, type Doing } from './act';
import type { Page, Session } from './api';
import { instant, words } from './format';
import { State } from './state';
import { Table } from './table';
import { useReading, type Reading } from './use';

export interface Alert {
  rule: string;
  phase: string;
  since: string | null;
  silenced_until: string | null;
  severity: string;
  owner: string;
  says: string;
  advice: string;
  action: string;
  auto: boolean;
}

export interface Alerts {
  looked_at: string | null;
  firing: number;
  alerts: Alert[];
}

interface Change {
  id: string;
  at: string;
  actor: string;
  rule: string;
  change: string;
  says: string;
  done: string;
}

export const isFiring = (alert: Alert) => alert.phase === 'firing' || alert.phase === 'acknowledged';

function Acts({ alert, session, doing, again }: { alert: Alert; session: Session; doing: Doing; again: () => void }) {
  const path = `/api/alerts/${encodeURIComponent(alert.rule)}`;
  const silence = (time: string, said: string) => doing.run(`${path}/silence`, { for: time }, said, again);
  return (
    <div class="row">
      {alert.phase === 'firing' ? (
        <button class="main" disabled={doing.busy} onClick={() => doing.run(`${path}/acknowledge`, {}, `You are at it: ${words(alert.rule)}.`, again)}>
          I am at it
        </button>
      ) : null}
      {alert.silenced_until ? (
        <>
          <span class="quiet">silent until {instant(alert.silenced_until, session.zone)}</span>
          <button disabled={doing.busy} onClick={() => silence('0s', `${words(alert.rule)} is told again.`)}>Tell again</button>
        </>
      ) : (
        <button disabled={doing.busy} onClick={() => silence('6h', `Nobody is told of ${words(alert.rule)} for six hours.`)}>
          Silent for 6 hours
        </button>
      )}
    </div>
  );
}

function Firing({ reading, session }: { reading: Reading<Alerts>; session: Session }) {
  const doing = useDoing();
  const firing = reading.value?.alerts.filter(isFiring);
  return (
    <section class="panel" aria-labelledby="firing">
      <h2 id="firing">What needs somebody</h2>
      <State reading={reading} />
      <Said doing={doing} />
      {firing && firing.length === 0 ? <p class="empty">Nothing is alarming.</p> : null}
      <ul class="timeline">
        {firing?.map((alert) => (
          <li key={alert.rule} class={alert.severity} data-alert={alert.rule}>
            <p><strong>{words(alert.rule)}</strong> ({alert.severity}, {alert.phase})</p>
            <p>{alert.says}</p>
            <p class="quiet">
              Since {alert.since ? instant(alert.since, session.zone) : 'now'}, for {alert.owner}: {alert.advice}.
            </p>
            {session.may_act ? <Acts alert={alert} session={session} doing={doing} again={reading.again} /> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Rules({ reading, session }: { reading: Reading<Alerts>; session: Session }) {
  const alerts = reading.value?.alerts;
  const looked = reading.value?.looked_at;
  return (
    <section class="panel" aria-labelledby="rules">
      <h2 id="rules">All rules</h2>
      <p class="quiet">{looked ? `Looked at ${instant(looked, session.zone)}.` : 'Nobody has looked yet.'}</p>
      {alerts && alerts.length > 0 ? (
        <Table
          name="alerts" rows={alerts} keyOf={(alert) => alert.rule}
          columns={[
            { title: 'Rule', cell: (alert) => words(alert.rule) },
            { title: 'State', cell: (alert) => alert.phase },
            { title: 'Severity', cell: (alert) => alert.severity },
            { title: 'For', cell: (alert) => alert.owner },
            { title: 'What it says', cell: (alert) => alert.says },
            { title: 'What is done', cell: (alert) => (alert.auto ? `${alert.action}, by itself` : alert.action) },
          ]}
        />
      ) : null}
    </section>
  );
}

function History({ session, leave }: { session: Session; leave: () => void }) {
  const [before, setBefore] = useState<string>();
  const reading = useReading<Page<'history', Change>>(`/api/alerts/history${before ? `?before=${before}` : ''}`, leave);
  const rows = reading.value?.history;
  return (
    <section class="panel" aria-labelledby="history">
      <h2 id="history">What became of them</h2>
      <State reading={reading} />
      {rows && rows.length === 0 ? <p class="empty">Nothing has fired so far.</p> : null}
      {rows && rows.length > 0 ? (
        <Table
          name="alerts’ history" rows={rows} keyOf={(row) => `${row.id} ${row.rule} ${row.change}`}
          columns={[
            { title: 'When', cell: (row) => instant(row.at, session.zone) },
            { title: 'Rule', cell: (row) => words(row.rule) },
            { title: 'Change', cell: (row) => row.change },
            { title: 'Who', cell: (row) => row.actor },
            { title: 'What it said', cell: (row) => row.says },
            { title: 'What was done', cell: (row) => row.done },
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

export function AlertsPage({ session, leave }: { session: Session; leave: () => void }) {
  const reading = useReading<Alerts>('/api/alerts', leave);
  return (
    <>
      <Firing reading={reading} session={session} />
      <Rules reading={reading} session={session} />
      <History session={session} leave={leave} />
    </>
  );
}

/** What the first page says of them. */
export function AlertsPanel({ leave }: { leave: () => void }) {
  const reading = useReading<Alerts>('/api/alerts', leave);
  const firing = reading.value?.alerts.filter(isFiring);
  return (
    <section class="panel" aria-labelledby="alerts">
      <h2 id="alerts">Alerts</h2>
      <State reading={reading} />
      {firing && firing.length === 0 ? <p class="empty">Nothing is alarming.</p> : null}
      <ul class="timeline">
        {firing?.map((alert) => (
          <li key={alert.rule} class={alert.severity} data-alert={alert.rule}>
            <p><a href="#/alerts">{words(alert.rule)}</a> ({alert.severity}, {alert.phase})</p>
            <p>{alert.says}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
