/** A list of the API, newest first: its first page asked again and again, older pages when they are wanted, without a hole between them. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { type ApiProblem, fetchJson, type Page, problemOf } from './api.ts';
import { cityNowMs } from './server-clock.ts';
import type { Loaded } from './use-loaded.ts';

/** Items without a hole; `next` leads to older ones. */
export type Known<T> = { readonly items: readonly T[]; readonly next: string | null };

/**
 * What is known after the newest page came again. Where it does not reach what was known before, there are items between them that nobody
 * has: then the older ones are let go.
 */
export function withNewest<T>(known: Known<T> | null, page: Page<T>, keyOf: (item: T) => string): Known<T> {
  const keys = new Set(page.items.map(keyOf));
  const rest = known?.items.filter((item) => !keys.has(keyOf(item))) ?? [];
  const isJoined = known !== null && (rest.length < known.items.length || page.next === null);
  return isJoined ? { items: [...page.items, ...rest], next: rest.length === 0 ? page.next : known.next } : page;
}

/** What is known after a page of older items came. */
export function withOlder<T>(known: Known<T>, page: Page<T>, keyOf: (item: T) => string): Known<T> {
  const keys = new Set(known.items.map(keyOf));
  return { items: [...known.items, ...page.items.filter((item) => !keys.has(keyOf(item)))], next: page.next };
}

export type Pages<T> = Loaded<readonly T[]> & {
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  readonly loadOlder: () => void;
};

type State<T> = { readonly known: Known<T> | null; readonly problem: ApiProblem | null; readonly loadedMs: number | null };

/** `path` ends where parameters may follow; while `isPaused` nothing new is put before what is read. */
export function usePages<T>(
  path: string,
  options: { readonly keyOf: (item: T) => string; readonly limit: number; readonly everyMs: number; readonly isPaused?: boolean },
): Pages<T> {
  const { keyOf, limit, everyMs, isPaused = false } = options;
  const [state, setState] = useState<State<T>>({ known: null, problem: null, loadedMs: null });
  const [isLoadingOlder, setLoadingOlder] = useState(false);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isFirst = true;
    setState({ known: null, problem: null, loadedMs: null });
    const load = async (): Promise<void> => {
      if (isFirst || (!document.hidden && !paused.current)) {
        isFirst = false;
        try {
          const page = await fetchJson<Page<T>>(`${path}limit=${limit}`, stop.signal);
          setState(({ known }) => ({ known: withNewest(known, page, keyOf), problem: null, loadedMs: cityNowMs() }));
        } catch (error) {
          if (stop.signal.aborted) return;
          const problem = problemOf(error);
          setState((before) => ({ ...before, problem }));
        }
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void load(), everyMs);
    };
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, limit, everyMs, keyOf]);
  const next = state.known?.next ?? null;
  const loadOlder = useCallback(() => {
    if (next === null || isLoadingOlder) return;
    setLoadingOlder(true);
    fetchJson<Page<T>>(`${path}limit=${limit}&cursor=${encodeURIComponent(next)}`)
      .then(
        // A page that continues what is no longer known continues nothing.
        (page) =>
          setState((before) =>
            before.known?.next === next ? { ...before, known: withOlder(before.known, page, keyOf) } : before,
          ),
        (error: unknown) => setState((before) => ({ ...before, problem: problemOf(error) })),
      )
      .finally(() => setLoadingOlder(false));
  }, [path, limit, next, isLoadingOlder, keyOf]);
  const { known, problem, loadedMs } = state;
  return { value: known?.items ?? null, problem, loadedMs, hasOlder: next !== null, isLoadingOlder, loadOlder };
}
