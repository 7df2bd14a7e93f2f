/** The button that proves what is shown, in this browser, and the badge that is green for nothing else. */

import { toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { bytesView, reportView } from '@oppidum/pages/report-view';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api.ts';
import { type Check, checkEvidence } from '../check-evidence.ts';
import { useLanguage } from '../language.ts';
import { pinnedPolicy } from '../pinned-policy.ts';
import { addressOf } from '../route.ts';
import { ProblemText } from './freshness.tsx';

type State =
  | { readonly at: 'idle' | 'checking' | 'untrusting' }
  | { readonly at: 'done'; readonly check: Check }
  | { readonly at: 'failed'; readonly problem: ApiProblem };

/** Checks the reading or transaction with this id when asked to. */
export function CheckHere({ id }: { readonly id: string }): ReactNode {
  const { sentences, words } = useLanguage();
  const [state, setState] = useState<State>({ at: 'idle' });
  const run = async (): Promise<void> => {
    const pinned = pinnedPolicy();
    if (pinned === null) return setState({ at: 'untrusting' });
    setState({ at: 'checking' });
    try {
      setState({ at: 'done', check: await checkEvidence(id, pinned.policy) });
    } catch (error) {
      setState({ at: 'failed', problem: error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error)) });
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
        <a href={addressOf({ view: 'certificate', id })}>{sentences.certificate}</a>
        <a href="/verify">{sentences.openVerifier}</a>
      </p>
      {state.at === 'idle' && <span className="state unknown">{sentences.notChecked}</span>}
      {state.at === 'untrusting' && (
        <p className="problem">
          {sentences.trustNone} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
        </p>
      )}
      {state.at === 'failed' &&
        (state.problem.code === 'NOT_ANCHORED' ? (
          <p className="problem">{sentences.notAnchored}</p>
        ) : (
          <ProblemText code={state.problem.code} message={state.problem.message} />
        ))}
      {state.at === 'done' && !state.check.isAsked && (
        <p className="problem">
          <strong>{words.colors.red}</strong>: {sentences.otherFact}
        </p>
      )}
      {state.at === 'done' && state.check.isAsked && <CheckReport check={state.check} />}
    </section>
  );
}

function CheckReport({ check }: { readonly check: Check }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const language = useLanguage();
  useEffect(() => {
    const { report, file } = check;
    box.current?.replaceChildren(reportView(report, language), bytesView(file, toHex(crypto.sha256(file)), language.words));
  }, [check, language]);
  return <div ref={box} />;
}
