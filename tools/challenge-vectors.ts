/**
 * Writes vectors/orders/challenges.json: challenges of devices, true and false, each with its code and why.
 * `node tools/challenge-vectors.ts`; specs/doors.md §9 says how to read them. Keys are test keys: nobody's.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Bytes, concatBytes, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import type { Signer } from '@oppidum/formats/crypto';
import { challengeToBeSigned, draftChallenge } from '@oppidum/formats/device-challenge';
import { deviceIdOf } from '@oppidum/formats/ids';
import { nodeCrypto } from '../test/support/crypto.ts';
import { namedId } from '../test/support/ledger.ts';
import { namedSigner } from '../test/support/signers.ts';
import { es256Signer } from './signature-vectors.ts';

const city = namedId('city');
const signer = namedSigner('device');
const device = deviceIdOf(nodeCrypto, signer.publicKey);
const BODY = { city, device, challenge: namedId('challenge'), keyNumber: 0, number: 1 };

function challenge(changes: Partial<typeof BODY> = {}, by: Signer = signer): Bytes {
  const { toBeSigned, seal } = draftChallenge(nodeCrypto, { ...BODY, ...changes });
  return seal(by.sign(toBeSigned));
}

/** A map that no honest device writes. */
function odd(change: (map: CborMap) => void): Bytes {
  const signature = signer.sign(challengeToBeSigned(nodeCrypto, BODY));
  const map: CborMap = new Map<string, CborValue>(Object.entries({ ...BODY, signature }));
  change(map);
  return encodeCbor(map);
}

/** Code of the first check that refuses, or OK. The key is the test key `device` unless `key` says otherwise. */
function challengeCases(): readonly (readonly [code: string, why: string, message: Bytes, key?: Signer])[] {
  const plain = challenge();
  const signature = signer.sign(nodeCrypto.sha256(encodeCbor(new Map<string, CborValue>(Object.entries(BODY)))));
  return [
    ['OK', 'plain', plain],
    ['OK', 'ES256 with low s', challenge({}, es256Signer), es256Signer],
    ['OK', 'the highest number', challenge({ number: Number.MAX_SAFE_INTEGER })],
    ['OK', 'the highest key number', challenge({ keyNumber: 0xffffffff })],
    ['CHALLENGE_FOREIGN', 'of another device', challenge({ device: namedId('another device') })],
    ['WRONG_CITY', 'of another city', challenge({ city: namedId('another city') })],
    ['NUMBER_RANGE', 'number 0', odd((map) => map.set('number', 0))],
    ['NUMBER_RANGE', 'a key number of five bytes', odd((map) => map.set('keyNumber', 0x100000000))],
    ['LENGTH_WRONG', 'a challenge of 31 bytes', odd((map) => map.set('challenge', BODY.challenge.slice(1)))],
    ['LENGTH_WRONG', 'a signature of 63 bytes', odd((map) => map.set('signature', signature.slice(1)))],
    ['WRONG_TYPE', 'a challenge that is a text', odd((map) => map.set('challenge', toHex(BODY.challenge)))],
    ['WRONG_TYPE', 'no map', encodeCbor([plain])],
    ['UNKNOWN_FIELD', 'a field more', odd((map) => map.set('zone', namedId('zone')))],
    ['MISSING_FIELD', 'unsigned', odd((map) => map.delete('signature'))],
    ['TRAILING_BYTES', 'a byte after the end', concatBytes(plain, Uint8Array.of(0))],
    ['TRUNCATED', 'cut short', plain.subarray(0, -1)],
    ['TRUNCATED', 'nothing', new Uint8Array(0)],
    ['TOO_LARGE', 'beyond 512 bytes', new Uint8Array(513)],
    ['SIGNATURE_INVALID', 'by another key', challenge({}, namedSigner('mallory'))],
    ['SIGNATURE_INVALID', 'signed without its context', odd((map) => map.set('signature', signature))],
    ['SIGNATURE_INVALID', 'another number than was signed', odd((map) => map.set('number', 2))],
    ['SIGNATURE_INVALID', 'by a key of another algorithm', plain, es256Signer],
  ];
}

/** The text of vectors/orders/challenges.json. */
export function renderChallengeVectors(): string {
  const cases = challengeCases().map(([code, why, message, key = signer]) => ({
    why,
    message: toHex(message),
    key: { algorithm: key.algorithm, publicKey: toHex(key.publicKey) },
    code,
  }));
  return `${JSON.stringify({ city: toHex(city), device: toHex(device), cases }, null, 2)}\n`;
}

if (import.meta.main) {
  const file = join(resolve(import.meta.dirname, '..'), 'vectors/orders/challenges.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, renderChallengeVectors());
}
