/** Pieces of the pages about keys: fingerprints, texts to carry away, sentences for codes. */

import { fingerprintOf, fingerprintText } from '@oppidum/formats/enrolment';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import type { PublicKey } from '@oppidum/formats/ids';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { plainText } from '@oppidum/pages/plain-text';
import { toDataURL } from 'qrcode';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Quoted } from '../../parts/texts.tsx';
import { isTold, useTexts } from './texts.ts';

/** Pixels; a phone reads it from a screen. */
const CODE_PX = 480;

/** The fingerprint of a key, in groups that can be read out. */
export function Fingerprint({ of }: { readonly of: PublicKey }): ReactNode {
  const groups = fingerprintText(fingerprintOf(crypto, of))
    .split(' ')
    .map((group, place) => ({ group, place }));
  return (
    <code className="fingerprint" dir="ltr">
      {groups.map(({ group, place }) => (
        <span key={place}>{group} </span>
      ))}
    </code>
  );
}

/** A text that somebody carries elsewhere: to copy, to save, and as a QR code where `codeLabel` names it. */
export function CarriedText(props: {
  readonly label: string;
  readonly text: string;
  readonly file: string;
  readonly codeLabel?: string;
}): ReactNode {
  const { label, text, file, codeLabel } = props;
  const texts = useTexts();
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const name = useId();
  const copy = async (): Promise<void> => {
    field.current?.select();
    // Where the clipboard is not for pages, the text is selected at least.
    await navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div className="carried">
      <label htmlFor={name}>{label}</label>
      <textarea id={name} ref={field} readOnly rows={4} value={text} dir="ltr" spellCheck={false} />
      <p className="actions">
        <button type="button" onClick={() => void copy()}>
          {texts.copy}
        </button>
        <a href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`} download={file}>
          {texts.save}
        </a>
        <span role="status">{isCopied ? texts.copied : ''}</span>
      </p>
      {codeLabel !== undefined && <Code text={text} label={codeLabel} />}
    </div>
  );
}

function Code({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const [image, setImage] = useState<string | null>(null);
  useEffect(() => {
    let isGone = false;
    toDataURL(text, { errorCorrectionLevel: 'M', margin: 4, width: CODE_PX }).then(
      (url) => {
        if (!isGone) setImage(url);
      },
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, [text]);
  return image === null ? null : <img className="key-code" src={image} alt={label} />;
}

/** What a code of the catalogue means, in the language of the page where there is a sentence; with the code itself. */
export function CodeText({ code, message = '' }: { readonly code: string; readonly message?: string }): ReactNode {
  const { codes } = useTexts();
  if (isTold(code))
    return (
      <>
        {codes[code]} <code dir="ltr">{code}</code>
      </>
    );
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS] : null;
  return (
    <span lang="en">
      {known === null ? <Quoted text={message} /> : `${known.message}. ${known.action}.`} <code dir="ltr">{plainText(code)}</code>
    </span>
  );
}
