// The server says when something changed. Everybody who shows something reads it again then, but no more than every few
// seconds, since figures of many people cost the server a while. Without the stream pages read by the clock (use.ts).
const APART_MS = 5_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let lastAt = 0;

function tellAll() {
  timer = undefined;
  lastAt = Date.now();
  listeners.forEach((listener) => listener());
}

/** Opens the stream; answers how to close it. The browser itself opens it anew when it breaks. */
export function live(): () => void {
  const stream = new EventSource('/api/live');
  stream.addEventListener('changed', () => {
    timer ??= setTimeout(tellAll, Math.max(0, lastAt + APART_MS - Date.now()));
  });
  return () => {
    stream.close();
    clearTimeout(timer);
    timer = undefined;
  };
}

export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
