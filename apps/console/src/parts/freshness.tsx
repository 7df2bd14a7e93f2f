/** How old what is shown is, and why nothing newer came. Screens never pretend to be live. */

import { plainText } from '@oppidum/pages/plain-text';
import { type ReactNode, useEffect, useReducer } from 'react';
import { fill, useLanguage } from '../language.ts';
import { cityNowMs } from '../server-clock.ts';
import type { Loaded } from '../use-loaded.ts';
import { formatTime } from './format.ts';

/** An answer older than this is called old. */
const STALE_MS = 10_000;

/** The stale-time stamp of live data, and its problem if there is one. */
export function Freshness({ of }: { readonly of: Loaded<unknown> }): ReactNode {
  const { sentences, tag } = useLanguage();
  const nowMs = useNow();
  const { loadedMs, problem } = of;
  const isStale = loadedMs !== null && nowMs - loadedMs > STALE_MS;
  const stamp = loadedMs === null ? null : fill(isStale ? sentences.stale : sentences.asOf, { time: formatTime(loadedMs, tag) });
  return (
    <div className="freshness" role="status">
      {stamp !== null && <span className={isStale ? 'stale' : ''}>{stamp}</span>}
      {problem !== null && <ProblemText code={problem.code} message={problem.message} isKnown={loadedMs !== null} />}
      {loadedMs === null && problem === null && <span>{sentences.loading}</span>}
    </div>
  );
}

/** Why there is no answer, with its code. `isKnown`: what was known before is shown. */
export function ProblemText(props: { readonly code: string; readonly message: string; readonly isKnown?: boolean }): ReactNode {
  const { code, message, isKnown = true } = props;
  const { sentences } = useLanguage();
  if (code === 'UNREACHABLE') return <p className="problem">{isKnown ? sentences.unreachable : sentences.unreachableYet}</p>;
  if (code === 'NOT_ANCHORED') return <p className="problem">{sentences.notAnchored}</p>;
  if (code === 'UNREADABLE') return <p className="problem">{sentences.unreadable}</p>;
  return (
    <p className="problem">
      {fill(sentences.failed, { reason: '' })}
      <span lang="en">
        <bdi>{plainText(message)}</bdi> (<code>{plainText(code)}</code>)
      </span>
    </p>
  );
}

/** Read whenever something is shown: the first answer may have said that this machine's clock is wrong by hours. */
function useNow(): number {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, []);
  return cityNowMs();
}
