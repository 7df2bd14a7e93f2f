/** What a path of the API says, asked again while the page is looked at. What was known stays when the city cannot be reached. */

import { useEffect, useState } from 'react';
import { ApiProblem, fetchJson } from './api.ts';

export type Loaded<T> = {
  /** Null before the first answer. */
  readonly value: T | null;
  readonly problem: ApiProblem | null;
  /** Of the newest answer, by the clock of this browser. */
  readonly loadedMs: number | null;
};

/** Asks at once and then every so many milliseconds; with null only once. Null as path asks nothing. */
export function useLoaded<T>(path: string | null, everyMs: number | null = null): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ value: null, problem: null, loadedMs: null });
  useEffect(() => {
    setLoaded({ value: null, problem: null, loadedMs: null });
    if (path === null) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const value = await fetchJson<T>(path, stop.signal);
          setLoaded({ value, problem: null, loadedMs: Date.now() });
        } catch (error) {
          if (stop.signal.aborted) return;
          const problem = error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error));
          setLoaded((before) => ({ ...before, problem }));
        }
      }
      if (everyMs !== null && !stop.signal.aborted) timer = setTimeout(() => void load(), everyMs);
    };
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return loaded;
}
