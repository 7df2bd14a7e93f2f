import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseHex } from '@oppidum/formats/bytes';
import { checkToken, parseToken, tokenToBeSigned } from '@oppidum/formats/connection-token';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { Algorithm, PublicKey } from '@oppidum/formats/ids';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { verifySignature } from '@oppidum/formats/public-key';
import { renderTokenVectors } from '../../tools/token-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';

const FILE = join(resolve(import.meta.dirname, '../..'), 'vectors/tokens/tokens.json');

type TokenVectors = {
  readonly audience: string;
  readonly nowS: number;
  readonly cases: readonly {
    readonly why: string;
    readonly token: string;
    readonly key: { readonly algorithm: Algorithm; readonly publicKey: string };
    readonly code: string;
  }[];
};

const { audience, nowS, cases } = JSON.parse(readFileSync(FILE, 'utf8')) as TokenVectors;

test('the file is what the maker writes', () => {
  assert.equal(readFileSync(FILE, 'utf8'), renderTokenVectors(), 'run `node tools/token-vectors.ts`');
});

/** What a door checks of a token, in the order of specs/doors.md; whether the key may sign is the ledger's part. */
function judge(crypto: Crypto, bytes: Bytes, key: PublicKey): string {
  try {
    const token = parseToken(bytes);
    const refusal = checkToken(token, parseHex(audience), nowS * 1_000);
    if (refusal !== null) return refusal.code;
    const isSigned = token.algorithm === key.algorithm && verifySignature(crypto, key, tokenToBeSigned(token), token.signature);
    return isSigned ? 'OK' : 'SIGNATURE_INVALID';
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}

for (const { why, token, key, code } of cases) {
  test(`tokens: ${why}: ${code}`, () => {
    const publicKey = { algorithm: key.algorithm, publicKey: parseHex(key.publicKey) };
    for (const crypto of [nativeCrypto, nodeCrypto, nobleCrypto]) assert.equal(judge(crypto, parseHex(token), publicKey), code);
  });
}
