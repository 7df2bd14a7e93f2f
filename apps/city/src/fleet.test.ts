/** What the devices of the town pack into one reading. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodePack, type SensorValue } from '@oppidum/device/reading-pack';
import { deviceIdOf } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { READING_NONCE_SIZE, signReading } from '@oppidum/formats/reading';
import { namedSigner } from '../../../test/support/signers.ts';
import { apart } from './fleet.ts';

const TIME_MS = Date.UTC(2026, 10, 25, 12) + 797;
const signer = namedSigner('traffic-signal-01');

/** The bytes that the device would sign, with the largest numbers that a town comes to. */
function sizeOf(values: readonly SensorValue[]): number {
  const device = deviceIdOf(nativeCrypto, signer.publicKey);
  const header = {
    audience: new Uint8Array(32),
    device,
    keyNumber: 0,
    sequence: 2 ** 32,
    nonce: new Uint8Array(READING_NONCE_SIZE),
  };
  const pack = encodePack(
    device,
    values.map((value) => ({ ...value, timeMs: TIME_MS })),
  );
  return signReading(signer, { ...header, clockErrorMs: LIMITS.clockErrorMaxMs }, pack).length;
}

const PLACE: readonly SensorValue[] = [
  { sensor: 'lat', unit: 'lat', value: 0.0008354 },
  { sensor: 'lon', unit: 'lon', value: 0.0100292 },
];
const DETECTOR: readonly SensorValue[] = [
  { sensor: 'aspect', value: 'yellow' },
  { sensor: 'queue', unit: 'count', value: 110 },
  { sensor: 'vehicles', unit: 'count', value: 100_000_000 },
  { sensor: 'flow', unit: '1/min', value: 59.9 },
];
const CONTROLLER: readonly SensorValue[] = [
  { sensor: 'signal/mode', value: 'starting' },
  { sensor: 'signal/plan', value: 4 },
  { sensor: 'signal/source', value: 'ordered' },
  { sensor: 'signal/stage', value: 2 },
  { sensor: 'signal/trip', value: 'none' },
  { sensor: 'signal/phases', value: '2 yellow 13, 4 red 115, 9 red 114, 10 red 113' },
];
const TOWN_TIME: SensorValue = { sensor: 'town-time', value: '2026-11-25T12:00:00Z' };

test('a detector beside a controller says what interlocks read in a reading that rides along with an anchor', () => {
  const [measured, told, ...others] = apart([...DETECTOR, ...CONTROLLER]);
  assert.deepEqual([measured, told, others], [DETECTOR, CONTROLLER, []]);
  for (const values of [
    [...DETECTOR, TOWN_TIME],
    [...PLACE, ...DETECTOR],
  ])
    assert.ok(sizeOf(values) <= LIMITS.interlockEnvelopeSizeMax, `${sizeOf(values)} bytes`);
  assert.ok(sizeOf([...DETECTOR, ...CONTROLLER]) > LIMITS.interlockEnvelopeSizeMax, 'together they are too large');
});

test('who has no controller says all in one reading', () => {
  assert.deepEqual(apart(DETECTOR), [DETECTOR]);
});
