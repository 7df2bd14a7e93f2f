/** What a path of the API says, asked again while the page is looked at. What was known stays when the city cannot be reached. */

import { useEffect, useState } from 'react';
import { type ApiProblem, fetchJson, problemOf } from './api.ts';
import { cityNowMs } from './server-clock.ts';

export type Loaded<T> = {
  /** Null before the first answer. */
  readonly value: T | null;
  readonly problem: ApiProblem | null;
  /** Of the newest answer, by the city's clock. */
  readonly loadedMs: number | null;
};

const NOTHING = { value: null, problem: null, loadedMs: null } as const;

/** Asks at once and then every so many milliseconds, with null only once; and whenever `again` is another number. Null as path asks nothing. */
export function useLoaded<T>(path: string | null, everyMs: number | null = null, again = 0): Loaded<T> {
  const [{ of, loaded }, setLoaded] = useState<{ readonly of: string | null; readonly loaded: Loaded<T> }>({
    of: path,
    loaded: NOTHING,
  });
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A change that came while nobody looks waits until somebody does.
    let isFirst = again === 0;
    const load = async (): Promise<void> => {
      // A page that nobody looks at asks once, and then not again.
      if (isFirst || !document.hidden) {
        isFirst = false;
        try {
          const value = await fetchJson<T>(path, stop.signal);
          setLoaded({ of: path, loaded: { value, problem: null, loadedMs: cityNowMs() } });
        } catch (error) {
          if (stop.signal.aborted) return;
          const problem = problemOf(error);
          setLoaded((before) => ({ of: path, loaded: { ...(before.of === path ? before.loaded : NOTHING), problem } }));
        }
      }
      if (everyMs !== null && !stop.signal.aborted) timer = setTimeout(() => void load(), everyMs);
    };
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, again]);
  // What another path said is not what this one says, not even for one frame.
  return of === path ? loaded : NOTHING;
}
