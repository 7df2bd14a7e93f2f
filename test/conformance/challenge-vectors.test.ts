import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, parseHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { challengeToBeSigned, parseChallenge } from '@oppidum/formats/device-challenge';
import { FormatError } from '@oppidum/formats/errors';
import type { Algorithm, PublicKey } from '@oppidum/formats/ids';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { verifySignature } from '@oppidum/formats/public-key';
import { renderChallengeVectors } from '../../tools/challenge-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';

const FILE = join(resolve(import.meta.dirname, '../..'), 'vectors/orders/challenges.json');

type ChallengeVectors = {
  readonly city: string;
  readonly device: string;
  readonly cases: readonly {
    readonly why: string;
    readonly message: string;
    readonly key: { readonly algorithm: Algorithm; readonly publicKey: string };
    readonly code: string;
  }[];
};

const { city, device, cases } = JSON.parse(readFileSync(FILE, 'utf8')) as ChallengeVectors;

test('the file is what the maker writes', () => {
  assert.equal(readFileSync(FILE, 'utf8'), renderChallengeVectors(), 'run `node tools/challenge-vectors.ts`');
});

/** What a door checks of a challenge, in the order of specs/doors.md §9; numbers before it and records are the gateway's part. */
function judge(crypto: Crypto, message: Bytes, key: PublicKey): string {
  try {
    const alleged = parseChallenge(message);
    if (!equalBytes(alleged.device, parseHex(device))) return 'CHALLENGE_FOREIGN';
    if (!equalBytes(alleged.city, parseHex(city))) return 'WRONG_CITY';
    const isSigned = verifySignature(crypto, key, challengeToBeSigned(crypto, alleged), alleged.signature);
    return isSigned ? 'OK' : 'SIGNATURE_INVALID';
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}

for (const { why, message, key, code } of cases) {
  test(`challenges: ${why}: ${code}`, () => {
    const publicKey = { algorithm: key.algorithm, publicKey: parseHex(key.publicKey) };
    for (const crypto of [nativeCrypto, nodeCrypto, nobleCrypto]) assert.equal(judge(crypto, parseHex(message), publicKey), code);
  });
}
