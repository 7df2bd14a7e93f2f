import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519Signer, p256Signer } from '@oppidum/crypto/signer';
import { FormatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { makeReceipt, type ReceiptLie } from '../../../test/support/receipts.ts';
import { DeviceClock } from './clock.ts';
import { Device } from './device.ts';
import { openOutbox } from './outbox.ts';
import type { SensorRecord } from './reading-pack.ts';

const audience = new Uint8Array(32).fill(1);
const shard = new Uint8Array(32).fill(2);
const foreign = new Uint8Array(32).fill(3);
const shardSigner = ed25519Signer(new Uint8Array(32).fill(4));
const signer = ed25519Signer(new Uint8Array(32).fill(5));
const id = deviceIdOf(nodeCrypto, signer.publicKey);
const records: readonly SensorRecord[] = [{ sensor: 'level', unit: 'm', value: 1.25, timeMs: 1_800_000_000_123 }];

function makeDevice(options: Partial<ConstructorParameters<typeof Device>[0]> = {}): Device {
  const outbox = openOutbox({ path: null, crypto: nodeCrypto, audience });
  const issuers = {
    issuerOf: (asked: Uint8Array) => (asked[0] === 3 ? null : { shard: asked, receiptKey: shardSigner.publicKey }),
  };
  return new Device({ crypto: nodeCrypto, id, keyNumber: 0, signer, outbox, issuers, ...options });
}

const rejects = (code: string) => (error: unknown) => error instanceof FormatError && error.code === code;

for (const [name, by] of [
  ['Ed25519', signer],
  ['ES256', p256Signer(new Uint8Array(32).fill(6))],
] as const) {
  test(`a report is a reading that verifies under the key of the device: ${name}`, async () => {
    const own = deviceIdOf(nodeCrypto, by.publicKey);
    const device = makeDevice({ id: own, keyNumber: 3, signer: by });
    await device.report(records);
    await device.report(records);
    const readings = device.unsent(0, 10).map(({ envelope }) => parseReading(nodeCrypto, envelope));
    for (const reading of readings) {
      assert.ok(verifyReadingSignature(nodeCrypto, reading, { algorithm: by.algorithm, publicKey: by.publicKey }));
      assert.deepEqual([reading.device, reading.keyNumber, reading.audience], [own, 3, audience]);
    }
    assert.deepEqual(
      readings.map(({ sequence }) => sequence),
      [1, 2],
    );
    assert.notDeepEqual(readings[0]?.nonce, readings[1]?.nonce);
  });
}

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_:./-]{0,20}$/);
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.stringMatching(/^[ -~]{0,20}$/),
  fc.uint8Array({ maxLength: 20 }),
);
const record = fc.record(
  { sensor: name, unit: fc.constantFrom('m', 'Cel', 'W'), value, timeMs: fc.integer({ min: 300_000_000_000, max: 4e12 }) },
  { requiredKeys: ['sensor', 'value', 'timeMs'] },
);

test('what is reported is what a reader resolves: names, units, values, times to the millisecond', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (pack) => {
      const device = makeDevice();
      await device.report(pack as SensorRecord[]);
      const [unsent] = device.unsent(0, 1);
      const found = parseReadingRecords(parseReading(nodeCrypto, unsent!.envelope)).map((resolved) => ({
        sensor: resolved.name.split(':').slice(3).join(':'),
        unit: resolved.unit,
        value: resolved.value,
        timeMs: Math.round(1_000 * resolved.timeS),
      }));
      const sorted = [...pack].sort((a, b) => a.timeMs - b.timeMs);
      const zero = (v: unknown): unknown => (v === 0 ? 0 : v);
      assert.deepEqual(
        found.map(({ sensor, unit, value: v, timeMs }) => ({ sensor, unit, value: zero(v), timeMs })),
        sorted.map(({ sensor, unit, value: v, timeMs }) => ({ sensor, unit: unit ?? null, value: zero(v), timeMs })),
      );
    }),
  );
});

