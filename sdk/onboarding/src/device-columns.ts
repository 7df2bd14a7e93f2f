/** Which column of a maker's file says what: guessed from names and from what stands in it, and for its reader to change. */

import { type Bytes, parseBase64, parseBase64Url, parseHex } from '@oppidum/formats/bytes';
import { checkEd25519PublicKey } from '@oppidum/formats/ed25519';
import { FormatError } from '@oppidum/formats/errors';
import type { CsvRow } from './csv-table.ts';

/** What a column can say. */
export const FIELDS = ['public-key', 'label', 'grade', 'model'] as const;
export type Field = (typeof FIELDS)[number];

/** Which column of the header holds which field, from 0. */
export type Columns = Readonly<Partial<Record<Field, number>>>;

const KEY_SIZE = 32;
/** SubjectPublicKeyInfo of an Ed25519 key, as OpenSSL writes it, before the key itself (RFC 8410 §4). */
const KEY_INFO = parseHex('302a300506032b6570032100');
/** Rows that are looked at to find the column of the keys. */
const LOOK_COUNT = 20;

/** Names by which columns are known without being told, letters and digits alone. */
const KNOWN_NAMES: Readonly<Record<Field, readonly string[]>> = {
  'public-key': ['publickey', 'key', 'pubkey', 'ed25519', 'devicekey'],
  label: ['label', 'name', 'devicename', 'device'],
  grade: ['grade'],
  model: ['model', 'modelid', 'modelname'],
};

/** The columns of a header, by their names; that of the keys, where no name says it, by what stands in it. */
export function guessColumns(header: readonly string[], rows: readonly CsvRow[]): Columns {
  const found: Partial<Record<Field, number>> = {};
  for (const field of FIELDS) {
    const at = header.findIndex((cell) => KNOWN_NAMES[field].includes(plainName(cell)));
    if (at >= 0) found[field] = at;
  }
  const looked = rows.slice(0, LOOK_COUNT);
  const keysIn = (at: number): number => looked.filter(({ cells }) => parseDeviceKey(cells[at] ?? '') !== null).length;
  const named = found['public-key'];
  if (looked.length > 0 && (named === undefined || keysIn(named) === 0)) {
    const counts = header.map((_, at) => keysIn(at));
    const best = counts.indexOf(Math.max(...counts));
    if ((counts[best] ?? 0) > 0) found['public-key'] = best;
  }
  return found;
}

function plainName(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** An Ed25519 public key in hex, base64 (either alphabet) or as OpenSSL exports it; null for anything else. */
export function parseDeviceKey(text: string): Bytes | null {
  const plain = text.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  for (const parse of [(hex: string) => parseHex(hex.toLowerCase()), parseBase64, parseBase64Url, withPadding]) {
    try {
      const bytes = parse(plain);
      const isInfo = bytes.length === KEY_INFO.length + KEY_SIZE && KEY_INFO.every((byte, i) => bytes[i] === byte);
      const key = isInfo ? bytes.slice(KEY_INFO.length) : bytes;
      if (key.length === KEY_SIZE && checkEd25519PublicKey(key)) return key;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return null;
}

/** Base64 whose `=` was lost on the way. */
function withPadding(text: string): Bytes {
  return parseBase64(text.padEnd(Math.ceil(text.length / 4) * 4, '='));
}
