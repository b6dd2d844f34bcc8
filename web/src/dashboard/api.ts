// Calls of the API and what they answer (docs/reference/api.md). A failure is thrown as a Problem.
export interface Session {
  actor: string;
  may_act: boolean;
  demo: boolean;
  zone: string;
  /** By which people can come: telegram, webchat, email. */
  channels: string[];
}

export interface Target {
  baseline: number | null;
  target: number;
  gained: number | null;
  factor: number | null;
}

/** Every figure by its name; rates have NAME_n, NAME_low and NAME_high beside them. */
export interface Metrics {
  now: string;
  targets: Record<string, Target>;
  [name: string]: unknown;
}

export interface Stage {
  stage: string;
  people: number;
  share_of_joined: number | null;
  share_of_joined_low: number | null;
  share_of_joined_high: number | null;
  share_of_previous: number | null;
  share_of_previous_low: number | null;
  share_of_previous_high: number | null;
}

export interface Rollout {
  name: string;
  share: number;
  started_at: string | null;
  rolled_back_entries: boolean;
  rolled_back_nurture: boolean;
  held: boolean;
  existing_rescue: boolean;
  existing_amplification: boolean;
  people_original: number;
  people_optimized: number;
}

export interface NextAction {
  opportunity: string;
  recommendation: string;
  why: string;
  expected_effect: string;
  how: string;
}

/** A page of a list: `next` is what to give as "before", null at the end. */
export type Page<Key extends string, Item> = { [key in Key]: Item[] } & { next: string | null };

export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: 'same-origin', ...init });
  } catch {
    throw new Problem(0, 'The server does not answer.');
  }
  const body: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = (body as { detail?: string }).detail;
    throw new Problem(answer.status, detail ?? `The server answered ${answer.status}.`);
  }
  return body as T;
}

export const read = <T>(path: string, signal?: AbortSignal) => call<T>(path, { signal });

export const post = <T>(path: string, body: unknown) =>
  call<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
