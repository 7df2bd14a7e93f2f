/** The button that proves what is shown, in this browser, and the badge that is green for nothing else. */

import { toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { bytesView, reportView } from '@oppidum/pages/report-view';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { type ApiProblem, problemOf } from '../api.ts';
import { type Check, checkEvidence, type Way } from '../check-evidence.ts';
import { fill, useLanguage } from '../language.ts';
import { onPinned, pinnedPolicy } from '../pinned-policy.ts';
import { addressOf } from '../route.ts';
import { differences, type Shown } from '../shown-facts.ts';
import { TRUST_TEXTS } from '../texts/trust.ts';
import { formatNumber } from './format.ts';
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
      const check = await checkEvidence(id, pinned);
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
      {state.at === 'done' && <CheckAnswer check={state.check} shown={shown} />}
    </section>
  );
}

/** What is wrong although the evidence may be true; else the report. Green is shown for nothing that is not on the page. */
function CheckAnswer({ check, shown }: { readonly check: Check; readonly shown: Shown | null }): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const { report, file, isAsked, older, way } = check;
  if (!isAsked) return <Refused verdict="OTHER_FACT" text={sentences.otherFact} />;
  const differing = shown === null ? [] : differences(shown, report, file);
  if (differing.length > 0)
    return (
      <>
        <Refused verdict="SHOWN_DIFFERS" text={texts.shownDiffers} detail={differing.join(', ')} />
        <details>
          <summary>{texts.provenInstead}</summary>
          <CheckReport check={check} />
        </details>
      </>
    );
  if (older !== null) {
    const sizes = `${formatNumber(older.size, tag)} < ${formatNumber(older.seenSize, tag)}`;
    return <Refused verdict="CHECKPOINT_OLD" text={texts.checkpointOld} detail={sizes} />;
  }
  return (
    <>
      <WayNote way={way} />
      <CheckReport check={check} />
    </>
  );
}

/** What became of the way from the pinned policy to the one in force, where there was one to go; where to go on by hand, where it is lost. */
export function WayNote({ way }: { readonly way: Way }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TRUST_TEXTS[code];
  const { followedCount, refusedBy, isLost } = way;
  return (
    <>
      {followedCount > 0 && <p className="hint">{texts.followedNow}</p>}
      {refusedBy !== null && <p className="problem">{fill(texts.followRefused, { verdict: refusedBy })}</p>}
      {isLost && (
        <p className="hint">
          {texts.wayLost} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
        </p>
      )}
    </>
  );
}

function Refused(props: { readonly verdict: string; readonly text: string; readonly detail?: string }): ReactNode {
  const { words } = useLanguage();
  const { verdict, text, detail } = props;
  return (
    <div className="report">
      <div className="verdict red">
        <span className="icon" aria-hidden="true">
          ✗
        </span>
        <div>
          <p className="word">
            <strong>{words.colors.red}</strong> <code>{verdict}</code>
          </p>
          <p className="means">{text}</p>
          {detail !== undefined && <p dir="ltr">{detail}</p>}
        </div>
      </div>
    </div>
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
