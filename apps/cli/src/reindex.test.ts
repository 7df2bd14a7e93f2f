import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openAdminDoor } from '@oppidum/gateway/admin-door';
import { ADMIN_SOCKET } from '@oppidum/gateway/api-types';
import { makeLogger } from '@oppidum/telemetry/logging';
import { runCommand } from '../../../test/support/command-line.ts';
import { enrolDevice, runDoors } from '../../../test/support/running-gateway.ts';
import { anchoredUpTo } from '../../../test/support/running-shard.ts';

test('the read model of a stopped city is filled anew and tells how far it is; a running one does it by itself', async () => {
  const top = mkdtempSync(join(tmpdir(), 'oppidum-reindex-'));
  const data = join(top, 'city');
  try {
    let doors = await runDoors(data);
    const lamp = await enrolDevice(doors.city);
    for (let sequence = 1; sequence <= 5; sequence++)
      assert.equal((await doors.shard.client.ingest(lamp.reading(sequence))).kind, 'kept');
    await anchoredUpTo(doors.shard, 4);
    const closed = await runCommand(['reindex', '--data', data], { cwd: top });
    assert.equal(closed.code, 5, 'nobody listens at its socket');
    assert.match(closed.stderr, /admin door of this data folder is not open/);
    const { gateway, city, shard } = doors;
    const parts = { readModel: gateway.readModel, node: city.client, shards: [shard], logger: makeLogger('silent') };
    const door = await openAdminDoor({ path: join(data, ADMIN_SOCKET), ...parts });
    const refilled = await runCommand(['reindex', '--data', data, '--json'], { cwd: top });
    await door?.close();
    assert.equal(refilled.code, 0, refilled.stderr);
    const told = refilled.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { summary?: { readings: number } });
    assert.equal(told.at(-1)?.summary?.readings, 5);
    assert.deepEqual(gateway.readModel.lag(), { blocks: 0, readings: 0 });
    const watched = await runCommand(['reindex', '--follow', '--json', '--api', doors.gateway.http], { cwd: top });
    assert.equal(watched.code, 0, watched.stderr);
    assert.equal((JSON.parse(watched.stdout.trim().split('\n').at(-1)!) as { summary: { behind: number } }).summary.behind, 0);
    await doors.close();

    for (const name of readdirSync(join(data, 'gateway'))) rmSync(join(data, 'gateway', name), { recursive: true });
    const filled = await runCommand(['reindex', '--data', data, '--json'], { cwd: top });
    assert.equal(filled.code, 0, filled.stderr);
    const events = filled.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, { readings?: number; total?: number }>);
    assert.equal(events.at(-1)?.['summary']?.readings, 5);
    assert.ok((events[0]?.['stage']?.total ?? 0) > 5);
    assert.ok(existsSync(join(data, 'gateway', 'read-model.sqlite')) && !existsSync(join(data, 'lock')));

    doors = await runDoors(data, false);
    const { items } = (await (await fetch(`${doors.gateway.http}/api/v1/readings?device=${lamp.hex}`)).json()) as {
      items: unknown[];
    };
    assert.equal(items.length, 5, 'nothing had to be filled again');
    await doors.close();
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
