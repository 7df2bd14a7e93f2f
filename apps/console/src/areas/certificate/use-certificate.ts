/** Fetches or takes evidence, judges it, and draws its codes; anew where another policy is pinned meanwhile. */

import { startsAsCompleteRange } from '@oppidum/formats/complete-range';
import { FormatError } from '@oppidum/formats/errors';
import { encodeEvidence, parseEvidenceFile } from '@oppidum/formats/evidence';
import { encodeEvidenceCodes } from '@oppidum/formats/evidence-codes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { toDataURL } from 'qrcode';
import { useEffect, useState } from 'react';
import { type ApiProblem, problemOf } from '../../api.ts';
import type { Asked } from '../../asked.ts';
import { type Check, checkEvidence, judgeEvidence } from '../../check-evidence.ts';
import { onPinned, type PinnedPolicy, pinnedPolicy } from '../../pinned-policy.ts';
import { cityNowMs } from '../../server-clock.ts';

/** Pixels; phones read a code of this many from paper at 6 cm. */
const CODE_PX = 640;

/** What the city is asked, or a file that somebody has. */
export type Source = Asked | { readonly by: 'file'; readonly file: Uint8Array };

/** `codes` as images; null where the evidence is too large for them, empty where nothing is proven. */
export type Made = {
  readonly check: Check;
  readonly isProven: boolean;
  readonly codes: readonly string[] | null;
  readonly policySha256: string;
  readonly checkedMs: number;
};

/** Null while it is made; anew for another `source`, so its caller keeps the value. */
export function useCertificate(source: Source): Made | ApiProblem | 'untrusting' | null {
  const [state, setState] = useState<Made | ApiProblem | 'untrusting' | null>(null);
  useEffect(() => {
    let isGone = false;
    const make = (): void => {
      const pinned = pinnedPolicy();
      // What was proven under another policy is not to be printed any more.
      setState(pinned === null ? 'untrusting' : null);
      if (pinned === null) return;
      const showIfTrusted = (next: Made | ApiProblem): void => {
        if (!isGone && pinnedPolicy()?.text === pinned.text) setState(next);
      };
      makeCertificate(source, pinned).then(showIfTrusted, (error: unknown) => showIfTrusted(problemOf(error)));
    };
    make();
    const stop = onPinned(make);
    return () => {
      isGone = true;
      stop();
    };
  }, [source]);
  return state;
}

async function makeCertificate(source: Source, pinned: PinnedPolicy): Promise<Made> {
  const check = await checkSource(source, pinned);
  const isProven = check.isAsked && check.older === null && check.report.color !== 'red';
  const codes = isProven ? await drawCodes(check.file) : [];
  return { check, isProven, codes, policySha256: pinned.newestSha256, checkedMs: cityNowMs() };
}

async function checkSource(source: Source, pinned: PinnedPolicy): Promise<Check> {
  if (source.by !== 'file') return checkEvidence(source, pinned);
  // Evidence that somebody kept is older by nature, and of whatever its reader meant.
  const kept = await judgeEvidence(shortForm(source.file), pinned);
  return { ...kept, older: null };
}

/** Paper takes the binary form: JSON is larger by half. What cannot be read stays as it is, and is refused as such. */
function shortForm(file: Uint8Array): Uint8Array {
  if (startsAsCompleteRange(file)) return file;
  try {
    return encodeEvidence(parseEvidenceFile(file));
  } catch (error) {
    if (error instanceof FormatError) return file;
    throw error;
  }
}

async function drawCodes(file: Uint8Array): Promise<readonly string[] | null> {
  const options = { errorCorrectionLevel: 'L', margin: 4, width: CODE_PX } as const;
  try {
    const texts = encodeEvidenceCodes(crypto, file);
    return await Promise.all(texts.map((text) => toDataURL([{ data: text, mode: 'alphanumeric' }], options)));
  } catch (error) {
    if (error instanceof FormatError && error.code === 'TOO_LARGE') return null;
    throw error;
  }
}
