import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodeUint32 } from '@oppidum/formats/bytes';
import { EDDSA } from '@oppidum/formats/ids';
import { type SignatureJob, SignatureVerifier } from './signature-verifier.ts';

const signer = ed25519Signer(new Uint8Array(32).fill(1));

/** Each tenth has the signature of another message. */
function jobsFrom(first: number, count: number): SignatureJob[] {
  return Array.from({ length: count }, (_, i) => {
    const n = first + i;
    const signature = signer.sign(encodeUint32(n % 10 === 0 ? n + 1 : n));
    return { algorithm: EDDSA, publicKey: signer.publicKey, message: encodeUint32(n), signature };
  });
}

const expected = (first: number, count: number): boolean[] => Array.from({ length: count }, (_, i) => (first + i) % 10 !== 0);

test('what is asked at the same time is answered for itself and in order, however it travels', async () => {
  const verifier = new SignatureVerifier(nativeCrypto);
  try {
    // Few and many, one without a job: a few are verified on the spot only where nothing is with the worker.
    const counts = [32, 9, 1, 0, 40, 400, 100, 700, 3, 20];
    const settled: number[] = [];
    let first = 0;
    const asked = counts.map(async (count, i) => {
      const from = first;
      first += count;
      const answers = await verifier.verify(jobsFrom(from, count));
      settled.push(i);
      assert.deepEqual(answers, expected(from, count));
    });
    await Promise.all(asked);
    assert.deepEqual(
      settled,
      counts.map((_, i) => i),
    );
    assert.deepEqual(await verifier.verify(jobsFrom(1, 3)), expected(1, 3));
  } finally {
    await verifier.close();
  }
});

test('what was asked and not answered is refused when the verifier closes, sent or not', async () => {
  const verifier = new SignatureVerifier(nativeCrypto);
  const asked = Array.from({ length: 6 }, (_, i) => verifier.verify(jobsFrom(100 * i, 600)));
  const outcomes = Promise.allSettled(asked);
  await verifier.close();
  for (const outcome of await outcomes) assert.equal(outcome.status, 'rejected');
  await assert.rejects(verifier.verify(jobsFrom(0, 1)), /closed/);
});
