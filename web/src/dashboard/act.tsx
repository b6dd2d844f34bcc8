// A button that does something at the server: busy while it waits, then what came of it, in words.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { post } from './api';

export interface Doing {
  busy: boolean;
  said: string;
  failed: boolean;
  /** Posts; on success says `done` and calls `then`. */
  run: (path: string, body: unknown, done: string, then?: () => void) => Promise<void>;
}

export function useDoing(): Doing {
  const [state, setState] = useState({ busy: false, said: '', failed: false });
  const run: Doing['run'] = async (path, body, done, then) => {
    setState({ busy: true, said: '', failed: false });
    try {
      await post(path, body);
      setState({ busy: false, said: done, failed: false });
      then?.();
    } catch (error) {
      setState({ busy: false, said: (error as Error).message, failed: true });
    }
  };
  return { ...state, run };
}

export function Said({ doing }: { doing: Doing }) {
  return (
    <p class={doing.failed ? 'problem' : 'quiet'} role={doing.failed ? 'alert' : 'status'}>
      {doing.said}
    </p>
  );
}

/** Scrolls by itself where it is wider than the screen, by keyboard too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
