/** What people give a verifier: files, and texts in whichever form they have them. Nothing here believes anything. */

import { type Bytes, encodeUtf8, parseBase64, parseBase64Url, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, orNull } from '@oppidum/formats/errors';
import { isEvidenceCode, joinEvidenceCodes } from '@oppidum/formats/evidence-codes';
import { LIMITS } from '@oppidum/formats/limits';

/** Characters of a pasted text: JSON with base64 is larger than the file by a third, its names and spaces by less. */
const TEXT_LENGTH_MAX = 2 * LIMITS.evidenceSizeMax;

/** Why there is no file in it, for `Sentences`. */
export type NotGiven = 'pasteUnreadable' | 'partsMissing' | 'partsMixed' | 'tooLarge';

export type GivenText =
  | { readonly file: Bytes }
  | { readonly problem: NotGiven; readonly have?: number; readonly count?: number; readonly missing?: readonly number[] };

/** The evidence in a text: its JSON, the texts of its QR codes one a line, hexadecimal digits, base64 or base64url. */
export function readEvidenceText(crypto: Crypto, text: string): GivenText {
  if (text.length > TEXT_LENGTH_MAX) return { problem: 'tooLarge' };
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return { file: encodeUtf8(trimmed) };
  const lines = text.split(/[\r\n]+/).filter((line) => line !== '');
  if (isEvidenceCode(trimmed)) return readCodes(crypto, lines);
  const compact = trimmed.replaceAll(/\s+/g, '');
  for (const parse of [parseHex, parseBase64, parseBase64Url]) {
    const bytes = orNull(() => parse(compact));
    if (bytes !== null && bytes.length > 0) return { file: bytes };
  }
  return { problem: 'pasteUnreadable' };
}

function readCodes(crypto: Crypto, lines: readonly string[]): GivenText {
  try {
    const joined = joinEvidenceCodes(crypto, lines);
    if ('file' in joined) return joined;
    const { missing, count } = joined;
    return { problem: 'partsMissing', have: count - missing.length, count, missing };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (error.code === 'TOO_LARGE') return { problem: 'tooLarge' };
    return { problem: error.code === 'CODES_MIXED' ? 'partsMixed' : 'pasteUnreadable' };
  }
}

/** Evidence of several successors in one text, a blank line between them. The first that is none is told. */
export function readSuccessorTexts(
  crypto: Crypto,
  text: string,
): { readonly files: readonly Bytes[] } | Exclude<GivenText, { readonly file: Bytes }> {
  const files: Bytes[] = [];
  for (const part of text.split(/\r?\n\s*\r?\n/).filter((each) => each.trim() !== '')) {
    const read = readEvidenceText(crypto, part);
    if ('problem' in read) return read;
    files.push(read.file);
  }
  return { files };
}

/** What a dropped file means to be: policies are text of their own form, all else is evidence to be judged. */
export function looksLikePolicy(file: Bytes): boolean {
  const start = new TextDecoder().decode(file.subarray(0, 4_096));
  return /^(log|witness|group|quorum) /m.test(start) && !start.trimStart().startsWith('{');
}
