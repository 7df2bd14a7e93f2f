/**
 * Writes vectors/tokens/tokens.json: tokens of devices, true and false, each with its code and why. `node tools/token-vectors.ts`;
 * specs/doors.md says how to read them. Keys are test keys: nobody's.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Bytes, concatBytes, encodeUint32, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import { draftToken, type TokenClaims } from '@oppidum/formats/connection-token';
import { encodeSign1, parseSign1, sign1ToBeSigned } from '@oppidum/formats/cose';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { nodeCrypto } from '../test/support/crypto.ts';
import { namedId } from '../test/support/ledger.ts';
import { namedSigner } from '../test/support/signers.ts';
import { es256Signer } from './signature-vectors.ts';

const NOW_S = 1_790_000_000;
const { tokenLifetimeMaxS: LIFE_S, tokenClockErrorMaxS: ERROR_S } = LIMITS;

const audience = namedId('city');
const signer = namedSigner('device');
const device = deviceIdOf(nodeCrypto, signer.publicKey);
const CLAIMS: TokenClaims = {
  ...{ audience, device, keyNumber: 0, issuedS: NOW_S, expiresS: NOW_S + LIFE_S },
  id: namedId('token').slice(0, 16),
};

function token(changes: Partial<TokenClaims> = {}, by: Signer = signer): Bytes {
  const { toBeSigned, seal } = draftToken(by.algorithm, { ...CLAIMS, ...changes });
  return seal(by.sign(toBeSigned));
}

const HEADER: readonly (readonly [number, CborValue])[] = [
  [1, -8],
  [4, concatBytes(device, encodeUint32(0))],
  [16, 61],
];
const PAYLOAD: readonly (readonly [number, CborValue])[] = [
  [3, toHex(audience)],
  [4, NOW_S + LIFE_S],
  [6, NOW_S],
  [7, CLAIMS.id],
  [9, 'mqtt'],
];

type Odd = {
  readonly header?: (header: CborMap) => void;
  readonly claims?: (claims: CborMap) => void;
  readonly payload?: Bytes | null;
  readonly unprotectedHeader?: CborMap;
};

/** A token signed truly, over a header and claims that no honest device writes. */
function odd({ header, claims, unprotectedHeader = new Map(), ...others }: Odd): Bytes {
  const [protectedHeader, map]: CborMap[] = [new Map(HEADER), new Map(PAYLOAD)] as [CborMap, CborMap];
  header?.(protectedHeader as CborMap);
  claims?.(map as CborMap);
  const payload = others.payload === undefined ? encodeCbor(map as CborMap) : others.payload;
  const toBeSigned = sign1ToBeSigned(encodeCbor(protectedHeader as CborMap), new Uint8Array(0), payload ?? new Uint8Array(0));
  return encodeSign1({
    protectedHeader: protectedHeader as CborMap,
    unprotectedHeader,
    payload,
    signature: signer.sign(toBeSigned),
  });
}

/** Code of the first check that refuses, or OK, at NOW_S. The key is the test key `device` unless `key` says otherwise. */
function tokenCases(): readonly (readonly [code: string, why: string, token: Bytes, key?: Signer])[] {
  const plain = token();
  const { signature, payload, protectedHeader } = parseSign1(plain);
  const withSignature = (bytes: Bytes) => encodeSign1({ protectedHeader, payload, signature: bytes });
  return [
    ['OK', 'good for ten minutes', plain],
    ['OK', 'ES256 with low s', token({}, es256Signer), es256Signer],
    ['OK', 'good for a second', token({ expiresS: NOW_S + 1 })],
    ['OK', 'a clock five minutes ahead', token({ issuedS: NOW_S + ERROR_S, expiresS: NOW_S + ERROR_S + LIFE_S })],
    [
      'NOT_YET_VALID',
      'a clock more than five minutes ahead',
      token({ issuedS: NOW_S + ERROR_S + 1, expiresS: NOW_S + ERROR_S + 2 }),
    ],
    [
      'OK',
      'past its time by less than five minutes',
      token({ issuedS: NOW_S - LIFE_S - ERROR_S + 1, expiresS: NOW_S - ERROR_S + 1 }),
    ],
    ['EXPIRED', 'past its time by five minutes', token({ issuedS: NOW_S - LIFE_S - ERROR_S, expiresS: NOW_S - ERROR_S })],
    ['WRONG_CITY', 'of another city', token({ audience: namedId('another city') })],
    ['NUMBER_RANGE', 'good for more than ten minutes', token({ expiresS: NOW_S + LIFE_S + 1 })],
    ['NUMBER_RANGE', 'past its time when it was signed', token({ expiresS: NOW_S })],
    ['NUMBER_RANGE', 'another type of token', odd({ header: (map) => map.set(16, 60) })],
    ['NUMBER_RANGE', 'another algorithm', odd({ header: (map) => map.set(1, -35) })],
    ['WRONG_TYPE', 'for another purpose', odd({ claims: (map) => map.set(9, 'http') })],
    ['WRONG_TYPE', 'claims that are no map', odd({ payload: encodeCbor([1]) })],
    ['LENGTH_WRONG', 'a key id without key number', odd({ header: (map) => map.set(4, device) })],
    ['LENGTH_WRONG', '15 random bytes', odd({ claims: (map) => map.set(7, CLAIMS.id.slice(1)) })],
    ['LENGTH_WRONG', 'an audience that is too short', odd({ claims: (map) => map.set(3, toHex(audience).slice(1)) })],
    ['TEXT_INVALID', 'an audience in capitals', odd({ claims: (map) => map.set(3, toHex(audience).toUpperCase()) })],
    ['UNKNOWN_FIELD', 'a claim more', odd({ claims: (map) => map.set(1, 'issuer') })],
    ['UNKNOWN_FIELD', 'a header label more', odd({ header: (map) => map.set(3, 112) })],
    ['UNKNOWN_FIELD', 'an unprotected header', odd({ unprotectedHeader: new Map([[9, 1]]) })],
    ['MISSING_FIELD', 'no end', odd({ claims: (map) => map.delete(4) })],
    ['MISSING_FIELD', 'no purpose', odd({ claims: (map) => map.delete(9) })],
    ['MISSING_FIELD', 'no payload', odd({ payload: null })],
    ['TRAILING_BYTES', 'a byte after the end', concatBytes(plain, Uint8Array.of(0))],
    ['WRONG_TYPE', 'without its tag', plain.subarray(1)],
    ['TRUNCATED', 'nothing', new Uint8Array(0)],
    ['TOO_LARGE', 'beyond 512 bytes', new Uint8Array(LIMITS.tokenSizeMax + 1)],
    ['LENGTH_WRONG', 'a signature of 63 bytes', withSignature(signature.subarray(1))],
    ['SIGNATURE_INVALID', 'by another key', token({}, namedSigner('mallory'))],
    ['SIGNATURE_INVALID', 'one bit of the signature', withSignature(signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte)))],
    ['SIGNATURE_INVALID', 'by a key of another algorithm', plain, es256Signer],
  ];
}

/** The text of vectors/tokens/tokens.json. */
export function renderTokenVectors(): string {
  const cases = tokenCases().map(([code, why, bytes, key = signer]) => ({
    why,
    token: toHex(bytes),
    key: { algorithm: key.algorithm, publicKey: toHex(key.publicKey) },
    code,
  }));
  return `${JSON.stringify({ audience: toHex(audience), nowS: NOW_S, cases }, null, 2)}\n`;
}

if (import.meta.main) {
  const file = join(resolve(import.meta.dirname, '..'), 'vectors/tokens/tokens.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, renderTokenVectors());
}
