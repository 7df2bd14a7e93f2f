import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { nodeCrypto } from '@oppidum/crypto/node-crypto';
import { parseHex } from '@oppidum/formats/bytes';
import { checkEd25519PublicKey, verifyEd25519 } from '@oppidum/formats/ed25519';
import { verifyEs256AnyS, verifyEs256LowS } from '@oppidum/formats/es256';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { pageCrypto } from '@oppidum/formats/page-crypto';
import { renderSignatureVectors } from '../../tools/signature-vectors.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors');
const BACKENDS = { native: nativeCrypto, node: nodeCrypto, noble: nobleCrypto, page: pageCrypto };

type Signed = { readonly why: string; readonly publicKey: string; readonly message: string; readonly signature: string };

function read<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}

test('the files are what the maker writes', () => {
  for (const [file, text] of renderSignatureVectors())
    assert.equal(readFileSync(join(FOLDER, file), 'utf8'), text, `run \`node tools/signature-vectors.ts\` (${file})`);
});

test('ed25519-rule/keys: which bytes can be a key', () => {
  for (const { why, publicKey, usable } of read<{ why: string; publicKey: string; usable: boolean }>('ed25519-rule/keys.json'))
    assert.equal(checkEd25519PublicKey(parseHex(publicKey)), usable, why);
});

for (const [name, crypto] of Object.entries(BACKENDS)) {
  test(`ed25519-rule/signatures: ${name}`, () => {
    for (const { why, accepted, ...hex } of read<Signed & { accepted: boolean }>('ed25519-rule/signatures.json')) {
      const [publicKey, message, signature] = [hex.publicKey, hex.message, hex.signature].map((text) => parseHex(text)) as Triple;
      assert.equal(verifyEd25519(crypto, publicKey, message, signature), accepted, why);
    }
  });

  test(`es256/signatures: ${name}`, () => {
    for (const { why, lowS, anyS, ...hex } of read<Signed & { lowS: boolean; anyS: boolean }>('es256/signatures.json')) {
      const [publicKey, message, signature] = [hex.publicKey, hex.message, hex.signature].map((text) => parseHex(text)) as Triple;
      assert.equal(verifyEs256LowS(crypto, publicKey, message, signature), lowS, why);
      assert.equal(verifyEs256AnyS(crypto, publicKey, message, signature), anyS, why);
    }
  });
}

type Triple = [Uint8Array, Uint8Array, Uint8Array];
