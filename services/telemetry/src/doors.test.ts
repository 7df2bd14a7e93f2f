import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, concatBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { interlockSensorKind } from '@oppidum/formats/state-telemetry';
import type { NodeClient } from '@oppidum/node/client';
import { foundTestCity, freshBytes, inTemporaryFolder, type RunningCity, runCity } from '../../../test/support/running-city.ts';
import { act, anchoredUpTo, createMake, enrolDevice, startShard, type TestDevice } from '../../../test/support/running-shard.ts';
import type { IngestAnswer } from './client.ts';
import type { OpenShard } from './open-shard.ts';

async function withCity(use: (city: RunningCity, folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (path) => {
    const city = await runCity(await foundTestCity(path));
    try {
      await use(city, city.folder.paths.shard(0));
    } finally {
      await city.stop();
    }
  });
}

const codeOf = (answer: IngestAnswer): string => (answer.kind === 'passing' ? answer.rejection.code : answer.kind);

describe('a shard acknowledges nothing', () => {
  test('when the node is silent', () =>
    withCity(async (city) => {
      let isAlive = true;
      const client = { ...city.client, isAlive: () => isAlive };
      const shard = await startShard({ ...city, client });
      const lamp = await enrolDevice(city);
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(1))), 'kept');
      assert.equal(shard.client.status().accepts, true);
      isAlive = false;
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(2))), 'NODE_SILENT');
      assert.equal(shard.client.status().accepts, false);
      isAlive = true;
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(2))), 'kept');
      await shard.close();
    }));

  test('when the node fell silent while a group went to disk: the sender asks again and gets the receipt', () =>
    withCity(async (city) => {
      let isAlive = true;
      const client = { ...city.client, isAlive: () => isAlive };
      const shard = await startShard({ ...city, client });
      const lamp = await enrolDevice(city);
      const forget = shard.client.onKept(() => {
        isAlive = false;
      });
      const envelope = lamp.sign(1);
      assert.equal(codeOf(await shard.client.ingest(envelope)), 'NODE_SILENT');
      forget();
      isAlive = true;
      const answer = await shard.client.ingest(envelope);
      assert.equal(answer.kind === 'kept' && answer.index, 0);
      assert.equal(shard.client.status().size, 1);
      await shard.close();
    }));

  test('when it is retired between admission and group', () =>
    withCity(async (city) => {
      let [isArmed, isRetired, askedCount] = [false, false, 0];
      const shard = await startShard({
        ...city,
        client: {
          ...city.client,
          read: (ref) => {
            const record = city.client.read(ref);
            return isRetired && ref.kind.name === 'shard' ? ({ ...record, status: 'retired' } as typeof record) : record;
          },
          head: () => {
            // Asked for as the admission begins, then after the shard was found open.
            if (isArmed && ++askedCount === 2) isRetired = true;
            return city.client.head();
          },
        },
      });
      const lamp = await enrolDevice(city);
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(1))), 'kept');
      await anchoredUpTo(shard, 0);
      isArmed = true;
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(2))), 'SHARD_RETIRED');
      assert.equal(shard.client.status().size, 1, 'what would never be anchored is not kept');
      await shard.close();
    }));

  test('when too many wait, and nothing of those that wait is lost', () =>
    withCity(async (city) => {
      const shard = await startShard(city, { waitingCountMax: 3 });
      const lamp = await enrolDevice(city);
      const answers = await Promise.all([1, 2, 3, 4, 5].map((sequence) => shard.client.ingest(lamp.sign(sequence))));
      assert.deepEqual(answers.map(codeOf), ['kept', 'kept', 'kept', 'OVERLOADED', 'OVERLOADED']);
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(4))), 'kept');
      await shard.close();
    }));

  test('of a batch that has no room, while senders that can wait are let in one after the other', () =>
    withCity(async (city) => {
      const shard = await startShard(city, { waitingCountMax: 4 });
      const lamp = await enrolDevice(city);
      const envelopes = Array.from({ length: 20 }, (_, i) => lamp.sign(i + 1));
      assert.equal(shard.client.ingestAll(envelopes.slice(0, 5)), null);
      assert.deepEqual((await shard.client.ingestAll(envelopes.slice(0, 4)))?.map(codeOf), Array(4).fill('kept'));
      const patient = await Promise.all(envelopes.slice(4).map((envelope) => shard.client.ingestInTurn(envelope)));
      assert.deepEqual(
        patient.map((answer) => answer.kind === 'kept' && answer.index),
        envelopes.slice(4).map((_, i) => i + 4),
        'in the order in which they came',
      );
      await shard.close();
    }));

  test('that lost its entitlement between admission and group', () =>
    withCity(async (city) => {
      let [isArmed, isLater] = [false, false];
      const client: NodeClient = {
        ...city.client,
        head: () => ({ ...city.client.head(), height: city.client.head().height + (isLater ? 1 : 0) }),
        isAlive() {
          // Asked at each admission: the block comes right after it.
          if (isArmed)
            queueMicrotask(() => {
              isLater = true;
            });
          return city.client.isAlive();
        },
        read: (ref) => (isLater && ref.kind.name === deviceKind.name ? null : city.client.read(ref)),
      };
      const shard = await startShard({ ...city, client }, { anchorIntervalMs: 2 ** 30 });
      const lamp = await enrolDevice(city);
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(1))), 'kept');
      isArmed = true;
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(2))), 'DEVICE_UNKNOWN');
      await shard.close();
    }));

  test('when what waits is too large', () =>
    withCity(async (city) => {
      const lamp = await enrolDevice(city);
      const envelopes = [1, 2, 3].map((sequence) => lamp.sign(sequence));
      const waitingSizeMax = envelopes[0]!.length + envelopes[1]!.length;
      const shard = await startShard(city, { waitingSizeMax });
      const together = () => Promise.all(envelopes.map((envelope) => shard.client.ingest(envelope)));
      assert.deepEqual((await together()).map(codeOf), ['kept', 'kept', 'OVERLOADED']);
      assert.deepEqual((await together()).map(codeOf), ['kept', 'kept', 'OVERLOADED'], 'room again, then none again');
      assert.equal(codeOf(await shard.client.ingest(envelopes[2]!)), 'kept');
      await shard.close();
    }));

  test('when it is retired', () =>
    withCity(async (city) => {
      const shard = await startShard(city);
      const lamp = await enrolDevice(city);
      const { id } = shard.client.status();
      await act(city.client, city.operator, 'shard/retire', { id, reason: 'test' });
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(1))), 'SHARD_RETIRED');
      assert.equal(shard.client.status().accepts, false);
      await shard.close();
    }));

  test('when it is closed, or a write has failed', () =>
    withCity(async (city, folder) => {
      const closed = await startShard(city);
      const lamp = await enrolDevice(city);
      await closed.close();
      await assert.rejects(closed.client.ingest(lamp.sign(1)), /closed/);

      let failed: (error: Error) => void = () => undefined;
      const failure = new Promise<Error>((resolve) => {
        failed = resolve;
      });
      const shard = await startShard(city, { onFailure: failed });
      rmSync(`${folder}/log`, { recursive: true });
      writeFileSync(`${folder}/log`, 'no folder');
      assert.equal(codeOf(await shard.client.ingest(lamp.sign(1))), 'kept', 'the vault has it');
      assert.match((await failure).message, /EEXIST|ENOTDIR/);
      await assert.rejects(shard.client.ingest(lamp.sign(2)), /closed|EEXIST|ENOTDIR/);
      assert.equal(shard.client.status().accepts, false);
      await shard.close();
    }));
});

