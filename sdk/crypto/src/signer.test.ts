import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { verifyEd25519 } from '@oppidum/formats/ed25519';
import { hasLowS, verifyEs256LowS } from '@oppidum/formats/es256';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { nativeCrypto } from './native-crypto.ts';
import { nodeCrypto } from './node-crypto.ts';
import { ed25519Signer, generateSeed, nodeEd25519Signer, p256Signer } from './signer.ts';

const BACKENDS = [nobleCrypto, nodeCrypto, nativeCrypto];

test('the second test of RFC 8032 §7.1, by both libraries', () => {
  const seed = parseHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
  for (const signer of [ed25519Signer(seed), nodeEd25519Signer(seed)]) {
    assert.equal(toHex(signer.publicKey), '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    assert.equal(
      toHex(signer.sign(Uint8Array.of(0x72))),
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  }
});

test('both libraries sign alike, and every backend verifies', () => {
  for (const size of [0, 1, 65, 1000]) {
    const seed = generateSeed();
    const message = new Uint8Array(size).fill(size);
    const signature = ed25519Signer(seed).sign(message);
    assert.deepEqual(nodeEd25519Signer(seed).sign(message), signature);
    for (const crypto of BACKENDS) {
      assert.equal(verifyEd25519(crypto, ed25519Signer(seed).publicKey, message, signature), true);
      assert.equal(verifyEd25519(crypto, ed25519Signer(seed).publicKey, Uint8Array.of(...message, 0), signature), false);
    }
  }
});

test('ES256 signatures always have the lower s, and every backend verifies them', () => {
  const signer = p256Signer(generateSeed());
  for (let i = 0; i < 16; i++) {
    const message = encodeUtf8(`message ${i}`);
    const signature = signer.sign(message);
    assert.ok(hasLowS(signature));
    for (const crypto of BACKENDS) assert.equal(verifyEs256LowS(crypto, signer.publicKey, message, signature), true);
  }
});

test('the key pair of RFC 6979 A.2.5', () => {
  const signer = p256Signer(parseHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721'));
  assert.equal(toHex(signer.publicKey), '0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6');
});

test('what is no private key is refused', () => {
  assert.throws(() => ed25519Signer(new Uint8Array(31)), RangeError);
  const order = parseHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  for (const bytes of [new Uint8Array(32), order, new Uint8Array(33).fill(1), new Uint8Array(0)])
    assert.throws(() => p256Signer(bytes), RangeError);
});
