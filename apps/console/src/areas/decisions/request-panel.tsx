/** A prepared request: what it asks, as its own bytes say it, and the ways to carry it: a file, QR codes. */

import { pinCity } from '@oppidum/formats/account-key';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { encodeEvidenceCodes } from '@oppidum/formats/evidence-codes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { judgeRequest } from '@oppidum/signing/judge-request';
import { toDataURL } from 'qrcode';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { fill, useLanguage } from '../../language.ts';
import { formatTime } from '../../parts/format.ts';
import { pinnedPolicy } from '../../pinned-policy.ts';
import { ActList } from './act-list.tsx';
import type { KeptRequest } from './requests.ts';
import { TEXTS } from './texts.ts';

const CODE_PX = 480;
/** More than these nobody scans. */
const CODE_COUNT_MAX = 24;
/** As the ledger takes it. */
const WINDOW_MS = 600_000;

/** The request, judged by the same code as on the signing page, under the policy that this browser pinned. */
export function RequestPanel({ kept }: { readonly kept: KeptRequest }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = TEXTS[code];
  const judged = useMemo(() => judgeHere(kept.file), [kept.file]);
  const { validUntil } = kept.request.transaction;
  const heading = useRef<HTMLHeadingElement>(null);
  // It appears below what was filled in: whoever reads goes on here.
  useEffect(() => heading.current?.focus(), []);
  const name = `${kept.id.slice(0, 12)}.request`;
  return (
    <section className="card" aria-labelledby="request-heading">
      <h2 id="request-heading" tabIndex={-1} ref={heading}>
        {texts.requestHeading}
      </h2>
      <p>{texts.requestHelp}</p>
      <p className="hint">
        {fill(texts.window, { from: formatTime(validUntil - WINDOW_MS, tag), to: formatTime(validUntil, tag) })}
      </p>
      <p className="actions">
        <SaveLink bytes={kept.file} name={name} text={texts.save} />
        <a href="/sign" target="_blank" rel="noopener">
          {texts.signerPage}
        </a>
      </p>
      <h3>{texts.requestSays}</h3>
      {'problem' in judged ? (
        <p className="problem" lang="en">
          {judged.problem}
        </p>
      ) : (
        <>
          <ActList acts={judged.acts} names={judged.names} />
          {judged.refusals.map((refusal) =>
            refusal.code === 'CITY_NOT_PINNED' ? (
              <p key={refusal.code} className="hint">
                {texts.unpinned}
              </p>
            ) : (
              <p key={refusal.code} className="problem">
                {texts.notSignable} <span lang="en">{describeError(refusal.code, refusal.details)}</span>{' '}
                <code>{refusal.code}</code>
              </p>
            ),
          )}
        </>
      )}
      <Codes file={kept.small} />
      <p className="hint">{texts.orCommand}</p>
      <pre dir="ltr" tabIndex={0}>
        {`npx --no-install oppidum transaction sign ${name} --key KEYFILE --policy city.policy --out ${kept.id.slice(0, 12)}.answer`}
      </pre>
    </section>
  );
}

type Judged = ReturnType<typeof judgeRequest> | { readonly problem: string };

function judgeHere(file: Bytes): Judged {
  const pinned = pinnedPolicy();
  try {
    const city = pinned === null ? null : pinCity(crypto, encodeUtf8(pinned.text));
    return judgeRequest(crypto, file, { city, key: null, nowMs: Date.now() });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { problem: error.message };
  }
}

/** A link that saves bytes as a file. */
function SaveLink({ bytes, name, text }: { readonly bytes: Bytes; readonly name: string; readonly text: string }): ReactNode {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([Uint8Array.from(bytes)], { type: 'application/octet-stream' }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  if (address === null) return null;
  return (
    <a href={address} download={name} data-name="save-request">
      {text}
    </a>
  );
}

/** The request as numbered QR codes, behind a summary: they are many. */
function Codes({ file }: { readonly file: Bytes }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [pictures, setPictures] = useState<readonly string[] | null>(null);
  const codes = useMemo(() => codesOf(file), [file]);
  useEffect(() => {
    let isGone = false;
    const options = { errorCorrectionLevel: 'L', margin: 4, width: CODE_PX } as const;
    void Promise.all(codes.map((text) => toDataURL([{ data: text, mode: 'alphanumeric' }], options))).then((made) => {
      if (!isGone) setPictures(made);
    });
    return () => {
      isGone = true;
    };
  }, [codes]);
  if (codes.length === 0) return <p className="hint">{texts.tooManyCodes}</p>;
  return (
    <details>
      <summary>
        {texts.codesHeading} ({codes.length})
      </summary>
      <ol className="codes">
        {(pictures ?? [])
          .map((picture, place) => ({ picture, number: place + 1 }))
          .map(({ picture, number }) => (
            <li key={number}>
              <img src={picture} alt={`${number} / ${codes.length}`} />
              <p>
                {number} / {codes.length}
              </p>
            </li>
          ))}
      </ol>
      <textarea readOnly rows={4} dir="ltr" aria-label={texts.codesHeading} value={codes.join('\n')} data-name="codes" />
    </details>
  );
}

function codesOf(file: Bytes): readonly string[] {
  try {
    const codes = encodeEvidenceCodes(crypto, file);
    return codes.length > CODE_COUNT_MAX ? [] : codes;
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
