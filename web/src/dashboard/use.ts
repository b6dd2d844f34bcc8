// Reading from the API for a component: what came last, what went wrong; again when the server says so, and now and
// then.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Problem, read } from './api';
import { onChange } from './live';

export interface Reading<T> {
  value?: T;
  problem?: Problem;
  again: () => void;
}

const AGAIN_MS = 30_000;

export function useReading<T>(path: string, onLeave: () => void): Reading<T> {
  const [value, setValue] = useState<T>();
  const [problem, setProblem] = useState<Problem>();
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((before) => before + 1), []);
  useEffect(() => {
    const stop = new AbortController();
    read<T>(path, stop.signal)
      .then((answer) => {
        if (!stop.signal.aborted) {
          setValue(answer);
          setProblem(undefined);
        }
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) {
          return;
        }
        const met = error instanceof Problem ? error : new Problem(0, String(error));
        if (met.status === 401) {
          onLeave();
        }
        setProblem(met);
      });
    const timer = setTimeout(again, AGAIN_MS);
    const forget = onChange(again);
    return () => {
      stop.abort();
      clearTimeout(timer);
      forget();
    };
  }, [path, round]);
  return { value, problem, again };
}
