import assert from 'node:assert/strict';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { actionOf, envelopeOf, execute, freshAccount, inTemporaryFolder } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  type RunningDoors,
  runDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';

const TABLES = [
  'cursors',
  'manufacturers',
  'models',
  'devices',
  'device_keys',
  'device_activity',
  'accounts',
  'proposals',
  'blocks',
  'transactions',
  'anchors',
  'senders',
  'readings',
  'series',
  'samples',
  'rollups',
];

const fileOf = ({ city }: RunningDoors): string => join(city.folder.paths.gateway, 'read-model.sqlite');

/** Every row of every table, in the order of its key. */
function dump(file: string): Readonly<Record<string, readonly unknown[]>> {
  const connection = new DatabaseSync(file, { readOnly: true });
  try {
    return Object.fromEntries(TABLES.map((table) => [table, connection.prepare(`SELECT * FROM ${table}`).all()]));
  } finally {
    connection.close();
  }
}

const level = ({ gateway }: RunningDoors): Promise<unknown> =>
  eventually(
    async () => gateway.readModel.lag(),
    ({ blocks, readings }) => blocks === 0 && readings === 0,
  );

/** Waits until nothing of the shard waits for an anchor: no more blocks come by themselves. */
const anchored = ({ shard }: RunningDoors): Promise<unknown> =>
  eventually(
    async () => shard.client.status(),
    (status) => status.anchored?.size === status.size,
  );

/** Readings of two devices, one of them personal, a closed account, a proposal; everything anchored. */
async function fill(doors: RunningDoors, count = 20): Promise<readonly TestDevice[]> {
  const { city, shard } = doors;
  const { client, operator } = city;
  const devices = [await enrolDevice(city, { label: 'lamp' }), await enrolDevice(city, { personal: true })];
  for (const device of devices) {
    const answers = await Promise.all(Array.from({ length: count }, (_, i) => shard.client.ingest(device.reading(i + 1))));
    assert.ok(answers.every(({ kind }) => kind === 'kept'));
  }
  const account = freshAccount();
  const proposal = {
    id: account.id,
    body: city.folder.genesis.council,
    actions: [actionOf('parameter/set', { name: 'governance/proposal-lifetime-max-ms', value: 7_200_000 })],
    expiresMs: client.head().timeMs + 60_000,
  };
  const { code } = await execute(client, envelopeOf(client, operator, [account.action, actionOf('proposal/create', proposal)]));
  assert.equal(code, 'OK');
  await anchored(doors);
  await level(doors);
  return devices;
}

/** Opens the folder again after `between`, and answers what is in the read model then. */
async function reopen(folder: string, between: (file: string) => void): Promise<Readonly<Record<string, readonly unknown[]>>> {
  between(join(folder, 'gateway', 'read-model.sqlite'));
  const doors = await runDoors(folder, false);
  await level(doors);
  assert.equal(doors.gateway.readModel.isCaughtUp, true);
  const rows = dump(fileOf(doors));
  await doors.close();
  return rows;
}

