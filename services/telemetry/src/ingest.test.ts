import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import type { ErrorCode } from '@oppidum/formats/errors';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { parseReading } from '@oppidum/formats/reading';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { verifyReceipt } from '@oppidum/proofs/verify-receipt';
import { foundTestCity, freshBytes, inTemporaryFolder, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import {
  act,
  activateDevice,
  createMake,
  enrolDevice,
  registerDevice,
  rotateKey,
  startShard,
  TestDevice,
  type TestMake,
} from '../../../test/support/running-shard.ts';
import type { IngestAnswer } from './client.ts';
import type { OpenShard } from './open-shard.ts';

let city: RunningCity;
let shard: OpenShard;
let make: TestMake;
let release: () => void;
const running = new Promise<void>((resolve) => {
  release = resolve;
});
let ended: Promise<void>;

before(async () => {
  await new Promise<void>((ready) => {
    ended = inTemporaryFolder(async (path) => {
      city = await runCity(await foundTestCity(path));
      shard = await startShard(city);
      make = await createMake(city);
      ready();
      await running;
      await shard.close();
      await city.stop();
    });
  });
});
after(async () => {
  release();
  await ended;
});

/** The leaf that the answer's receipt proves; it speaks of exactly this envelope unless another digest is expected. */
function leafOf(answer: IngestAnswer, envelope: Bytes) {
  assert.notEqual(answer.kind, 'passing', JSON.stringify(answer));
  assert.ok(answer.kind !== 'passing');
  const { id } = shard.client.status();
  const { receiptKey } = city.client.read(at(shardKind, id))!;
  const leaf = verifyReceipt(crypto, answer.receipt, { shard: id, receiptKey });
  assert.ok(!('code' in leaf), JSON.stringify(leaf));
  const { device, keyNumber, sequence, audience } = parseReading(crypto, envelope);
  assert.ok(equalBytes(leaf.device, device) && equalBytes(leaf.audience, audience) && equalBytes(leaf.shard, id));
  assert.deepEqual([leaf.keyNumber, leaf.sequence], [keyNumber, sequence]);
  assert.deepEqual(answer.digest, leaf.digest);
  return leaf;
}

async function assertPassing(envelope: Bytes, code: ErrorCode): Promise<void> {
  const { size } = shard.client.status();
  const answer = await shard.client.ingest(envelope);
  assert.equal(answer.kind, 'passing');
  assert.equal(answer.kind === 'passing' && answer.rejection.code, code);
  assert.equal(shard.client.status().size, size, 'nothing was kept');
}

async function assertRefused(envelope: Bytes, code: ErrorCode): Promise<void> {
  const { size } = shard.client.status();
  const answer = await shard.client.ingest(envelope);
  assert.equal(answer.kind, 'refused', JSON.stringify(answer));
  const leaf = leafOf(answer, envelope);
  assert.deepEqual([leaf.refusal, leaf.index], [code, undefined]);
  assert.deepEqual(leaf.digest, crypto.sha256(envelope));
  assert.equal(answer.kind === 'refused' && answer.rejection.code, code);
  assert.equal(shard.client.status().size, size, 'nothing was kept');
  assert.equal(shard.client.reading(crypto.sha256(envelope)), null);
}

async function assertKept(envelope: Bytes): Promise<IngestAnswer> {
  const answer = await shard.client.ingest(envelope);
  assert.equal(answer.kind, 'kept', JSON.stringify(answer));
  const leaf = leafOf(answer, envelope);
  assert.deepEqual(leaf.digest, crypto.sha256(envelope));
  assert.equal(leaf.index, answer.kind === 'kept' ? answer.index : -1);
  const kept = shard.client.reading(leaf.digest)!;
  assert.deepEqual([kept.index, kept.envelope], [leaf.index, envelope]);
  assert.equal(kept.envelope!.constructor, Uint8Array, 'plain bytes, no Buffer');
  return answer;
}

const record = { n: 'power', u: 'W', v: 1 };
/** So many records, in the labels of RFC 8428 table 4. */
function packOf(device: Bytes, count: number): Bytes {
  const base = new Map<number, CborValue>([
    [-2, `${deviceUrnPrefix(device)}power`],
    [-3, 1_700_000_000],
  ]);
  return encodeCbor(Array.from({ length: count }, (_, i) => new Map([...(i === 0 ? base : []), [2, 1]])));
}

describe('what is never signed for, because it may pass', () => {
  /** Alters one byte, from the end. */
  const flipped = (envelope: Bytes, fromEnd: number): Bytes =>
    envelope.with(envelope.length - fromEnd, envelope.at(-fromEnd)! ^ 1);

  test('bytes that are no reading', async () => {
    const lamp = await enrolDevice(city, make);
    const envelope = lamp.sign(1);
    await assertPassing(new Uint8Array(0), 'TRUNCATED');
    await assertPassing(envelope.subarray(0, -1), 'TRUNCATED');
    await assertPassing(Uint8Array.of(...envelope, 0), 'TRAILING_BYTES');
    await assertPassing(new Uint8Array(LIMITS.readingSizeMax + 1), 'TOO_LARGE');
    await assertPassing(encodeCbor([1, 2, 3, 4]), 'WRONG_TYPE');
  });

  test('another city, device or key', async () => {
    const lamp = await enrolDevice(city, make);
    await assertPassing(lamp.sign(1, { audience: freshBytes(32) }), 'WRONG_CITY');
    await assertPassing(new TestDevice(city.client.genesisHash).sign(1), 'DEVICE_UNKNOWN');
    await assertPassing(lamp.sign(1, { keyNumber: 1, signer: lamp.signers[0]! }), 'KEY_UNKNOWN');
  });

  test('a signature that does not verify', async () => {
    const [lamp, other] = [await enrolDevice(city, make), await enrolDevice(city, make)];
    await assertPassing(flipped(lamp.sign(1), 1), 'SIGNATURE_INVALID');
    await assertPassing(lamp.sign(1, { signer: other.signers[0]! }), 'SIGNATURE_INVALID');
    // Also where the content could never be accepted: a stranger must not end a sequence number.
    await assertPassing(lamp.sign(1, { signer: other.signers[0]!, payload: encodeCbor(1) }), 'SIGNATURE_INVALID');
    await assertKept(lamp.sign(1));
  });

  test('a device that is not active yet, is suspended, has another key, or is revoked', async () => {
    const { client, operator } = city;
    const lamp = await registerDevice(city, make);
    await assertPassing(lamp.sign(1), 'DEVICE_NOT_ACTIVE');
    await activateDevice(city, lamp);
    await assertKept(lamp.sign(1));
    await act(client, operator, 'device/suspend', { id: lamp.id, reason: 'test' });
    await assertPassing(lamp.sign(2), 'DEVICE_SUSPENDED');
    await assertPassing(lamp.sign(1), 'DEVICE_SUSPENDED');
    await act(client, operator, 'device/resume', { id: lamp.id });
    await assertKept(lamp.sign(2));
    await rotateKey(city, lamp);
    await assertPassing(lamp.sign(3), 'KEY_REVOKED');
    await assertKept(lamp.sign(1, { keyNumber: 1 }));
    await act(client, operator, 'device/revoke', { id: lamp.id, reason: 'test' });
    await assertPassing(lamp.sign(2, { keyNumber: 1 }), 'DEVICE_REVOKED');
  });

  test('a model or a maker that was revoked', async () => {
    const { client, operator } = city;
    const doomed = await createMake(city);
    const lamp = await enrolDevice(city, doomed);
    await act(client, operator, 'model/revoke', { id: doomed.model, reason: 'test' });
    await assertPassing(lamp.sign(1), 'MODEL_REVOKED');
    const maker = await createMake(city);
    const other = await enrolDevice(city, maker);
    await act(client, operator, 'manufacturer/revoke', { id: maker.manufacturer, reason: 'test' });
    await assertPassing(other.sign(1), 'MANUFACTURER_REVOKED');
  });

  test('a clock that runs ahead', async () => {
    const lamp = await enrolDevice(city, make);
    const aheadS = Date.now() / 1000 + LIMITS.clockAheadMs / 1000;
    await assertPassing(lamp.sign(1, { timeS: Math.ceil(aheadS) + 3_600 }), 'CLOCK_AHEAD');
    await assertPassing(
      lamp.sign(1, {
        records: [
          { ...record, t: 0 },
          { ...record, t: 3_600 },
        ],
      }),
      'CLOCK_AHEAD',
    );
    await assertKept(lamp.sign(1, { timeS: 1_600_000_000 }));
    // A minute on either side of the limit: no pause of the machine is as long.
    await assertPassing(lamp.sign(2, { timeS: Math.ceil(aheadS) + 60 }), 'CLOCK_AHEAD');
    await assertPassing(lamp.sign(2, { timeS: Math.ceil(aheadS) + 60, clockErrorMs: 120_000 }), 'CLOCK_AHEAD');
    await assertKept(lamp.sign(2, { timeS: Math.floor(aheadS) - 60 }));
  });

  test('but a simulated model may be at any time', async () => {
    const simulated = await enrolDevice(city, await createMake(city, { simulated: true }));
    await assertKept(simulated.sign(1, { timeS: Math.ceil(Date.now() / 1_000) + 366 * 86_400 }));
  });
});

describe('what is refused for good, with a receipt', () => {
  const cases: readonly [string, Parameters<TestDevice['sign']>[1], ErrorCode][] = [
    ['a payload that is no SenML', { payload: encodeCbor(new Map([['a', 1]])) }, 'WRONG_TYPE'],
    ['a payload that is no CBOR', { payload: Uint8Array.of(0xff) }, 'UNSUPPORTED_TYPE'],
    ['a time relative to now', { timeS: 5 }, 'SENML_TIME_RELATIVE'],
    ['a record with two values', { records: [{ ...record, vb: true }] }, 'SENML_VALUE_COUNT'],
    ['a record without a name', { records: [{ v: 1 }] }, 'SENML_FOREIGN_NAME'],
    ['a time no clock has', { timeS: LIMITS.senmlTimeMaxS + 1 }, 'NUMBER_RANGE'],
  ];
  for (const [what, options, code] of cases) {
    test(what, async () => {
      const lamp = await enrolDevice(city, make);
      const envelope = lamp.sign(1, options);
      await assertRefused(envelope, code);
      const again = [await shard.client.ingest(envelope), await shard.client.ingest(envelope)];
      const receipts = again.map((answer) => answer.kind === 'refused' && toHex(answer.receipt));
      assert.equal(receipts[0], receipts[1], 'the same receipt');
      await assertRefused(lamp.sign(1), 'SEQUENCE_REUSED');
      await assertKept(lamp.sign(2));
    });
  }

  test('a pack of 10,001 records, while 10,000 are kept', async () => {
    const lamp = await enrolDevice(city, make);
    const countMax = LIMITS.senmlRecordCountMax;
    await assertRefused(lamp.sign(1, { payload: packOf(lamp.id, countMax + 1) }), 'TOO_LARGE');
    await assertKept(lamp.sign(2, { payload: packOf(lamp.id, countMax) }));
  });

  test('names of another device', async () => {
    const [lamp, other] = [await enrolDevice(city, make), await enrolDevice(city, make)];
    const { payload } = parseReading(crypto, other.sign(1));
    await assertRefused(lamp.sign(1, { payload }), 'SENML_FOREIGN_NAME');
  });
});

describe('sequence numbers', () => {
  test('the same reading again gets the same receipt, also at the same time', async () => {
    const lamp = await enrolDevice(city, make);
    const envelope = lamp.sign(1);
    const together = await Promise.all([envelope, envelope, envelope].map((each) => shard.client.ingest(each)));
    const later = await shard.client.ingest(envelope);
    const receipts = [...together, later].map((answer) => answer.kind === 'kept' && toHex(answer.receipt));
    assert.equal(new Set(receipts).size, 1);
    assert.ok(receipts[0] !== false);
  });

  test('another signature over the same payload is the same reading', async () => {
    const lamp = await enrolDevice(city, make);
    const first = lamp.sign(1);
    const kept = await assertKept(first);
    const { payload } = parseReading(crypto, first);
    const again = await shard.client.ingest(lamp.sign(1, { payload }));
    assert.deepEqual(again, kept);
    assert.equal(
      shard.clones().some(({ device }) => equalBytes(device, lamp.id)),
      false,
    );
  });

  test('late arrivals are welcome down to 1,024 below the highest', async () => {
    const lamp = await enrolDevice(city, make);
    const highest = 2 * LIMITS.sequenceWindow;
    await assertKept(lamp.sign(highest));
    await assertKept(lamp.sign(highest - LIMITS.sequenceWindow));
    const old = lamp.sign(highest - LIMITS.sequenceWindow - 1);
    await assertRefused(old, 'SEQUENCE_TOO_OLD');
    await assertRefused(old, 'SEQUENCE_TOO_OLD');
    await assertKept(lamp.sign(highest - 1));
    // A number that was kept before the window moved on keeps its receipt.
    const early = await enrolDevice(city, make);
    const first = early.sign(1);
    const kept = await assertKept(first);
    await assertKept(early.sign(highest));
    assert.deepEqual(await shard.client.ingest(first), kept);
  });

  test('numbers of one key are not those of another', async () => {
    const lamp = await enrolDevice(city, make);
    await assertKept(lamp.sign(5_000));
    await rotateKey(city, lamp);
    await assertKept(lamp.sign(1, { keyNumber: 1 }));
  });

  test('another payload under a used number is a clone, which the ledger believes', async () => {
    const lamp = await enrolDevice(city, make);
    await assertKept(lamp.sign(1));
    const [second, third] = [lamp.sign(1, { records: [{ ...record, v: 2 }] }), lamp.sign(1, { records: [{ ...record, v: 3 }] })];
    await assertRefused(second, 'SEQUENCE_REUSED');
    await assertRefused(third, 'SEQUENCE_REUSED');
    const found = shard.clones().filter(({ device }) => equalBytes(device, lamp.id));
    assert.equal(found.length, 1);
    const { report } = found[0]!;
    assert.deepEqual((report!.body as Map<string, Bytes>).get('second'), second);
    await act(city.client, city.operator, report!.kind, Object.fromEntries(report!.body as Map<string, Bytes>));
    await assertPassing(lamp.sign(2), 'DEVICE_SUSPENDED');
  });

  test('both halves of a clone in one group: the first wins', async () => {
    const lamp = await enrolDevice(city, make);
    const [first, second] = [lamp.sign(1), lamp.sign(1, { records: [{ ...record, v: 2 }] })];
    const answers = await Promise.all([shard.client.ingest(first), shard.client.ingest(second)]);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['kept', 'refused'],
    );
    assert.equal(leafOf(answers[1], second).refusal, 'SEQUENCE_REUSED');
    assert.equal(shard.clones().filter(({ device }) => equalBytes(device, lamp.id)).length, 1);
  });
});
