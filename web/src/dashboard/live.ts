// The server says when something changed. Everybody who shows something reads it again then, but no more than every few
// seconds, since figures of many people cost the server a while. Without the stream pages read by the clock (use.ts).
//
// A browser keeps six connections to a server, for all tabs together: they share one stream. The tab that holds a lock
// has it and tells the others; when it closes, the next in line gets the lock. Browsers give locks to secure pages only
// (https, or this machine): elsewhere there is no stream.
const NAME = 'nudge-live';
const APART_MS = 5_000;
const [AGAIN_MS, AGAIN_MOST_MS] = [1_000, 60_000];
/** Whose turn came so long after asking has it from another tab: something may have been missed between. */
const TURN_MS = 1_000;

type News = 'changed' | 'lost' | 'found' | 'asks';

const listeners = new Set<() => void>();
const watchers = new Set<(lost: boolean) => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let lastAt = 0;

function tellAll() {
  timer = undefined;
  lastAt = Date.now();
  listeners.forEach((listener) => listener());
}

function hear(news: News) {
  if (news === 'changed' || news === 'found') {
    timer ??= setTimeout(tellAll, Math.max(0, lastAt + APART_MS - Date.now()));
  }
  if (news === 'lost' || news === 'found') {
    watchers.forEach((watcher) => watcher(news === 'lost'));
  }
}

/** Keeps the stream open and says what it says, until told to stop. What a broken stream missed is read anew. */
function listen(say: (news: News) => void, channel: BroadcastChannel): () => void {
  let stream: EventSource;
  let again: ReturnType<typeof setTimeout> | undefined;
  let wait = AGAIN_MS;
  let lost = false;
  const open = () => {
    stream = new EventSource('/api/live');
    stream.addEventListener('changed', () => say('changed'));
    stream.onopen = () => {
      wait = AGAIN_MS;
      if (lost) {
        lost = false;
        say('found');
      }
    };
    stream.onerror = () => {
      lost = true;
      say('lost');
      if (stream.readyState === EventSource.CLOSED) {
        again = setTimeout(open, wait); // refused: the browser itself does not try again
        wait = Math.min(2 * wait, AGAIN_MOST_MS);
      }
    };
  };
  channel.addEventListener('message', ({ data }: MessageEvent<News>) => data === 'asks' && lost && say('lost'));
  open();
  return () => {
    clearTimeout(again);
    stream.close();
  };
}

/** Has a part in the stream; answers how to leave it. */
export function live(): () => void {
  if (!navigator.locks) {
    return () => undefined;
  }
  const channel = new BroadcastChannel(NAME);
  const say = (news: News) => {
    channel.postMessage(news);
    hear(news);
  };
  channel.addEventListener('message', ({ data }: MessageEvent<News>) => hear(data));
  channel.postMessage('asks');
  const waits = new AbortController();
  let release = () => undefined as void;
  const askedAt = Date.now();
  const held = new Promise<void>((resolve) => (release = resolve));
  navigator.locks
    .request(NAME, { signal: waits.signal }, async () => {
      const stop = listen(say, channel);
      if (Date.now() - askedAt > TURN_MS) {
        say('changed');
      }
      await held;
      stop();
    })
    .catch(() => undefined) // left before it was this tab's turn
    .finally(() => channel.close());
  return () => {
    waits.abort();
    release();
    clearTimeout(timer);
    timer = undefined;
  };
}

export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Is told whether the connection is lost. */
export function onLost(watcher: (lost: boolean) => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