const BAD_REPORTS: readonly (readonly [what: string, code: string, records: readonly SensorRecord[]])[] = [
  ['no record', 'LENGTH_WRONG', []],
  ['a name with a space', 'SENML_NAME_INVALID', [{ sensor: 'tank level', value: 1, timeMs: 1_800_000_000_000 }]],
  ['no name', 'SENML_FOREIGN_NAME', [{ sensor: '', value: 1, timeMs: 1_800_000_000_000 }]],
  ['a value that is no number', 'NUMBER_RANGE', [{ sensor: 'level', value: Number.NaN, timeMs: 1_800_000_000_000 }]],
  ['a time in seconds', 'SENML_TIME_RELATIVE', [{ sensor: 'level', value: 1, timeMs: 1_800_000_000 }]],
  [
    'a pack of 10,001 records',
    'TOO_LARGE',
    Array.from({ length: LIMITS.senmlRecordCountMax + 1 }, () => records[0] as SensorRecord),
  ],
  ['a text beyond the size of an envelope', 'TOO_LARGE', [{ ...records[0]!, value: 'x'.repeat(LIMITS.readingSizeMax) }]],
];

for (const [what, code, bad] of BAD_REPORTS) {
  test(`${code} for a report of ${what}, and no sequence number is used up`, async () => {
    const device = makeDevice();
    await assert.rejects(device.report(bad), rejects(code));
    assert.equal((await device.report(records)).sequence, 1);
  });
}

/** A device with one message, and receipts for it, honest or not. */
async function reported() {
  const device = makeDevice();
  const { sequence, digest } = await device.report(records);
  const leaf = { audience, shard, device: id, keyNumber: 0, sequence, digest, index: 41 };
  return { device, digest, receipt: (lie: ReceiptLie = {}) => makeReceipt(nodeCrypto, shardSigner, leaf, lie) };
}

test('a proven receipt for its own digest settles a message; a second one finds nothing', async () => {
  const { device, digest, receipt } = await reported();
  assert.deepEqual(device.acceptReceipt(receipt()), { kind: 'kept', sequence: 1, digest, index: 41 });
  assert.equal(device.unsettledCount, 0);
  const second = device.acceptReceipt(receipt());
  assert.ok(second.kind === 'ignored' && second.rejection.code === 'RECEIPT_UNMATCHED');
});

test('a proven refusal moves the message to the refused ones and says its code', async () => {
  const { device, digest, receipt } = await reported();
  const refusal = receipt({ leaf: { refusal: 'SENML_FOREIGN_NAME' } });
  assert.deepEqual(device.acceptReceipt(refusal), { kind: 'refused', sequence: 1, digest, code: 'SENML_FOREIGN_NAME' });
  assert.equal(device.unsettledCount, 0);
  assert.deepEqual(
    device.refused().map(({ sequence, code, receipt: kept }) => [sequence, code, kept]),
    [[1, 'SENML_FOREIGN_NAME', refusal]],
  );
});

const FORGED: readonly (readonly [what: string, code: string, lie: ReceiptLie])[] = [
  ['signed by a stranger', 'SIGNATURE_INVALID', { signer }],
  ['for another digest', 'RECEIPT_UNMATCHED', { leaf: { digest: foreign } }],
  ['for another sequence number', 'RECEIPT_UNMATCHED', { leaf: { sequence: 2 } }],
  ['for another device', 'RECEIPT_UNMATCHED', { leaf: { device: foreign } }],
  ['for another key of the device', 'RECEIPT_UNMATCHED', { leaf: { keyNumber: 1 } }],
  ['for another city', 'RECEIPT_UNMATCHED', { leaf: { audience: foreign } }],
  ['with a path to another root', 'ROOT_MISMATCH', { path: [foreign] }],
  ['with a path too short', 'PROOF_LENGTH_WRONG', { path: [] }],
];

for (const [what, code, lie] of FORGED) {
  test(`${code}: a receipt ${what} settles nothing`, async () => {
    const { device, receipt } = await reported();
    const outcome = device.acceptReceipt(receipt(lie));
    assert.equal(outcome.kind === 'ignored' ? outcome.rejection.code : outcome.kind, code);
    assert.equal(device.unsettledCount, 1);
    assert.equal(device.unsent(0, 1).length, 1);
  });
}

test('a receipt of a shard that is not proven settles nothing and names the shard', async () => {
  const { device, receipt } = await reported();
  assert.deepEqual(device.acceptReceipt(receipt({ leaf: { shard: foreign } })), { kind: 'unproven', shard: foreign });
  assert.equal(device.unsettledCount, 1);
});

