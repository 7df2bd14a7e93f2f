import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { pageCrypto } from '@oppidum/formats/page-crypto';
import { nativeCrypto } from './native-crypto.ts';
import { nodeCrypto } from './node-crypto.ts';
import { ed25519Signer } from './signer.ts';
import { sodium } from './sodium.ts';

const BACKENDS = { noble: nobleCrypto, page: pageCrypto, node: nodeCrypto, native: nativeCrypto };

test('libsodium loads on the platforms we test on', () => {
  assert.notEqual(sodium, null);
  assert.notEqual(nativeCrypto.verifyEd25519, nodeCrypto.verifyEd25519);
});

for (const [name, crypto] of Object.entries(BACKENDS)) {
  test(`${name}: SHA-256 of every length about the block size, also into a larger array`, () => {
    for (const size of [0, 1, 32, 55, 56, 63, 64, 65, 127, 128, 1000]) {
      const data = Uint8Array.from({ length: size }, (_, i) => (7 * i) & 255);
      const digest = new Uint8Array(createHash('sha256').update(data).digest());
      assert.deepEqual(crypto.sha256(data), digest);
      const out = new Uint8Array(40).fill(9);
      crypto.sha256Into(data, out, 5);
      assert.deepEqual(out, Uint8Array.of(9, 9, 9, 9, 9, ...digest, 9, 9, 9));
    }
  });

  test(`${name}: hashes and verifies inside larger and shared arrays`, () => {
    const signer = ed25519Signer(new Uint8Array(32).fill(1));
    const message = new Uint8Array(80).fill(3);
    const parts = [signer.sign(message), message, signer.publicKey];
    const shared = new Uint8Array(new SharedArrayBuffer(200));
    let offset = 3;
    const views = parts.map((part) => {
      shared.set(part, offset);
      offset += part.length;
      return shared.subarray(offset - part.length, offset);
    });
    const [signature, body, publicKey] = views as [Uint8Array, Uint8Array, Uint8Array];
    assert.equal(crypto.verifyEd25519(publicKey, body, signature), true);
    assert.deepEqual(crypto.sha256(body), nobleCrypto.sha256(message));
    shared[3 + 64] = 4;
    assert.equal(crypto.verifyEd25519(publicKey, body, signature), false);
  });

  test(`${name}: a key that is no point verifies nothing`, () => {
    const off = Uint8Array.of(2, ...new Uint8Array(31)); // y = 2 has no x on edwards25519
    assert.equal(crypto.verifyEd25519(off, new Uint8Array(0), new Uint8Array(64)), false);
    const offP256 = Uint8Array.of(2, ...new Uint8Array(31), 1); // x = 1 has no y on P-256
    assert.equal(crypto.verifyP256(offP256, new Uint8Array(0), new Uint8Array(64).fill(1)), false);
  });
}
