/**
 * Evidence on paper (`#/certificate/ASKED`): what is proven, in words, and the evidence itself as QR codes. Only what this browser verified
 * is printed as proven.
 */

import { toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { type ReactNode, useMemo, useState } from 'react';
import { ApiProblem } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { parseAsked } from '../../asked.ts';
import { fill, useLanguage } from '../../language.ts';
import { certificateAddress } from '../../parts/certificate-links.tsx';
import { CheckAnswer } from '../../parts/check-answer.tsx';
import { ProblemText } from '../../parts/freshness.tsx';
import { Facts, Id, Time } from '../../parts/texts.tsx';
import { addressOf } from '../../route.ts';
import { saveFile } from '../maker/save-file.ts';
import { AskForm } from './ask-form.tsx';
import './certificate.css';
import { Subject } from './subject.tsx';
import { TEXTS } from './texts.ts';
import { type Made, type Source, useCertificate } from './use-certificate.ts';

const SHORT_CODE_LENGTH = 12;

/** The certificate that the address names; without one, the question of what it should be. */
export function CertificateView({ argument }: AreaProps): ReactNode {
  const { sentences, code } = useLanguage();
  const [file, setFile] = useState<Uint8Array | null>(null);
  const source = useMemo((): Source | null => (file !== null ? { by: 'file', file } : parseAsked(argument)), [file, argument]);
  const isBad = source === null && argument !== '';
  return (
    <>
      <h1>{sentences.certificate}</h1>
      {isBad && <p className="problem">{TEXTS[code].askedBad}</p>}
      {source === null ? <AskForm onFile={setFile} /> : <CertificateOf source={source} onOther={() => setFile(null)} />}
    </>
  );
}

function CertificateOf({ source, onOther }: { readonly source: Source; readonly onOther: () => void }): ReactNode {
  const { sentences, code } = useLanguage();
  const state = useCertificate(source);
  return (
    <>
      <p className="actions">
        <a href={certificateAddress(null)} onClick={onOther}>
          {TEXTS[code].another}
        </a>
      </p>
      {state === null && <p role="status">{sentences.loading}</p>}
      {state === 'untrusting' && (
        <p className="problem">
          {sentences.trustNone} <a href={addressOf({ view: 'trust' })}>{sentences.trustHeading}</a>
        </p>
      )}
      {state instanceof ApiProblem && <ProblemText code={state.code} message={state.message} />}
      {state !== null && typeof state === 'object' && 'check' in state && <Certificate source={source} made={state} />}
    </>
  );
}

function Certificate({ source, made }: { readonly source: Source; readonly made: Made }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const { check, isProven, policySha256, checkedMs } = made;
  const digest = toHex(crypto.sha256(check.file));
  const shortCode = (source.by === 'id' ? source.id : digest).slice(0, SHORT_CODE_LENGTH);
  return (
    <>
      <p>{isProven ? texts.proven : texts.refused}</p>
      <Facts
        facts={[
          [texts.about, <Subject key="about" source={source} />],
          [
            texts.shortCode,
            <strong key="short" dir="ltr">
              {shortCode}
            </strong>,
          ],
          [texts.digest, <Id key="digest" id={digest} />],
          [texts.policy, <Id key="policy" id={policySha256} />],
          [texts.checkedWhen, <Time key="when" ms={checkedMs} />],
        ]}
      />
      <p className="actions">
        {isProven && (
          <button type="button" onClick={() => print()}>
            {texts.print}
          </button>
        )}
        <button type="button" onClick={() => saveFile(`${shortCode}.evidence`, 'application/cbor', check.file)}>
          {texts.save}
        </button>
      </p>
      <CheckAnswer check={check} shown={null} />
      {isProven && <Codes codes={made.codes} />}
    </>
  );
}

/** The evidence itself; null where paper would not hold it. */
function Codes({ codes }: { readonly codes: readonly string[] | null }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  if (codes === null) return <p className="problem">{texts.tooLarge}</p>;
  return (
    <section aria-labelledby="codes-heading">
      <h2 id="codes-heading">{fill(texts.codes, { count: codes.length })}</h2>
      <ol className="codes">
        {codes
          .map((image, place) => ({ image, number: place + 1 }))
          .map(({ image, number }) => (
            <li key={number}>
              <img src={image} alt={`${number} / ${codes.length}`} />
              <p>
                <bdi dir="ltr">
                  {number} / {codes.length}
                </bdi>
              </p>
            </li>
          ))}
      </ol>
    </section>
  );
}
