/** This browser's key and its standing on the ledger, for views; also when another tab changes them. */

import { useCallback, useEffect, useState } from 'react';
import { ApiProblem } from '../../api.ts';
import { type KeptAccount, type KeptKey, KeyError, type KeyTrouble, readKey, watchKeys } from './key-store.ts';
import { loadStanding, type Standing } from './standing.ts';

/** What is not on the ledger yet is looked for again: its block is about to be made. */
const LOOK_AGAIN_MS = 2_000;
const LOOKS_MAX = 10;

export type KeyLoaded =
  | { readonly at: 'loading' }
  | { readonly at: 'trouble'; readonly trouble: KeyTrouble }
  | { readonly at: 'ready'; readonly key: KeptKey | null };

/** The key for the city with this genesis hash (hex). */
export function useKey(genesis: string): KeyLoaded {
  const [loaded, setLoaded] = useState<KeyLoaded>({ at: 'loading' });
  useEffect(() => {
    let isGone = false;
    const load = (): void => {
      readKey(genesis).then(
        (key) => {
          if (!isGone) setLoaded({ at: 'ready', key });
        },
        (error: unknown) => {
          if (!isGone) setLoaded({ at: 'trouble', trouble: error instanceof KeyError ? error.trouble : 'blocked' });
        },
      );
    };
    load();
    const stop = watchKeys(load);
    return () => {
      isGone = true;
      stop();
    };
  }, [genesis]);
  return loaded;
}

export type StandingLoaded = {
  readonly standing: Standing | null;
  readonly problem: ApiProblem | null;
  readonly look: () => void;
};

/** What the ledger says of the key at this place, looked up when it is first shown and when asked. */
export function useStanding(key: KeptKey, account: KeptAccount): StandingLoaded {
  const [loaded, setLoaded] = useState<Omit<StandingLoaded, 'look'>>({ standing: null, problem: null });
  const [lookCount, setLookCount] = useState(0);
  const { id, keyNumber } = account;
  useEffect(() => {
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    loadStanding(key, { id, keyNumber }).then(
      (standing) => {
        if (isGone) return;
        setLoaded({ standing, problem: null });
        if (standing.state === 'absent' && lookCount < LOOKS_MAX)
          timer = setTimeout(() => setLookCount(lookCount + 1), LOOK_AGAIN_MS);
      },
      (error: unknown) => {
        const problem = error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error));
        if (!isGone) setLoaded((before) => ({ ...before, problem }));
      },
    );
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [key, id, keyNumber, lookCount]);
  const look = useCallback(() => setLookCount((count) => count + 1), []);
  return { ...loaded, look };
}