describe('anchors', () => {
  const levels = (device: TestDevice, sequence: number, level: number): Bytes =>
    device.sign(sequence, { records: [{ n: 'level', u: 'm', v: level }] });

  const sensorOf = (city: RunningCity, device: TestDevice, name: string) =>
    city.client.read(at(interlockSensorKind, device.id, crypto.sha256(encodeUtf8(name))));

  async function keep(shard: OpenShard, ...envelopes: readonly Bytes[]): Promise<void> {
    const answers = await Promise.all(envelopes.map((envelope) => shard.client.ingest(envelope)));
    for (const answer of answers) assert.equal(codeOf(answer), 'kept');
  }

  const anchoredAll = (shard: OpenShard): Promise<void> => anchoredUpTo(shard, shard.client.status().size - 1);

  test('carry the newest readings of interlock sensors, also after a restart', () =>
    withCity(async (city) => {
      let shard = await startShard(city);
      const [pump, gate, lamp] = [await enrolDevice(city), await enrolDevice(city), await enrolDevice(city)];
      for (const device of [pump, gate]) {
        const sensor = { device: device.id, name: 'level', decimals: 2 };
        await act(city.client, city.operator, 'telemetry/declare-sensor', sensor);
      }
      await keep(shard, levels(pump, 1, 1.5), levels(pump, 3, 3.25), levels(pump, 2, 2), lamp.sign(1), levels(gate, 9, -1));
      await anchoredAll(shard);
      assert.deepEqual([sensorOf(city, pump, 'level')?.sequence, sensorOf(city, pump, 'level')?.value], [3, 325]);
      assert.equal(sensorOf(city, gate, 'level')?.value, -100);
      await shard.close();

      shard = await startShard(city, { anchorIntervalMs: 2 ** 30 });
      await keep(shard, levels(pump, 4, 4));
      await keep(shard, levels(pump, 5, 5));
      await shard.close();
      shard = await startShard(city);
      await anchoredAll(shard);
      assert.equal(sensorOf(city, pump, 'level')?.sequence, 5);
      await shard.close();
    }));

  test('leave out what is too large for the ledger, and go on without what it refuses', () =>
    withCity(async (city) => {
      const refusals: string[] = [];
      const shard = await startShard(city, { onRefusal: ({ code }) => refusals.push(code) });
      const pump = await enrolDevice(city);
      const sensor = { device: pump.id, name: 'level', decimals: 2 };
      await act(city.client, city.operator, 'telemetry/declare-sensor', sensor);
      const note = 'x'.repeat(LIMITS.interlockEnvelopeSizeMax);
      const large = pump.sign(1, {
        records: [
          { n: 'level', v: 1 },
          { n: 'note', vs: note },
        ],
      });
      await keep(shard, large);
      await anchoredAll(shard);
      assert.equal(sensorOf(city, pump, 'level')?.sequence, undefined);
      assert.deepEqual(refusals, []);
      // A text where the ledger wants a number: kept as a reading, refused as a sensor's value.
      await keep(shard, pump.sign(2, { records: [{ n: 'level', vs: 'high' }] }));
      await anchoredAll(shard);
      assert.deepEqual(refusals, ['SENSOR_VALUE_INVALID']);
      await keep(shard, levels(pump, 3, 3));
      await anchoredAll(shard);
      assert.equal(sensorOf(city, pump, 'level')?.value, 300);
      await shard.close();
    }));

  test('leave out what is timed further ahead than the ledger takes, though it is kept', () =>
    withCity(async (city) => {
      const refusals: string[] = [];
      const shard = await startShard(city, { onRefusal: ({ code }) => refusals.push(code) });
      const pump = await enrolDevice(city);
      await act(city.client, city.operator, 'telemetry/declare-sensor', { device: pump.id, name: 'level', decimals: 2 });
      const ahead = { timeS: Math.floor(Date.now() / 1_000) + 200, records: [{ n: 'level', u: 'm', v: 9 }] };
      await keep(shard, levels(pump, 1, 1), pump.sign(2, ahead));
      await anchoredAll(shard);
      assert.deepEqual(refusals, []);
      assert.deepEqual([sensorOf(city, pump, 'level')?.sequence, sensorOf(city, pump, 'level')?.value], [1, 100]);
      await shard.close();
    }));

  test('carry nothing about people, and no transaction holds it', () =>
    withCity(async (city) => {
      const shard = await startShard(city);
      const badge = await enrolDevice(city, await createMake(city, { personal: true }));
      const pump = await enrolDevice(city);
      await act(city.client, city.operator, 'telemetry/declare-sensor', { device: pump.id, name: 'level', decimals: 0 });
      await keep(shard, levels(pump, 1, 1), levels(badge, 1, 4711));
      await anchoredAll(shard);
      const digest = crypto.sha256(levels(pump, 2, 1));
      await assert.rejects(shard.client.evidence(digest), { code: 'READING_UNKNOWN' });
      const { client } = city;
      const blocks = concatBytes(...client.blocks(0, 1_000).flatMap(({ transactions }) => transactions.map((t) => t.envelope)));
      assert.ok(Buffer.from(blocks).includes('level'), 'the sensor of the pump rode along');
      const [envelope] = shard.client.readings(1, 1).map((reading) => reading.envelope!);
      assert.ok(!Buffer.from(blocks).includes(Buffer.from(envelope!)));
      await shard.close();
    }));

  test('are told to whoever listens, once each, in their order; readings likewise', () =>
    withCity(async (city) => {
      const shard = await startShard(city);
      const lamp = await enrolDevice(city);
      const anchored: number[] = [];
      const kept: number[] = [];
      const unsubscribe = shard.client.onAnchored(({ size }) => anchored.push(size));
      shard.client.onKept((size) => kept.push(size));
      for (const sequence of [1, 2, 3]) {
        await keep(shard, lamp.sign(sequence));
        await anchoredAll(shard);
      }
      unsubscribe();
      await keep(shard, lamp.sign(4));
      await anchoredAll(shard);
      assert.deepEqual(anchored, [1, 2, 3]);
      assert.deepEqual(kept, [1, 2, 3, 4]);
      assert.equal(shard.client.checkpoint()?.size, 4);
      const file = readFileSync(`${shard.client.tilesFolder}/checkpoint`, 'utf8');
      assert.ok(file.startsWith(`${shard.client.status().origin}\n4\n`));
      await shard.close();
    }));

  test('do not exist yet: the evidence says so', () =>
    withCity(async (city) => {
      const shard = await startShard(city, { anchorIntervalMs: 2 ** 30, publishIntervalMs: 2 ** 30 });
      const lamp = await enrolDevice(city);
      await keep(shard, lamp.sign(1));
      await anchoredAll(shard);
      await keep(shard, lamp.sign(2));
      const second = shard.client.readings(1, 1)[0]!;
      await assert.rejects(shard.client.evidence(second.digest), { code: 'NOT_ANCHORED' });
      await assert.rejects(shard.client.evidence(freshBytes(32)), { code: 'READING_UNKNOWN' });
      await shard.close();
    }));
});
