import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer, p256Signer } from '@oppidum/crypto/signer';
import { type Bytes, concatBytes, encodeUint32 } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf, deviceUrnPrefix } from '@oppidum/formats/ids';
import { parseReading, signReading } from '@oppidum/formats/reading';
import { findKid, KID_SIZE } from '@oppidum/formats/reading-form';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import { freshBytes } from '../../../test/support/running-city.ts';
import { CheckPool } from './check-pool.ts';
import {
  checkEnvelopes,
  type EnvelopeJob,
  encodeJobs,
  type Findings,
  OUTCOME,
  parseJobs,
  viewFindings,
} from './envelope-check.ts';

const signers: readonly Signer[] = [ed25519Signer(freshBytes(32)), p256Signer(Uint8Array.of(1, ...freshBytes(31)))];
const audience = freshBytes(32);
const KINDS = 7;

/**
 * In turn: acceptable, altered, no SenML at all, a name of another device, acceptable in a form that is not the usual one, of another
 * city, and said to be of another key than it is.
 */
function jobOf(i: number): EnvelopeJob {
  const [signer, kind] = [signers[i % 2] as Signer, i % KINDS];
  const device = deviceIdOf(crypto, signer.publicKey);
  const bn = deviceUrnPrefix(kind === 3 ? freshBytes(32) : device);
  const value = kind === 4 ? { vs: 'open' } : { v: i / 4 };
  const payload = kind === 2 ? encodeCbor(i) : encodeSenmlCbor([{ bn, bt: 1_790_000_000 + i, n: 'power', ...value }]);
  const city = kind === 5 ? freshBytes(32) : audience;
  const header = { audience: city, device, keyNumber: 1, sequence: i + 1, nonce: freshBytes(16) };
  const envelope = signReading(signer, header, payload);
  if (kind === 1) envelope.set(freshBytes(8), envelope.length - 40);
  const kid = concatBytes(device, encodeUint32(kind === 6 ? 0 : 1));
  return { envelope, kid, key: { algorithm: signer.algorithm, publicKey: signer.publicKey } };
}

const jobs = Array.from({ length: 203 }, (_, i) => jobOf(i));
const expected = jobs.map((job) => show(checkEnvelopes(crypto, audience, [job], 1))[0]);

function show(findings: Findings) {
  const { numbers, hashes, outcomes } = viewFindings(findings);
  const rejections = [...findings.rejections];
  return Array.from(outcomes, (outcome, i) => {
    const hasRejection = outcome === OUTCOME.refused || outcome === OUTCOME.passing;
    const [sequence, timeS] = numbers.slice(2 * i, 2 * i + 2);
    return {
      outcome,
      sequence,
      timeS,
      hashes: hashes.slice(64 * i, 64 * i + 64),
      rejection: hasRejection ? rejections.shift() : null,
    };
  });
}

test('each kind is told apart', () => {
  const kinds = expected
    .slice(0, KINDS)
    .map((found) => found?.rejection?.code ?? (found?.outcome === OUTCOME.otherKey ? 'other key' : found?.timeS));
  assert.deepEqual(kinds, [
    1_790_000_000,
    'SIGNATURE_INVALID',
    'WRONG_TYPE',
    'SENML_FOREIGN_NAME',
    1_790_000_004,
    'WRONG_CITY',
    'other key',
  ]);
  const { envelope } = jobs[0] as EnvelopeJob;
  const { digest, payload, sequence } = parseReading(crypto, envelope);
  assert.deepEqual(expected[0]?.hashes, concatBytes(digest, crypto.sha256(payload)));
  assert.equal(expected[0]?.sequence, sequence);
});

test('the kid of the usual form is found where it stands, and nowhere else', () => {
  const { envelope, kid } = jobs[0] as EnvelopeJob;
  const found = findKid(envelope);
  assert.deepEqual(envelope.slice(found, found + KID_SIZE), kid);
  const others: readonly Bytes[] = [
    new Uint8Array(0),
    envelope.slice(0, found + 20),
    envelope.map((byte, i) => (i === found - 1 ? 0 : byte)),
  ];
  for (const other of others) assert.equal(findKid(other), -1);
});

test('jobs survive the way between threads', () => {
  const travelled = parseJobs(encodeJobs(audience, jobs));
  assert.deepEqual(travelled.audience, audience);
  assert.deepEqual(show(checkEnvelopes(crypto, audience, travelled.jobs, jobs.length)), expected);
});

describe('a pool', () => {
  const pool = new CheckPool(crypto, 2);
  after(() => pool.close());

  test('finds the same as one thread, in the order asked, few or many at a time', async () => {
    const sizes = [1, 11, 12, 50, 3, 100, 26];
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
    const parts = sizes.map((size, i) => jobs.slice(starts[i] as number, (starts[i] as number) + size));
    const found = await Promise.all(parts.map((part) => pool.check(audience, part)));
    assert.deepEqual(found.flatMap(show), expected);
  });

  test('refuses what waits when it is closed, and everything after', async () => {
    const closing = new CheckPool(crypto, 1);
    const waiting = assert.rejects(closing.check(audience, jobs), /closed/);
    await closing.close();
    await waiting;
    await assert.rejects(closing.check(audience, jobs.slice(0, 1)), /closed/);
  });
});
