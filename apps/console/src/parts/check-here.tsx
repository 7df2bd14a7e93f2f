/** The button that proves what is shown, in this browser, and the badge that is green for nothing else. */

import { type ReactNode, useEffect, useState } from 'react';
import { type ApiProblem, problemOf } from '../api.ts';
import { type Check, checkEvidence } from '../check-evidence.ts';
import { useLanguage } from '../language.ts';
import { onPinned, pinnedPolicy } from '../pinned-policy.ts';
import { addressOf } from '../route.ts';
import type { Shown } from '../shown-facts.ts';
import { certificateAddress } from './certificate-links.tsx';
import { CheckAnswer } from './check-answer.tsx';
import { ProblemText } from './freshness.tsx';

type State =
  | { readonly at: 'idle' | 'checking' | 'untrusting' }
  | { readonly at: 'done'; readonly check: Check }
  | { readonly at: 'failed'; readonly problem: ApiProblem };

/** Checks the reading or transaction with this id when asked to; `shown` is what the page shows of it, null where it shows nothing. */
export function CheckHere({ id, shown }: { readonly id: string; readonly shown: Shown | null }): ReactNode {
  const { sentences } = useLanguage();
  const [state, setState] = useState<State>({ at: 'idle' });
  useEffect(() => onPinned(() => setState({ at: 'idle' })), []);
  const run = async (): Promise<void> => {
    const pinned = pinnedPolicy();
    if (pinned === null) return setState({ at: 'untrusting' });
    setState({ at: 'checking' });
    try {
      const check = await checkEvidence({ by: 'id', id }, pinned);
      // What was believed when it was asked may be believed no longer.
      setState(pinnedPolicy()?.text === pinned.text ? { at: 'done', check } : { at: 'idle' });
    } catch (error) {
      setState({ at: 'failed', problem: problemOf(error) });
    }
  };
  return (
    <section className="card" aria-live="polite">
      <h3>{sentences.checkHere}</h3>
      <p className="hint">{sentences.checkExplain}</p>
      <p className="actions">
        <button type="button" onClick={() => void run()} disabled={state.at === 'checking'}>
          {state.at === 'checking' ? sentences.checking : sentences.checkHere}
        </button>
        <a href={`/api/v1/evidence/${id}`} download={`${id.slice(0, 12)}.evidence`}>
          {sentences.saveEvidence}
        </a>
        <a href={certificateAddress({ by: 'id', id })}>{sentences.certificate}</a>
        <a href="/verify">{sentences.openVerifier}</a>
      </p>
      {state.at === 'idle' && <span className="state unknown">{sentences.notChecked}</span>}
      {state.at === 'untrusting' && (
        <p className="problem">
          {sentences.trustNone} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
        </p>
      )}
      {state.at === 'failed' && <ProblemText code={state.problem.code} message={state.problem.message} />}
      {state.at === 'done' && <CheckAnswer check={state.check} shown={shown} />}
    </section>
  );
}
