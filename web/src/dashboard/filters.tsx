// Which people a page is about. The choice stands in the address, so that a link keeps it.
import { useReading } from './use';

const SETS = ['original', 'optimized'];
const KEYS = ['cohort', 'language', 'source', 'set', 'variant'];

/** What the address says after "?", of the names that the API knows. */
export function chosen(): URLSearchParams {
  const said = new URLSearchParams(location.hash.split('?')[1] ?? '');
  return new URLSearchParams([...said].filter(([key, value]) => KEYS.includes(key) && value !== ''));
}

/** As a query for the API, without what it does not take. */
export function query(without: string[] = []): string {
  const params = chosen();
  without.forEach((key) => params.delete(key));
  const text = params.toString();
  return text && `?${text}`;
}

function choose(key: string, value: string) {
  const params = chosen();
  if (value) {
    params.set(key, value);
  } else {
    params.delete(key);
  }
  const text = params.toString();
  location.hash = location.hash.split('?')[0] + (text && `?${text}`);
}

function Text({ name, label }: { name: string; label: string }) {
  return (
    <label class="field">
      {label}
      <input value={chosen().get(name) ?? ''} onChange={(event) => choose(name, event.currentTarget.value.trim())} />
    </label>
  );
}

function Choice({ name, label, values }: { name: string; label: string; values: string[] }) {
  const value = chosen().get(name) ?? '';
  return (
    <label class="field">
      {label}
      <select value={value} onChange={(event) => choose(name, event.currentTarget.value)}>
        <option value="">any</option>
        {(values.includes(value) || !value ? values : [...values, value]).map((each) => (
          <option key={each} value={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

function Joined() {
  const [from = '', to = ''] = (chosen().get('cohort') ?? '').split('..');
  const set = (begin: string, end: string) => choose('cohort', begin || end ? `${begin}..${end}` : '');
  return (
    <>
      <label class="field">
        Joined from
        <input type="date" value={from} onChange={(event) => set(event.currentTarget.value, to)} />
      </label>
      <label class="field">
        before
        <input type="date" value={to} onChange={(event) => set(from, event.currentTarget.value)} />
      </label>
    </>
  );
}

function Variant({ leave }: { leave: () => void }) {
  const reading = useReading<{ experiments: { name: string; variants: { id: string }[] }[] }>('/api/experiments', leave);
  const values = reading.value?.experiments.flatMap((each) => each.variants.map(({ id }) => `${each.name}=${id}`));
  return <Choice name="variant" label="Variant" values={[...new Set(values)]} />;
}

/** variants: the page has something of those who have one. */
export function Filters({ leave, variants }: { leave: () => void; variants?: boolean }) {
  return (
    <form class="panel filters" aria-label="Which people" onSubmit={(event) => event.preventDefault()}>
      <Joined />
      <Choice name="set" label="Set" values={SETS} />
      <Text name="language" label="Language" />
      <Text name="source" label="Source" />
      {variants ? <Variant leave={leave} /> : null}
    </form>
  );
}
