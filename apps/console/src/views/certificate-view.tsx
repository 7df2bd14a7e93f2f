/** Evidence on paper: what is proven, in words, and the evidence itself as QR codes. Only what this browser verified is printed as proven. */

import { encodeEvidenceCodes } from '@oppidum/formats/evidence-codes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { reportView } from '@oppidum/pages/report-view';
import { toDataURL } from 'qrcode';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiProblem, problemOf } from '../api.ts';
import { type Check, checkEvidence } from '../check-evidence.ts';
import { fill, useLanguage } from '../language.ts';
import { ProblemText } from '../parts/freshness.tsx';
import { Id } from '../parts/texts.tsx';
import { onPinned, pinnedPolicy } from '../pinned-policy.ts';
import { addressOf } from '../route.ts';

/** Pixels; phones read a code of this many from paper at 6 cm. */
const CODE_PX = 640;
const SHORT_CODE_LENGTH = 12;

type State = { readonly check: Check; readonly codes: readonly string[] } | ApiProblem | 'untrusting' | null;

/** The certificate of a reading or transaction. */
export function CertificateView({ id }: { readonly id: string }): ReactNode {
  const { sentences } = useLanguage();
  const state = useCertificate(id);
  return (
    <>
      <h1>{sentences.certificate}</h1>
      {state === null && <p>{sentences.loading}</p>}
      {state === 'untrusting' && (
        <p className="problem">
          {sentences.trustNone} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
        </p>
      )}
      {state instanceof ApiProblem && <ProblemText code={state.code} message={state.message} />}
      {state !== null && typeof state === 'object' && 'check' in state && <Certificate id={id} {...state} />}
    </>
  );
}

function useCertificate(id: string): State {
  const [state, setState] = useState<State>(null);
  useEffect(() => {
    let isGone = false;
    const show = (next: State): void => {
      if (!isGone) setState(next);
    };
    const make = (): void => {
      const pinned = pinnedPolicy();
      // What was proven under another policy is not to be printed any more.
      setState(pinned === null ? 'untrusting' : null);
      if (pinned === null) return;
      const showIfTrusted = (next: State): void => {
        if (pinnedPolicy()?.text === pinned.text) show(next);
      };
      makeCertificate(id, pinned).then(showIfTrusted, (error: unknown) => showIfTrusted(problemOf(error)));
    };
    make();
    const stop = onPinned(make);
    return () => {
      isGone = true;
      stop();
    };
  }, [id]);
  return state;
}

async function makeCertificate(id: string, pinned: Parameters<typeof checkEvidence>[1]): Promise<State> {
  const check = await checkEvidence(id, pinned);
  const isProven = check.isAsked && check.older === null && check.report.color !== 'red';
  const texts = isProven ? encodeEvidenceCodes(crypto, check.file) : [];
  const options = { errorCorrectionLevel: 'L', margin: 4, width: CODE_PX } as const;
  return { check, codes: await Promise.all(texts.map((text) => toDataURL([{ data: text, mode: 'alphanumeric' }], options))) };
}

function Certificate({
  id,
  check,
  codes,
}: {
  readonly id: string;
  readonly check: Check;
  readonly codes: readonly string[];
}): ReactNode {
  const { sentences } = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  const language = useLanguage();
  useEffect(() => box.current?.replaceChildren(reportView(check.report, language)), [check, language]);
  const isProven = codes.length > 0;
  return (
    <>
      <p>{isProven ? sentences.certificateLead : sentences.certificateRefused}</p>
      <p>
        {sentences.shortCode}: <strong dir="ltr">{id.slice(0, SHORT_CODE_LENGTH)}</strong> (<Id id={id} />)
      </p>
      {isProven && (
        <p className="actions">
          <button type="button" onClick={() => print()}>
            {sentences.print}
          </button>
        </p>
      )}
      {check.isAsked ? <div ref={box} /> : <p className="problem">{sentences.otherFact}</p>}
      {isProven && (
        <section aria-labelledby="codes-heading">
          <h2 id="codes-heading">{fill(sentences.certificateCodes, { count: codes.length })}</h2>
          <ol className="codes">
            {codes
              .map((code, place) => ({ code, number: place + 1 }))
              .map(({ code, number }) => (
                <li key={number}>
                  <img src={code} alt={`${number} / ${codes.length}`} />
                  <p>
                    {number} / {codes.length}
                  </p>
                </li>
              ))}
          </ol>
        </section>
      )}
    </>
  );
}
