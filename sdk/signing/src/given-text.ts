/** A file that somebody pasted: the texts of its QR codes, one a line, or its bytes in base64 or hexadecimal digits. */

import { parseBase64, parseBase64Url, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, orNull } from '@oppidum/formats/errors';
import { isEvidenceCode, type JoinedCodes, joinEvidenceCodes } from '@oppidum/formats/evidence-codes';
import { LIMITS } from '@oppidum/formats/limits';

/** Hexadecimal digits are twice as many as bytes. */
const TEXT_LENGTH_MAX = 2 * LIMITS.signingRequestSizeMax + 1_024;

/** The file, or which of its codes are still missing. Throws TOO_LARGE, TEXT_INVALID, CODES_MIXED. */
export function readGivenText(crypto: Crypto, text: string): JoinedCodes {
  if (text.length > TEXT_LENGTH_MAX) throw formatError('TOO_LARGE', { max: TEXT_LENGTH_MAX });
  // A code may end with a space of its alphabet: lines are not trimmed.
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  if (isEvidenceCode(text.trimStart())) return joinEvidenceCodes(crypto, lines);
  const compact = text.replaceAll(/\s+/g, '');
  for (const parse of [parseHex, parseBase64, parseBase64Url]) {
    const bytes = orNull(() => parse(compact));
    if (bytes !== null && bytes.length > 0) return { file: bytes };
  }
  throw formatError('TEXT_INVALID', { want: 'codes, base64 or hexadecimal digits' });
}
