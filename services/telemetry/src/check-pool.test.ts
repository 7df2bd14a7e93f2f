import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer, p256Signer } from '@oppidum/crypto/signer';
import { encodeCbor } from '@oppidum/formats/cbor';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf, deviceUrnPrefix } from '@oppidum/formats/ids';
import { parseReading, signReading } from '@oppidum/formats/reading';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import { freshBytes } from '../../../test/support/running-city.ts';
import { CheckPool } from './check-pool.ts';
import { checkSigned, encodeFindings, encodeSignedJobs, parseFindings, parseSignedJobs, type SignedJob } from './signed-check.ts';

const signers: readonly Signer[] = [ed25519Signer(freshBytes(32)), p256Signer(Uint8Array.of(1, ...freshBytes(31)))];

/** In turn: acceptable, altered, no SenML at all, a name of another device, acceptable in a form that is not the usual one. */
function jobOf(i: number): SignedJob {
  const signer = signers[i % 2] as Signer;
  const device = deviceIdOf(crypto, signer.publicKey);
  const bn = deviceUrnPrefix(i % 5 === 3 ? freshBytes(32) : device);
  const value = i % 5 === 4 ? { vs: 'open' } : { v: i / 4 };
  const payload = i % 5 === 2 ? encodeCbor(i) : encodeSenmlCbor([{ bn, bt: 1_790_000_000 + i, n: 'power', ...value }]);
  const header = { audience: freshBytes(32), device, keyNumber: 0, sequence: i + 1, nonce: freshBytes(16) };
  const envelope = signReading(signer, header, payload);
  const reading = parseReading(crypto, envelope);
  const signature = i % 5 === 1 ? freshBytes(64) : reading.signature;
  return { reading: { ...reading, signature }, key: { algorithm: signer.algorithm, publicKey: signer.publicKey } };
}

const jobs = Array.from({ length: 203 }, (_, i) => jobOf(i));
const expected = jobs.map((job) => checkSigned(crypto, job));

test('each kind is told apart', () => {
  const kinds = expected
    .slice(0, 5)
    .map((finding) => (finding === null ? 'unsigned' : (finding.refusal?.code ?? finding.latestTimeS)));
  assert.deepEqual(kinds, [1_790_000_000, 'unsigned', 'WRONG_TYPE', 'SENML_FOREIGN_NAME', 1_790_000_004]);
});

test('jobs and findings survive the way between threads', () => {
  const travelled = [...parseSignedJobs(encodeSignedJobs(jobs))];
  assert.deepEqual(
    travelled.map((job) => checkSigned(crypto, job)),
    expected,
  );
  assert.deepEqual(parseFindings(encodeFindings(expected)), expected);
});

describe('a pool', () => {
  const pool = new CheckPool(crypto, 2);
  after(() => pool.close());

  test('finds the same as one thread, in the order asked, few or many at a time', async () => {
    const sizes = [1, 11, 12, 50, 3, 100, 26];
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    const parts = sizes.map((size, i) => jobs.slice(starts[i] as number, (starts[i] as number) + size));
    const found = await Promise.all(parts.map((part) => pool.check(part)));
    assert.deepEqual(found.flat(), expected);
  });

  test('refuses what waits when it is closed, and everything after', async () => {
    const closing = new CheckPool(crypto, 1);
    const waiting = assert.rejects(closing.check(jobs), /closed/);
    await closing.close();
    await waiting;
    await assert.rejects(closing.check(jobs.slice(0, 1)), /closed/);
  });
});
