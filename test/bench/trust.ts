/**
 * How long a device is still believed after the ledger ended that: from the moment on which a revocation, or a quarantine, is durable in a
 * block until its readings are refused at the door, until nothing counts them, and until an order to it is refused.
 */

import assert from 'node:assert/strict';
import { toHex } from '@oppidum/formats/bytes';
import { encodeOrder } from '@oppidum/formats/order-statement';
import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import { act, enrolLamp, issue, makeZone, runOrderDoors, sendReading, type TestZone } from '../support/order-city.ts';
import { actionOf, envelopeOf, execute, freshBytes, inTemporaryFolder } from '../support/running-city.ts';
import type { RunningDoors, TestDevice } from '../support/running-gateway.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

const DEVICE_COUNT_MIN = 20;
const GIVE_UP_MS = 10_000;

/** `refusedP50Ms`, `refusedP99Ms`, `refusedMaxMs`: revoked → refused by ingest; `distrustedP50Ms`, `distrustedP99Ms`: set apart → not counted; `orderRefusedP99Ms`: → an order to it refused. */
export async function benchTrust({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const refused: number[] = [];
  const distrusted: number[] = [];
  const unordered: number[] = [];
  await inTemporaryFolder(async (folder) => {
    const doors = await runOrderDoors(folder);
    const endMs = performance.now() + 1_000 * seconds;
    for (let n = 0; n < DEVICE_COUNT_MIN || performance.now() < endMs; n++) {
      const zone = await makeZone(doors);
      const device = await enrolLamp(doors, zone);
      assert.equal(await order(doors, zone, device), 'OK');
      assert.equal(await sendReading(doors, device.reading(1)), 'OK');
      distrusted.push(await after(doors, 'device/quarantine', device, async () => !(await counts(doors, device))));
      await act(doors.city, 'device/release', { id: device.id });
      const isUnordered = async () => (await order(doors, zone, device)) === 'DEVICE_QUARANTINED';
      unordered.push(await after(doors, 'device/quarantine', device, isUnordered));
      let sequence = 2;
      assert.equal(await sendReading(doors, device.reading(sequence)), 'OK', 'what a device in quarantine says is kept');
      refused.push(
        await after(
          doors,
          'device/revoke',
          device,
          async () => (await sendReading(doors, device.reading(++sequence))) === 'DEVICE_REVOKED',
        ),
      );
    }
    say(`${refused.length} devices`);
    await doors.close();
  });
  return {
    refusedP50Ms: percentile(refused, 0.5),
    refusedP99Ms: percentile(refused, 0.99),
    refusedMaxMs: Math.max(...refused),
    distrustedP50Ms: percentile(distrusted, 0.5),
    distrustedP99Ms: percentile(distrusted, 0.99),
    orderRefusedP50Ms: percentile(unordered, 0.5),
    orderRefusedP99Ms: percentile(unordered, 0.99),
    deviceCount: refused.length,
  };
}

/** Does this to a device; answers how many milliseconds after its block was durable it has come about. */
async function after({ city }: RunningDoors, kind: string, { id }: TestDevice, hasCome: () => Promise<boolean>): Promise<number> {
  const { code } = await execute(
    city.client,
    envelopeOf(city.client, city.operator, [actionOf(kind, { id, reason: 'measured' })]),
  );
  assert.equal(code, 'OK');
  const durableMs = performance.now();
  while (!(await hasCome())) {
    if (performance.now() > durableMs + GIVE_UP_MS) throw new Error(`${kind} of ${toHex(id)} came to nothing`);
  }
  return performance.now() - durableMs;
}

/** Issues an order to a lamp; answers the code of the ledger. */
function order({ city, ...doors }: RunningDoors, zone: TestZone, { id }: TestDevice): Promise<string> {
  const lifetimeMs = 30_000;
  const statement = encodeOrder({
    ...{ city: city.client.genesisHash, zone: zone.id, keys: 1, envelope: 1, command: 'lamp/level', arguments: [50] },
    ...{ target: { device: id, challenge: freshBytes(32) }, mode: 'ordinary', nonce: freshBytes(16) },
    ...{ lifetimeMs, expiresMs: city.client.head().timeMs + lifetimeMs },
  });
  return issue({ city, ...doors }, zone, statement);
}

async function counts({ gateway }: RunningDoors, { hex }: TestDevice): Promise<boolean> {
  const answer = await fetch(`${gateway.http}/api/v1/devices/${hex}/trust`);
  return ((await answer.json()) as DeviceTrustJson).counts;
}