describe('the read model', () => {
  test('is the same however it came to be: followed, resumed, or filled again', () =>
    inTemporaryFolder(async (folder) => {
      const doors = await runDoors(folder);
      await fill(doors);
      const before = dump(fileOf(doors));
      await doors.close();
      assert.deepEqual(
        TABLES.map((table) => [table, (before[table]?.length ?? 0) > 0]),
        TABLES.map((table) => [table, true]),
        'every table has rows',
      );
      assert.equal(before['readings']?.length, 40);
      assert.ok(!existsSync(`${join(folder, 'gateway', 'read-model.sqlite')}-wal`), 'a clean stop leaves one file');

      assert.deepEqual(await reopen(folder, () => undefined), before, 'resumed');
      assert.deepEqual(await reopen(folder, () => rmSync(join(folder, 'gateway'), { recursive: true })), before, 'deleted');
      assert.deepEqual(await reopen(folder, (file) => writeFileSync(file, 'no database at all')), before, 'damaged');
      const old = (file: string): void => {
        const connection = new DatabaseSync(file);
        connection.exec('DROP TABLE samples; PRAGMA user_version = 99');
        connection.close();
      };
      assert.deepEqual(await reopen(folder, old), before, 'of another version');
      const foreign = (file: string): void => {
        const connection = new DatabaseSync(file);
        connection.exec(`UPDATE blocks SET app_hash = '${'00'.repeat(32)}'`);
        connection.close();
      };
      assert.deepEqual(await reopen(folder, foreign), before, 'of another history');
      const ahead = (file: string): void => {
        const connection = new DatabaseSync(file);
        connection.exec("UPDATE cursors SET value = 1000000 WHERE name = 'readings/0'");
        connection.close();
      };
      assert.deepEqual(await reopen(folder, ahead), before, 'ahead of a shard that was restored from a backup');
    }));

  test('is filled anew while the city runs: the same rows, and questions and news go on meanwhile', () =>
    inTemporaryFolder(async (folder) => {
      const doors = await runDoors(folder);
      const { gateway, shard } = doors;
      const [lamp] = await fill(doors);
      const before = dump(fileOf(doors));
      const { readModel } = gateway;
      const list = async (): Promise<number> => {
        const response = await fetch(`${gateway.http}/api/v1/readings?device=${lamp!.hex}&limit=100`);
        assert.equal(response.status, 200);
        return ((await response.json()) as { items: unknown[] }).items.length;
      };
      await readModel.refill();
      assert.equal(readModel.isCaughtUp, false);
      assert.ok(readModel.lag().readings > 0, 'it says how far it is behind');
      await Promise.all([readModel.refill(), readModel.refill(), list(), list()]);
      await level(doors);
      assert.deepEqual(dump(fileOf(doors)), before);
      assert.equal(await list(), 20);
      // Whatever the file was: it is deleted, not read.
      rmSync(fileOf(doors));
      await Promise.all([readModel.refill(), shard.client.ingest(lamp!.reading(100))]);
      await anchored(doors);
      await level(doors);
      assert.equal(await list(), 21);
      // One that is stopped meanwhile goes on at its next start.
      const refilling = readModel.refill();
      await Promise.all([doors.close(), refilling]);
      const rows = await reopen(folder, () => undefined);
      assert.equal(rows['readings']?.length, 41);
    }));

  test('a file from before a crash resumes at its cursor', () =>
    inTemporaryFolder(async (folder) => {
      const doors = await runDoors(folder);
      const [lamp] = await fill(doors, 3);
      await doors.gateway.close();
      const copy = `${folder}.copy`;
      cpSync(join(folder, 'gateway'), copy, { recursive: true });
      await doors.shard.client.ingest(lamp!.reading(100));
      await anchored(doors);
      await doors.shard.close();
      await doors.city.stop();
      const caughtUp = await reopen(folder, () => undefined);
      assert.equal(caughtUp['readings']?.length, 7);
      const resumed = await reopen(folder, () => {
        rmSync(join(folder, 'gateway'), { recursive: true });
        cpSync(copy, join(folder, 'gateway'), { recursive: true });
      });
      rmSync(copy, { recursive: true });
      assert.deepEqual(resumed, caughtUp);
    }));

  test('holds no value of readings about people, and no trace of what was erased', () =>
    inTemporaryFolder(async (folder) => {
      const doors = await runDoors(folder);
      const [, badge] = await fill(doors, 2);
      const secret = badge!.reading(50, [{ sensor: 'door', value: 'opened by Anna', timeMs: 1_700_000_000_000 }]);
      await doors.shard.client.ingest(secret);
      await level(doors);
      const before = dump(fileOf(doors));
      assert.ok(!JSON.stringify(before).includes('Anna'));
      const kept = before['readings'] as readonly { readonly id: Uint8Array }[];
      assert.ok(kept.some(({ id }) => toHex(id) === toHex(crypto.sha256(secret))));

      await doors.shard.erase(badge!.id, 'request');
      await eventually(
        async () => dump(fileOf(doors)),
        ({ readings }) => (readings as readonly { readonly personal: number }[]).every(({ personal }) => personal === 0),
      );
      const after = dump(fileOf(doors));
      assert.ok(
        !JSON.stringify([after['readings'], after['device_activity'], after['samples'], after['series']]).includes(badge!.hex),
      );
      assert.equal(after['readings']?.length, 2, 'the other device keeps its own');
      const evidence = await fetch(`${doors.gateway.http}/api/v1/readings/${toHex(crypto.sha256(secret))}`);
      assert.equal(((await evidence.json()) as { code: string }).code, 'READING_UNKNOWN');
      await doors.close();
      const rebuilt = await reopen(folder, () => rmSync(join(folder, 'gateway'), { recursive: true }));
      assert.deepEqual(rebuilt['readings'], after['readings']);
    }));
});