test('no altered bit of a receipt settles a message', async () => {
  const { device, receipt } = await reported();
  const honest = receipt();
  await fc.assert(
    fc.asyncProperty(fc.nat(honest.length - 1), fc.nat(7), async (at, bit) => {
      const altered = honest.slice();
      altered[at] = (altered[at] as number) ^ (1 << bit);
      const { kind } = device.acceptReceipt(altered);
      assert.ok(kind === 'ignored' || kind === 'unproven', kind);
      assert.equal(device.unsettledCount, 1);
    }),
  );
});

test('what is measured while the time is unknown waits unsigned, and is signed with its own time and error once it is known', async () => {
  const monotonic = { boot: 'b', nowMs: () => counterMs };
  let counterMs = 5_000;
  const clock = new DeviceClock({ monotonic, driftPpm: 100 });
  const device = makeDevice({ clock });
  const values = [
    { sensor: 'level', unit: 'm', value: 1.5 },
    { sensor: 'pump', value: true },
  ];
  assert.equal(await device.measure(values), null);
  assert.deepEqual([device.heldCount, device.unsettledCount], [1, 0]);
  counterMs += 100_000;
  let wakes = 0;
  device.onReport(() => wakes++);
  clock.set({ timeMs: 1_800_000_100_000, errorMs: 240 });
  await device.date();
  assert.deepEqual([device.heldCount, device.unsettledCount, wakes], [0, 1, 1]);
  assert.equal((await device.measure(values))?.sequence, 2);
  const readings = device.unsent(0, 10).map(({ envelope }) => parseReading(nodeCrypto, envelope));
  assert.deepEqual(
    readings.map((reading) => [reading.clockErrorMs, parseReadingRecords(reading).map(({ timeS }) => timeS)]),
    [
      [250, [1_800_000_000, 1_800_000_000]],
      [240, [1_800_000_100, 1_800_000_100]],
    ],
  );
  assert.deepEqual(
    parseReadingRecords(readings[0]!).map(({ name, unit, value }) => [name.slice(-5), unit, value]),
    [
      ['level', 'm', 1.5],
      [':pump', null, true],
    ],
  );
});

test('a reboot before the time is known: dated between the last known time and the reboot, or CLOCK_UNKNOWN', async () => {
  const outbox = openOutbox({ path: null, crypto: nodeCrypto, audience });
  const lost: unknown[] = [];
  const boot = (name: string) => new DeviceClock({ monotonic: { boot: name, nowMs: () => 10_000 }, driftPpm: 0 });
  const onUndated = (what: unknown): unknown => lost.push(what);
  const values = [{ sensor: 'level', unit: 'm', value: 1 }];
  await makeDevice({ outbox, clock: boot('first') }).measure(values);
  const second = boot('second');
  const device = makeDevice({ outbox, clock: second, onUndated });
  second.set({ timeMs: 1_800_000_000_000, errorMs: 0 });
  await device.date();
  assert.deepEqual([lost, device.heldCount, device.unsettledCount], [[{ code: 'CLOCK_UNKNOWN', values }], 0, 0]);

  await device.measure(values); // the time is known, and from now on remembered
  const third = boot('third');
  const later = makeDevice({ outbox, clock: third });
  await later.measure(values);
  const fourth = boot('fourth');
  const last = makeDevice({ outbox, clock: fourth });
  fourth.set({ timeMs: 1_800_000_070_000, errorMs: 0 }); // it began at …060, and …000 was surely over
  await last.date();
  const reading = parseReading(nodeCrypto, last.unsent(1, 1)[0]!.envelope);
  assert.deepEqual([reading.clockErrorMs, parseReadingRecords(reading)[0]?.timeS], [30_000, 1_800_000_030]);
});

test('CLOCK_UNKNOWN for a measurement without a clock; what cannot be signed later is refused at once', async () => {
  await assert.rejects(makeDevice().measure([{ sensor: 'level', value: 1 }]), rejects('CLOCK_UNKNOWN'));
  const clock = new DeviceClock({ monotonic: { boot: 'b', nowMs: () => 0 } });
  await assert.rejects(makeDevice({ clock }).measure([{ sensor: 'a name', value: 1 }]), rejects('SENML_NAME_INVALID'));
  await assert.rejects(makeDevice({ clock }).measure([]), rejects('LENGTH_WRONG'));
});
