/** The key: made on the device, which is better, or here as a file; and a code that brings the public one to whoever registers it. */

import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { nobleSigner } from '@oppidum/signing/noble-signer';
import { toDataURL } from 'qrcode';
import { type ReactNode, useEffect, useState } from 'react';
import { Id } from '../../parts/texts.tsx';
import { saveFile } from '../maker/save-file.ts';
import { type Draft, idOfKey, publicKeyOf } from './device-draft.ts';
import type { KitTexts } from './texts.ts';

type Props = {
  readonly texts: KitTexts;
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
};

const SEED_SIZE = 32;
const CODE_PX = 320;

/** The choice and what follows from it. */
export function KeySection({ texts, draft, onChange }: Props): ReactNode {
  const publicKey = publicKeyOf(draft);
  const isWrong = !draft.isKeyHere && draft.publicKeyText.trim() !== '' && publicKey === null;
  return (
    <section className="card">
      <h2>{texts.keyHeading}</h2>
      <fieldset className="choices">
        <legend>{texts.keyChoice}</legend>
        {([false, true] as const).map((isHere) => (
          <label key={String(isHere)}>
            <input
              type="radio"
              name="key-place"
              checked={draft.isKeyHere === isHere}
              onChange={() => onChange({ isKeyHere: isHere })}
            />
            {isHere ? texts.keyHere : texts.keyThere}
          </label>
        ))}
      </fieldset>
      <p className={draft.isKeyHere ? 'problem' : 'hint'}>{draft.isKeyHere ? texts.keyHereHint : texts.keyThereHint}</p>
      {draft.isKeyHere ? (
        <MadeKeyActions texts={texts} draft={draft} onChange={onChange} />
      ) : (
        <div className="fields">
          <label>
            {texts.publicKey}
            <textarea
              rows={2}
              dir="ltr"
              data-field="public-key"
              spellCheck={false}
              autoComplete="off"
              value={draft.publicKeyText}
              aria-invalid={isWrong}
              aria-describedby="public-key-hint"
              onChange={({ target }) => onChange({ publicKeyText: target.value })}
            />
          </label>
          <p id="public-key-hint" className={isWrong ? 'problem' : 'hint'}>
            {isWrong ? texts.publicKeyWrong : texts.publicKeyHint}
          </p>
        </div>
      )}
      {publicKey !== null && (
        <>
          <p>
            {texts.deviceId}: <Id id={idOfKey(publicKey)} />
          </p>
          <EnrolmentCode texts={texts} model={draft.model} publicKey={toHex(publicKey)} />
        </>
      )}
    </section>
  );
}

function MadeKeyActions({ texts, draft, onChange }: Props): ReactNode {
  const make = (): void => {
    const seed = globalThis.crypto.getRandomValues(new Uint8Array(SEED_SIZE));
    onChange({ madeKey: { seed, publicKey: nobleSigner(seed).publicKey }, isKeySaved: false });
  };
  const { madeKey, isKeySaved } = draft;
  const save = (): void => {
    if (madeKey === null) return;
    saveFile('key.seed', 'text/plain', `${toHex(madeKey.seed)}\n`);
    onChange({ isKeySaved: true });
  };
  return (
    <p className="actions">
      {madeKey === null && (
        <button type="button" onClick={make}>
          {texts.makeKey}
        </button>
      )}
      {madeKey !== null && !isKeySaved && (
        <button type="button" onClick={save}>
          {texts.saveKey}
        </button>
      )}
      <span role="status">{isKeySaved ? texts.keySaved : ''}</span>
    </p>
  );
}

/** The address of this page with model and key, as a QR code. */
function EnrolmentCode({
  texts,
  model,
  publicKey,
}: {
  readonly texts: KitTexts;
  readonly model: string | null;
  readonly publicKey: string;
}): ReactNode {
  const [picture, setPicture] = useState<string | null>(null);
  const text = `${location.origin}/#/kit/${model === null ? '' : `${model}.`}${publicKey}`;
  useEffect(() => {
    let isGone = false;
    const bytes = [{ data: encodeUtf8(text), mode: 'byte' as const }];
    toDataURL(bytes, { errorCorrectionLevel: 'M', margin: 4, width: CODE_PX }).then(
      (made) => {
        if (!isGone) setPicture(made);
      },
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, [text]);
  return (
    <figure className="enrolment-code">
      {picture !== null && <img src={picture} alt={texts.code} width={CODE_PX / 2} height={CODE_PX / 2} data-text={text} />}
      <figcaption className="hint">{texts.codeHint}</figcaption>
    </figure>
  );
}
