// The plan's targets of this week, those treated beside the control group, and the verdicts.
import { decimal, instant, words } from './format';
import type { Session } from './api';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Rate {
  n: number;
  value: number;
  low: number;
  high: number;
}

interface Target {
  metric: string;
  state: string;
  treated: Rate | null;
  control: Rate | null;
  due: number | null;
  success: number | null;
}

export interface Line {
  metric: string;
  test: string;
  state: string;
  value: number | null;
  n: number | null;
  bound?: number;
  compared?: number | null;
  with?: string;
}

interface Verdict {
  name: string;
  due_at: string;
  is_due: boolean;
  state: string;
  lines: Line[];
}

interface Kpis {
  started_at: string | null;
  week?: number;
  treated_people?: number;
  control_people?: number;
  targets?: Target[];
  verdicts?: Verdict[];
}

const number = (value: number | null | undefined) => (typeof value === 'number' ? decimal(value) : '–');
const rate = (of: Rate | null) => (of ? `${decimal(of.value)} % (${decimal(of.low)} – ${decimal(of.high)}, of ${of.n})` : '–');

/** "above 40", "rises, against 12.5 of the control group" */
export const expected = (line: Line) =>
  line.bound !== undefined
    ? `${words(line.test)} ${line.bound}`
    : typeof line.compared === 'number'
      ? `${line.test}, against ${decimal(line.compared)} of ${line.with}`
      : line.test;

export function Targets({ session, leave }: { session: Session; leave: () => void }) {
  const reading = useReading<Kpis>('/api/kpis', leave);
  const kpis = reading.value;
  return (
    <section class="panel wide" aria-labelledby="targets">
      <h2 id="targets">Targets{kpis?.week ? ` of week ${kpis.week}` : ''}</h2>
      <State reading={reading} />
      {kpis && kpis.started_at === null ? <p class="empty">The rollout has not begun, so there is nothing to judge yet.</p> : null}
      {kpis?.targets ? (
        <>
          <p class="quiet">
            {kpis.treated_people} people with the optimized set, {kpis.control_people} in the control group at the same time.
          </p>
          <Table
            name="targets" rows={kpis.targets} keyOf={(target) => target.metric}
            columns={[
              { title: 'Figure', cell: (target) => words(target.metric) },
              { title: 'Treated (95 %)', figure: true, cell: (target) => rate(target.treated) },
              { title: 'Control (95 %)', figure: true, cell: (target) => rate(target.control) },
              { title: 'This week', figure: true, cell: (target) => number(target.due) },
              { title: 'Goal', figure: true, cell: (target) => number(target.success) },
              { title: 'State', cell: (target) => target.state },
            ]}
          />
        </>
      ) : null}
      {kpis?.verdicts?.map((verdict) => (
        <details key={verdict.name} data-verdict={verdict.name}>
          <summary>
            {words(verdict.name)}: {verdict.state}
            {verdict.is_due ? '' : `, due ${instant(verdict.due_at, session.zone)}`}
          </summary>
          <ul>
            {verdict.lines.map((line) => (
              <li key={line.metric}>
                {words(line.metric)} {expected(line)}: is {number(line.value)}, {line.state}
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}
