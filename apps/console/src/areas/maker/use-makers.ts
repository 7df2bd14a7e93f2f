/** Models and their makers, all of them: who registers a device of a model is the account of its maker. */

import type { ManufacturerJson, ModelJson } from '@oppidum/gateway/api-types';
import { useEffect, useState } from 'react';
import { type ApiProblem, fetchJson, type Page, problemOf } from '../../api.ts';

export type Makers = {
  readonly models: readonly ModelJson[];
  /** By id. */
  readonly manufacturers: ReadonlyMap<string, ManufacturerJson>;
};

type LoadedMakers = { readonly makers: Makers | null; readonly problem: ApiProblem | null };

const PAGE_COUNT = 1_000;
/** More models than anybody chooses from. */
const PAGES_MAX = 20;

/** Asks once; again when `turn` changes. */
export function useMakers(turn = 0): LoadedMakers {
  const [loaded, setLoaded] = useState<LoadedMakers>({ makers: null, problem: null });
  useEffect(() => {
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      const [models, manufacturers] = await Promise.all([
        readAll<ModelJson>(`/api/v1/models`, stop.signal),
        readAll<ManufacturerJson>(`/api/v1/manufacturers`, stop.signal),
      ]);
      if (turn >= 0)
        setLoaded({ makers: { models, manufacturers: new Map(manufacturers.map((each) => [each.id, each])) }, problem: null });
    };
    load().catch((error: unknown) => {
      if (!stop.signal.aborted) setLoaded({ makers: null, problem: problemOf(error) });
    });
    return () => stop.abort();
  }, [turn]);
  return loaded;
}

async function readAll<T>(path: string, signal: AbortSignal): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < PAGES_MAX; i++) {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<T> = await fetchJson<Page<T>>(`${path}?limit=${PAGE_COUNT}${query}`, signal);
    found.push(...page.items);
    cursor = page.next;
    if (cursor === null) break;
  }
  return found;
}
