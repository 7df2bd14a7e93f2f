/** Search by any id or hash: whatever has it is shown at once. */

import { type ReactNode, useEffect, useState } from 'react';
import { ApiProblem, fetchJson } from '../api.ts';
import { useLanguage } from '../language.ts';
import { ProblemText } from '../parts/freshness.tsx';
import { addressOf, type Route } from '../route.ts';

const ID = /^[0-9a-f]{64}$/;
/** Where an id may be known, in the order in which it is looked for. */
const PLACES = [
  { path: 'readings', view: 'reading' },
  { path: 'devices', view: 'device' },
  { path: 'transactions', view: 'transaction' },
] as const;

/** Goes to the record that the text names. */
export function SearchView({ text }: { readonly text: string }): ReactNode {
  const { sentences } = useLanguage();
  const [problem, setProblem] = useState<ApiProblem | 'none' | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    setProblem(null);
    find(text.trim().toLowerCase(), stop.signal).then(
      (found) => {
        if (stop.signal.aborted) return;
        if (found === null) setProblem('none');
        else location.replace(addressOf(found));
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setProblem(error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error)));
      },
    );
    return () => stop.abort();
  }, [text]);
  return (
    <>
      <h1>{sentences.searchLabel}</h1>
      {problem === null && <p>{sentences.loading}</p>}
      {problem === 'none' && (
        <p className="problem">
          {sentences.searchNone} {sentences.searchHint}
        </p>
      )}
      {problem instanceof ApiProblem && <ProblemText code={problem.code} message={problem.message} />}
    </>
  );
}

async function find(text: string, signal: AbortSignal): Promise<Route | null> {
  if (/^[0-9]{1,15}$/.test(text)) return { view: 'block', height: Number(text) };
  if (!ID.test(text)) return null;
  for (const { path, view } of PLACES) {
    try {
      await fetchJson(`/api/v1/${path}/${text}`, signal);
      return { view, id: text };
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code === 'UNREACHABLE') throw error;
    }
  }
  return null;
}
