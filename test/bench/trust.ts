/**
 * How long a device is still believed after the ledger ended that: from the moment on which a revocation, or a quarantine, is durable in a
 * block until its readings are refused at the door, and until nothing counts them. Readings of all devices come in meanwhile.
 */

import assert from 'node:assert/strict';
import { toHex } from '@oppidum/formats/bytes';
import { parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import { actionOf, envelopeOf, execute } from '../support/running-city.ts';
import { enrolDevice, type RunningDoors, type TestDevice, withDoors } from '../support/running-gateway.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

const DEVICE_COUNT_MIN = 20;
const GIVE_UP_MS = 10_000;

/** `refusedP50Ms`, `refusedP99Ms`, `refusedMaxMs`: revoked → refused by ingest; `distrustedP50Ms`, `distrustedP99Ms`: set apart → not counted. */
export async function benchTrust({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const refused: number[] = [];
  const distrusted: number[] = [];
  await withDoors(async (doors) => {
    const endMs = performance.now() + 1_000 * seconds;
    for (let n = 0; n < DEVICE_COUNT_MIN || performance.now() < endMs; n++) {
      const device = await enrolDevice(doors.city);
      assert.equal(await send(doors, device, 1), 'OK');
      distrusted.push(await after(doors, 'device/quarantine', device, async () => !(await counts(doors, device))));
      let sequence = 2;
      assert.equal(await send(doors, device, sequence), 'OK', 'what a device in quarantine says is kept');
      refused.push(
        await after(doors, 'device/revoke', device, async () => (await send(doors, device, ++sequence)) === 'DEVICE_REVOKED'),
      );
    }
    say(`${refused.length} devices`);
  });
  return {
    refusedP50Ms: percentile(refused, 0.5),
    refusedP99Ms: percentile(refused, 0.99),
    refusedMaxMs: Math.max(...refused),
    distrustedP50Ms: percentile(distrusted, 0.5),
    distrustedP99Ms: percentile(distrusted, 0.99),
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

/** Sends a reading over HTTP; answers OK or the code of its refusal. */
async function send({ gateway }: RunningDoors, device: TestDevice, sequence: number): Promise<string> {
  const answer = await fetch(`${gateway.http}/api/v1/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/cose' },
    body: Buffer.from(device.reading(sequence)),
  });
  const [first] = parseReadingAnswers(await answer.bytes());
  if (first?.receipt === undefined) return first?.code ?? 'no answer';
  return parseReceipt(first.receipt).leaf.refusal ?? 'OK';
}

async function counts({ gateway }: RunningDoors, { hex }: TestDevice): Promise<boolean> {
  const answer = await fetch(`${gateway.http}/api/v1/devices/${hex}/trust`);
  return ((await answer.json()) as DeviceTrustJson).counts;
}
