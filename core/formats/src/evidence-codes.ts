/**
 * Evidence as texts of QR codes, for paper and screens (specs/evidence.md). Each names which part of what it is, so that they can be
 * scanned in any order and nobody joins what does not belong together:
 *
 *   OPPIDUM:1:<base45 of the first 4 bytes of SHA-256 of the whole>:<number>/<count>:<base45 of the part>
 */

import { encodeBase45, parseBase45 } from './base45.ts';
import { type Bytes, concatBytes } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';

const FORM = /^OPPIDUM:1:([0-9A-Z $%*+\-./:]{6}):([1-9][0-9]?)\/([1-9][0-9]?):([0-9A-Z $%*+\-./:]+)$/;
const CHECK_SIZE = 4;
/** What one code may hold: version 25 at error level L has 1,853 characters, and phones still read it from paper. */
const PART_SIZE_MAX = 1_200;
const PART_COUNT_MAX = 99;

/** The codes of a file, at most 1,200 bytes in each. Throws TOO_LARGE beyond 99 codes. */
export function encodeEvidenceCodes(crypto: Crypto, file: Bytes): string[] {
  const count = Math.max(1, Math.ceil(file.length / PART_SIZE_MAX));
  if (count > PART_COUNT_MAX) throw formatError('TOO_LARGE', { length: file.length, max: PART_COUNT_MAX * PART_SIZE_MAX });
  const check = encodeBase45(crypto.sha256(file).subarray(0, CHECK_SIZE));
  return Array.from({ length: count }, (_, i) => {
    const part = file.subarray(i * PART_SIZE_MAX, (i + 1) * PART_SIZE_MAX);
    return `OPPIDUM:1:${check}:${i + 1}/${count}:${encodeBase45(part)}`;
  });
}

/** True for a text that means to be a code of ours. */
export function isEvidenceCode(text: string): boolean {
  return text.startsWith('OPPIDUM:');
}

/** The file when all parts are there, else which are missing, counted from 1. */
export type JoinedCodes = { readonly file: Bytes } | { readonly missing: readonly number[]; readonly count: number };

/** Joins codes in any order; the same one twice is one. Throws TEXT_INVALID, CODES_MIXED. */
export function joinEvidenceCodes(crypto: Crypto, texts: readonly string[]): JoinedCodes {
  const parts = new Map<number, { readonly text: string; readonly bytes: Bytes }>();
  let whole: { readonly check: string; readonly count: number } | null = null;
  for (const text of texts) {
    const [, check, number, count, data] = FORM.exec(text) ?? [];
    if (check === undefined || data === undefined || Number(number) > Number(count))
      throw formatError('TEXT_INVALID', { want: 'a code of evidence' });
    whole ??= { check, count: Number(count) };
    const known = parts.get(Number(number));
    if (check !== whole.check || Number(count) !== whole.count || (known !== undefined && known.text !== text))
      throw formatError('CODES_MIXED', {});
    if (known === undefined) parts.set(Number(number), { text, bytes: parseBase45(data) });
  }
  if (whole === null) throw formatError('TEXT_INVALID', { want: 'a code of evidence' });
  const numbers = Array.from({ length: whole.count }, (_, i) => i + 1);
  const missing = numbers.filter((number) => !parts.has(number));
  if (missing.length > 0) return { missing, count: whole.count };
  const file = concatBytes(...numbers.map((number) => (parts.get(number) as { bytes: Bytes }).bytes));
  if (file.length > LIMITS.evidenceSizeMax) throw formatError('TOO_LARGE', { length: file.length, max: LIMITS.evidenceSizeMax });
  if (encodeBase45(crypto.sha256(file).subarray(0, CHECK_SIZE)) !== whole.check) throw formatError('CODES_MIXED', {});
  return { file };
}
