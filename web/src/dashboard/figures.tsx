// Figures of the API as cards: the value, its interval, of how many, and the plan's target.
import type { Metrics } from './api';
import { decimal, signed } from './format';
import { State } from './state';
import { useReading } from './use';

export interface Figure {
  name: string;
  title: string;
  unit: string;
  /** Said below the figure: of what it is. */
  of: (metrics: Metrics) => string;
}

const number = (metrics: Metrics, name: string) => {
  const value = metrics[name];
  return typeof value === 'number' ? value : undefined;
};

function Card({ figure, metrics }: { figure: Figure; metrics: Metrics }) {
  const value = number(metrics, figure.name);
  const low = number(metrics, `${figure.name}_low`);
  const high = number(metrics, `${figure.name}_high`);
  const n = number(metrics, `${figure.name}_n`);
  const target = metrics.targets[figure.name];
  return (
    <article class="card" data-figure={figure.name}>
      <h3>{figure.title}</h3>
      <p class="value">
        {value === undefined ? '–' : decimal(value)}
        {value === undefined ? null : <small> {figure.unit}</small>}
      </p>
      <p class="of">{figure.of(metrics)}</p>
      {low !== undefined && high !== undefined ? (
        <p class="interval">
          95 %: {decimal(low)} – {decimal(high)}
          {n !== undefined && n < 10 ? ', few people' : ''}
        </p>
      ) : null}
      {target ? (
        <p class="target">
          Target {target.target} %
          {target.baseline !== null && target.gained !== null && target.factor !== null
            ? `: ${signed(target.gained)} points, ${decimal(target.factor)} × since ${target.baseline} %`
            : ''}
        </p>
      ) : null}
    </article>
  );
}

/** What keeps a card's place until its figure comes, so that nothing below moves then. */
function Coming({ figure }: { figure: Figure }) {
  return (
    <div class="card" aria-hidden="true">
      <h3>{figure.title}</h3>
    </div>
  );
}

/** query: which people, as the API takes it: "?set=…" or ''. */
export function Figures({ leave, figures, query = '' }: { leave: () => void; figures: Figure[]; query?: string }) {
  const reading = useReading<Metrics>(`/api/metrics${query}`, leave);
  const metrics = reading.value;
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">Figures</h2>
      <State reading={reading} />
      {metrics && metrics.total_users === 0 ? (
        <p class="empty">
          {query ? 'There are no such people.' : 'Nobody has joined yet. The first person who writes to the bot appears here.'}
        </p>
      ) : null}
      {(metrics ? metrics.total_users !== 0 : !reading.problem) ? (
        <div class="cards">
          {figures.map((figure) =>
            metrics ? <Card key={figure.name} figure={figure} metrics={metrics} /> : <Coming key={figure.name} figure={figure} />,
          )}
        </div>
      ) : null}
    </section>
  );
}
