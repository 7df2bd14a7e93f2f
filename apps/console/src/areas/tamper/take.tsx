/** Files of a game, for whoever wants to check elsewhere: the offline verifier, the command line. */

import { encodeBase64, encodeUtf8, parseBase64, parseUtf8 } from '@oppidum/formats/bytes';
import type { PlayedJson } from '@oppidum/gateway/api/tamper';
import { type ReactNode, useEffect, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { TEXTS } from './texts.ts';

/** Links to the files, and what to type. */
export function Take({ played, folder }: { readonly played: PlayedJson; readonly folder: string | null }): ReactNode {
  const { code, sentences } = useLanguage();
  const texts = TEXTS[code];
  const { now, beside, heads } = played;
  const served = now.file ?? beside?.file ?? null;
  const forks = heads.filter(({ fork }) => fork !== null);
  const verify = (name: string): string => `npx --no-install oppidum verify ${name} --policy city.policy --seen heads.txt`;
  const commands = [
    verify('earlier.evidence'),
    ...(served === null ? [] : [verify('tampered.evidence')]),
    ...(folder === null ? [] : [`npx --no-install oppidum fsck --data '${folder.replaceAll("'", "'\\''")}'`]),
  ];
  return (
    <section className="card">
      <h3>{texts.takeHeading}</h3>
      <p className="hint">{texts.takeHint}</p>
      <p className="problem">{texts.takeWarning}</p>
      <p className="actions">
        {served !== null && <Saved name="tampered.evidence" content={served} text={texts.takeNow} />}
        <Saved name="earlier.evidence" content={played.evidence} text={texts.takeEarlier} />
        {forks.length > 0 && <Saved name="fork.json" content={encodeBase64(encodeUtf8(forkFile(forks)))} text={texts.takeFork} />}
        <a href="/city.policy" download="city.policy">
          {texts.takePolicy}
        </a>
        <a href="/verify">{sentences.openVerifier}</a>
      </p>
      <pre dir="ltr">{commands.join('\n')}</pre>
    </section>
  );
}

/** Notes as texts, hashes as hex: what `telemetry/report-fork` carries (specs/telemetry.md), for either log. */
function forkFile(heads: PlayedJson['heads']): string {
  const forks = heads.flatMap(({ log, key, fork }) => {
    if (fork === null) return [];
    const text = (note: string): string => parseUtf8(parseBase64(note));
    return [{ log, key, ...fork, earlier: text(fork.earlier), later: text(fork.later) }];
  });
  return `${JSON.stringify({ format: 'oppidum-fork', version: 1, forks }, null, 2)}\n`;
}

/** A file that this browser made of base64, behind a link. */
function Saved({ name, content, text }: { readonly name: string; readonly content: string; readonly text: string }): ReactNode {
  const [address, setAddress] = useState<string | undefined>(undefined);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([parseBase64(content) as BlobPart]));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [content]);
  return (
    <a href={address} download={name}>
      {text}
    </a>
  );
}
