// Journeys: those in force; one as a drawing with what went through it, who waits where, and its definition.
import { useState } from 'preact/hooks';
import type { Session } from './api';
import { words } from './format';
import { JourneyEditor, people, type Group, type Source } from './journey_editor';
import { JourneyGraph, type Graph } from './journey_graph';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Line {
  name: string;
  version: string;
  set: string;
  class: string;
  steps: number;
  enters: string;
  people: number;
}

interface Journey extends Graph {
  definition: { version: string; set: string; enters: string; steps: { id: string; name?: string; message?: Record<string, string> }[] };
  file: { name: string; yaml: string };
  revision: string;
  runs: Record<string, number>;
  people: Group[];
}

export function Journeys({ leave }: { leave: () => void }) {
  const reading = useReading<{ journeys: Line[] }>('/api/journeys', leave);
  const list = reading.value?.journeys;
  return (
    <section class="panel" aria-labelledby="journeys">
      <h2 id="journeys">Journeys in force</h2>
      <State reading={reading} />
      {list && list.length === 0 ? <p class="empty">There are none: put some into force with nudge journeys apply.</p> : null}
      {list && list.length > 0 ? (
        <Table
          name="journeys" rows={list} keyOf={(line) => line.name}
          columns={[
            { title: 'Journey', cell: (line) => <a href={`#/journeys/${line.name}`}>{words(line.name)}</a>, text: (line) => line.name },
            { title: 'Version', cell: (line) => line.version },
            { title: 'Set', cell: (line) => line.set },
            { title: 'Steps', figure: true, cell: (line) => line.steps },
            { title: 'In the middle', figure: true, cell: (line) => line.people },
            { title: 'Enters', cell: (line) => line.enters },
          ]}
        />
      ) : null}
    </section>
  );
}

const OUTCOMES = ['entered', 'active', 'completed', 'left', 'abandoned', 'expired', 'rolled_back', 'stopped'];

function Runs({ runs }: { runs: Record<string, number> }) {
  return (
    <dl class="inline">
      {OUTCOMES.filter((outcome) => (runs[outcome] ?? 0) > 0 || outcome === 'entered' || outcome === 'active').map((outcome) => (
        <div key={outcome}>
          <dt>{words(outcome)}</dt>
          <dd data-runs={outcome}>{runs[outcome]}</dd>
        </div>
      ))}
    </dl>
  );
}

function Waiting({ groups }: { groups: Group[] }) {
  if (groups.length === 0) {
    return <p class="empty">Nobody is in the middle of it.</p>;
  }
  return (
    <Table
      name="who waits" rows={groups} narrow keyOf={(group) => `${group.version} ${group.step} ${group.fate}`}
      columns={[
        { title: 'Step', cell: (group) => words(group.step) || 'a step that is no more' },
        { title: 'Version', cell: (group) => `${group.version}${group.fate === 'current' ? '' : ', an older one'}` },
        { title: 'People', figure: true, cell: (group) => group.people },
      ]}
    />
  );
}

export function JourneyPage({ name, session, leave }: { name: string; session: Session; leave: () => void }) {
  const reading = useReading<Journey>(`/api/journeys/${encodeURIComponent(name)}`, leave);
  // What the editor began with: it keeps what is typed when others change what is in force.
  const [source, setSource] = useState<Source>();
  const [said, setSaid] = useState('');
  const journey = reading.value;
  const edit = () => {
    setSaid('');
    setSource({ ...journey!.file, journey: name, revision: journey!.revision });
  };
  const applied = () => {
    setSource(undefined);
    setSaid('The draft is in force.');
    reading.again();
  };
  const waiting = journey?.people.reduce((sum, group) => sum + group.people, 0) ?? 0;
  return (
    <>
      <section class="panel wide" aria-labelledby="journey">
        <h2 id="journey">{words(name)} {journey?.definition.version}</h2>
        <State reading={reading} />
        {journey ? (
          <>
            <p class="quiet">Set {journey.definition.set}. Enters {journey.definition.enters}. {people(waiting)} in the middle of it.</p>
            <Runs runs={journey.runs} />
            <JourneyGraph title={words(name)} graph={journey} />
          </>
        ) : null}
      </section>
      {journey ? (
        <section class="panel wide" aria-labelledby="waiting">
          <h2 id="waiting">Who waits where</h2>
          <Waiting groups={journey.people} />
        </section>
      ) : null}
      <p class="quiet" role="status">{said}</p>
      {source ? <JourneyEditor source={source} applied={applied} /> : null}
      {journey && !source ? (
        <section class="panel wide" aria-labelledby="definition">
          <h2 id="definition">Definition</h2>
          {session.may_act ? <button class="main" onClick={edit}>Change it …</button> : null}
          <pre class="scroll" tabIndex={0} aria-label={`The file ${journey.file.name}`}>{journey.file.yaml}</pre>
        </section>
      ) : null}
      <p><a href="#/journeys">All journeys</a></p>
    </>
  );
}
