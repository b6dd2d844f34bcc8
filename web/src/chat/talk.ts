// Talking to the server: the session, history, sending, and the event stream.
export interface Button {
  text: string;
  token: string;
  url?: string;
}
export interface Message {
  id: string;
  at_ms: number;
  mine: boolean;
  text?: string;
  html?: string;
  picture?: string;
  picture_alt?: string;
  buttons?: Button[];
  failed?: boolean;
}
export interface Session {
  demo: boolean;
}
export interface Events {
  message(message: Message): void;
  edit(id: string, html: string, buttons: Button[]): void;
  tap(text: string): void;
  file(name: string): void;
  connected(open: boolean): void;
}

const inFrame = window.self !== window.top;
const storageKey = 'nudge-session';

/** A browser may deny storage to frames of other sites: then the session lasts as long as the page. */
function remembered(): string {
  try {
    return localStorage.getItem(storageKey) ?? '';
  } catch {
    return '';
  }
}

function remember(token: string) {
  try {
    localStorage.setItem(storageKey, token);
  } catch {
    // Nothing to do: see remembered().
  }
}

let session = inFrame ? remembered() : '';

async function call(path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = session ? { 'X-Chat-Session': session } : {};
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  return fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export async function openSession(): Promise<Session> {
  const answer = await call('/chat/session', { frame: inFrame });
  if (!answer.ok) {
    throw new Error(`session: ${answer.status}`);
  }
  const opened = (await answer.json()) as Session & { session?: string };
  if (opened.session) {
    session = opened.session;
    remember(session);
  }
  return opened;
}

/** Where the conversation goes on in Telegram, as the person whose session it is; '' when nowhere. */
export async function telegramLink(): Promise<string> {
  try {
    const answer = await call('/chat/link');
    return answer.ok ? ((await answer.json()) as { url: string }).url : '';
  } catch {
    return '';
  }
}

export interface History {
  messages: Message[];
  now_ms: number;
}

export async function readHistory(): Promise<History> {
  const answer = await call('/chat/messages');
  if (!answer.ok) {
    throw new Error(`history: ${answer.status}`);
  }
  return (await answer.json()) as History;
}

/** The visitor's own data; null when it cannot be had now. */
export async function readExport(): Promise<Blob | null> {
  try {
    const answer = await call('/chat/export');
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null;
  }
}

export interface Outgoing {
  id: string;
  text?: string;
  token?: string;
  message_id?: string;
}

/** The HTTP status; 0 when the server was not reached. The same id again is taken only once. */
export async function send(message: Outgoing): Promise<number> {
  try {
    return (await call('/chat/messages', message)).status;
  } catch {
    return 0;
  }
}

const REFUSED_MS = 15_000;

/** Events as they come. The browser itself comes back when a connection breaks, but not when one is refused. */
export function listen(events: Events): () => void {
  const path = session ? `/chat/events?session=${encodeURIComponent(session)}` : '/chat/events';
  let source: EventSource;
  let again = 0;
  const open = () => {
    source = new EventSource(path);
    const on = <T,>(name: string, take: (data: T) => void) =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T));
    source.onopen = () => events.connected(true);
    source.onerror = () => {
      events.connected(false);
      if (source.readyState === EventSource.CLOSED) again = window.setTimeout(open, REFUSED_MS);
    };
    on<Message>('message', (data) => events.message({ ...data, mine: false }));
    on<{ message_id: string; html: string; buttons: Button[] }>('edit', (data) =>
      events.edit(data.message_id, data.html, data.buttons),
    );
    on<{ text: string }>('tap', (data) => events.tap(data.text));
    on<{ name: string }>('file', (data) => events.file(data.name));
  };
  open();
  return () => {
    window.clearTimeout(again);
    source.close();
  };
}
