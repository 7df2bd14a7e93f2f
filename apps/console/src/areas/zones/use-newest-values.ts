/** The newest value of each of some series, as the city shows them, asked again while the page is looked at. */

import type { LatestPageJson, SampleJson } from '@oppidum/gateway/api/readings';
import { useEffect, useState } from 'react';
import { type ApiProblem, fetchJson, problemOf } from '../../api.ts';
import { askAgain } from '../../ask-again.ts';
import { cityNowMs } from '../../server-clock.ts';
import type { Loaded } from '../../use-loaded.ts';

const EVERY_MS = 5_000;
/** A device may have had a series in several shards. */
const LIMIT = 10;

/** `paths`: of `/api/v1/readings/latest`, behind its question mark; null beside one of which there is no value. */
export function useNewestValues(paths: readonly string[]): Loaded<readonly (SampleJson | null)[]> {
  const [loaded, setLoaded] = useState<Loaded<readonly (SampleJson | null)[]>>({ value: null, problem: null, loadedMs: null });
  const asked = paths.join(' ');
  useEffect(() => {
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const pages = await Promise.all(
          asked
            .split(' ')
            .map((path) => fetchJson<LatestPageJson>(`/api/v1/readings/latest?${path}&limit=${LIMIT}`, stop.signal)),
        );
        setLoaded({ value: pages.map(({ items }) => newestOf(items)), problem: null, loadedMs: cityNowMs() });
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem: ApiProblem = problemOf(error);
        setLoaded((before) => ({ ...before, problem }));
      }
    };
    const end = askAgain(load, EVERY_MS, document);
    return () => {
      end();
      stop.abort();
    };
  }, [asked]);
  return loaded;
}

function newestOf(samples: readonly SampleJson[]): SampleJson | null {
  return samples.reduce<SampleJson | null>(
    (newest, each) => (newest === null || each.timeMs > newest.timeMs ? each : newest),
    null,
  );
}
