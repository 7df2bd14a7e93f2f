/**
 * Writes vectors/reports/forms.json: reports of devices about themselves, well formed and not, each with its code and why.
 * `node tools/report-vectors.ts`; specs/trust.md says how to read them. Proofs in them are not true: the ledger judges those.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Bytes, concatBytes, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import { namedId } from '../test/support/ledger.ts';

const device = namedId('device');
const map = (fields: Readonly<Record<string, CborValue>>): CborMap => new Map(Object.entries(fields));
const attest = (token: Bytes, id = device): CborValue => ['device/attest', map({ id, token })];
const activate: CborValue = ['device/activate', map({ id: device, proof: new Uint8Array(64) })];
const FIRMWARE = { id: device, digest: namedId('image'), counter: 1, proof: new Uint8Array(64) };
const firmware = (changes: Readonly<Record<string, CborValue>> = {}): CborValue => [
  'device/report-firmware',
  map({ ...FIRMWARE, ...changes }),
];
const token = Uint8Array.of(1);
const revoke: CborValue = ['device/revoke', map({ id: device, reason: 'x' })];

/** Code of the first check that refuses, or OK. */
function reportCases(): readonly (readonly [code: string, why: string, message: Bytes])[] {
  const whole = encodeCbor([attest(token), activate, firmware()]);
  return [
    ['OK', 'what it attests, that it is active, what it runs', whole],
    ['OK', 'what it runs', encodeCbor([firmware()])],
    ['OK', 'the longest token', encodeCbor([attest(new Uint8Array(2_048)), activate])],
    ['REPORT_FOREIGN', 'another action', encodeCbor([revoke])],
    ['REPORT_FOREIGN', 'another action beside one of its own', encodeCbor([activate, revoke])],
    ['REPORT_FOREIGN', 'of another device', encodeCbor([firmware({ id: namedId('another') })])],
    ['REPORT_FOREIGN', 'of two devices', encodeCbor([attest(token, namedId('another')), activate])],
    ['UNSORTED', 'another order', encodeCbor([activate, attest(token)])],
    ['DUPLICATE_KEY', 'twice the same', encodeCbor([firmware(), firmware()])],
    ['LENGTH_WRONG', 'nothing in it', encodeCbor([])],
    ['LENGTH_WRONG', 'four', encodeCbor([attest(token), activate, firmware(), firmware()])],
    ['WRONG_TYPE', 'no list', encodeCbor(map(FIRMWARE))],
    ['WRONG_TYPE', 'an action without a body', encodeCbor([['device/activate', null]])],
    ['NUMBER_RANGE', 'number 0', encodeCbor([firmware({ counter: 0 })])],
    ['LENGTH_WRONG', 'a proof of 63 bytes', encodeCbor([firmware({ proof: new Uint8Array(63) })])],
    ['MISSING_FIELD', 'a body without a digest', encodeCbor([['device/report-firmware', map({ id: device })]])],
    ['UNKNOWN_FIELD', 'a field more', encodeCbor([firmware({ model: namedId('lamp') })])],
    ['LENGTH_WRONG', 'a token beyond 2,048 bytes', encodeCbor([attest(new Uint8Array(2_049))])],
    ['TRAILING_BYTES', 'a byte after the end', concatBytes(whole, Uint8Array.of(0))],
    ['TRUNCATED', 'cut short', whole.subarray(0, -1)],
    ['TRUNCATED', 'nothing', new Uint8Array(0)],
    ['TOO_LARGE', 'beyond 4,096 bytes', new Uint8Array(4_097)],
  ];
}

/** The text of vectors/reports/forms.json. */
export function renderReportVectors(): string {
  const cases = reportCases().map(([code, why, message]) => ({ why, message: toHex(message), code }));
  return `${JSON.stringify({ device: toHex(device), cases }, null, 2)}\n`;
}

if (import.meta.main) {
  const file = join(resolve(import.meta.dirname, '..'), 'vectors/reports/forms.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, renderReportVectors());
}
