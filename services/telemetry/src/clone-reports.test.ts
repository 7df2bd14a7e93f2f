import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rejection } from '@oppidum/formats/errors';
import { cloneKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient, SubmitAnswer } from '@oppidum/node/client';
import { foundTestCity, inTemporaryFolder, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import { act, createMake, enrolDevice, startShard, type TestDevice } from '../../../test/support/running-shard.ts';
import type { OpenShard } from './open-shard.ts';

async function until(isIt: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 6_000; attempt++) {
    if (await isIt()) return;
    await sleep(10);
  }
  assert.fail('it never came');
}

/** Calls `use` with a city and what opens its shard with a reporter of clones. */
function withReporter(
  use: (city: RunningCity, open: (changes?: object) => Promise<OpenShard>, refusals: Rejection[]) => Promise<void>,
): Promise<void> {
  return inTemporaryFolder(async (folder) => {
    const city = await runCity(await foundTestCity(folder));
    const refusals: Rejection[] = [];
    const onRefusal = (refusal: Rejection): number => refusals.push(refusal);
    await use(city, (changes = {}) => startShard(city, { cloneReporter: city.telemetry, onRefusal, ...changes }), refusals);
    await city.stop();
  });
}

const other = { records: [{ n: 'power', u: 'W', v: 99 }] };
const statusOf = ({ client }: RunningCity, { id }: TestDevice): string | undefined => client.read(at(deviceKind, id))?.status;
const codeOf = async (shard: OpenShard, envelope: Uint8Array): Promise<string> => {
  const answer = await shard.client.ingest(envelope);
  return answer.kind === 'kept' ? 'kept' : answer.rejection.code;
};

describe('a key in two places', () => {
  test('is proven to the ledger at once, and its device is taken no more', () =>
    withReporter(async (city, open, refusals) => {
      const shard = await open();
      const lamp = await enrolDevice(city);
      assert.equal(await codeOf(shard, lamp.sign(1)), 'kept');
      assert.equal(await codeOf(shard, lamp.sign(1, other)), 'SEQUENCE_REUSED');
      await until(() => statusOf(city, lamp) === 'suspended');
      assert.equal(await codeOf(shard, lamp.sign(2)), 'DEVICE_SUSPENDED');
      assert.notEqual(city.client.read(at(cloneKind, lamp.id, 0, 1)), null);
      assert.deepEqual(refusals, []);
      await shard.close();
    }));

  test('once the operator resumed the device, what was known suspends it no more; what is new does', () =>
    withReporter(async (city, open) => {
      const first = await open();
      const lamp = await enrolDevice(city);
      for (const sequence of [1, 2]) assert.equal(await codeOf(first, lamp.sign(sequence)), 'kept');
      await codeOf(first, lamp.sign(1, other));
      await until(() => statusOf(city, lamp) === 'suspended');
      await act(city.client, city.operator, 'device/resume', { id: lamp.id });
      await first.close();

      const again = await open();
      assert.equal(await codeOf(again, lamp.sign(3)), 'kept');
      assert.equal(await codeOf(again, lamp.sign(1, other)), 'SEQUENCE_REUSED');
      assert.equal(await codeOf(again, lamp.sign(4)), 'kept');
      assert.equal(statusOf(city, lamp), 'active');
      assert.equal(await codeOf(again, lamp.sign(2, other)), 'SEQUENCE_REUSED');
      await until(() => statusOf(city, lamp) === 'suspended');
      await again.close();
    }));

  test('readings about people stay off the ledger: the operator’s key suspends, or the log asks for it', () =>
    withReporter(async (city, open, refusals) => {
      const make = await createMake(city, { personal: true });
      const [badge, tag] = [await enrolDevice(city, make), await enrolDevice(city, make)];
      const shard = await open();
      assert.equal(await codeOf(shard, badge.sign(1)), 'kept');
      assert.equal(await codeOf(shard, badge.sign(1, other)), 'SEQUENCE_REUSED');
      await until(() => statusOf(city, badge) === 'suspended');
      assert.equal(city.client.read(at(cloneKind, badge.id, 0, 1)), null);
      await shard.close();

      const alone = await open({ erasureSigner: null });
      assert.equal(await codeOf(alone, tag.sign(1)), 'kept');
      assert.equal(await codeOf(alone, tag.sign(1, other)), 'SEQUENCE_REUSED');
      await until(() => refusals.length > 0);
      assert.deepEqual(
        refusals.map(({ code }) => code),
        ['NOT_AUTHORIZED'],
      );
      assert.equal(statusOf(city, tag), 'active');
      await alone.close();
    }));

  test('a report that the ledger could not take is made again', () =>
    withReporter(async (city, open) => {
      let failures = 2;
      const submit = (envelope: Uint8Array): Promise<SubmitAnswer> => {
        if (failures-- > 0) return Promise.resolve({ refused: { id: null, code: 'OVERLOADED', details: {} } });
        return city.client.submit(envelope);
      };
      const shard = await open();
      const lamp = await enrolDevice(city);
      await shard.close();
      const client: NodeClient = { ...city.client, submit };
      const slow = await open({ client });
      assert.equal(await codeOf(slow, lamp.sign(1)), 'kept');
      assert.equal(await codeOf(slow, lamp.sign(1, other)), 'SEQUENCE_REUSED');
      await until(() => statusOf(city, lamp) === 'suspended');
      await slow.close();
    }));
});
