/**
 * Ten thousand connections that say nothing, at the doors for MQTT and HTTP: a device is served at once all the same and the API answers,
 * the memory of the city stays bounded, and whoever says nothing is hung up on. Where a process may hold fewer files, it is as many as may be.
 */

import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CityProcess, until } from '../support/city-process.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { countLost, Load } from './loaded-city.ts';
import type { SilentReport } from './silent-clients.ts';

const CLIENTS = fileURLToPath(new URL('./silent-clients.ts', import.meta.url));
const COUNT = 10_000;
/** Files of a process that are not connections. */
const OTHER_FILES = 200;
const DEVICE_COUNT = 2;
/** Slower is no service; how fast it is, is measured elsewhere and told here. */
const SLOWEST_MS = 60_000;
const GROWTH_MB = 300;

/** Half of `COUNT` at each door; a child has these files, the city has all. */
function connectionCount(): number {
  const shown = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout.trim();
  const limit = Number(shown);
  return Number.isNaN(limit) ? COUNT : Math.min(COUNT, Math.max(0, limit - OTHER_FILES));
}

/** Opens so many, and tells how it goes. */
function openSilent(address: string, count: number): { readonly report: () => SilentReport; readonly end: () => void } {
  const child = fork(CLIENTS, [new URL(address).port, String(count)]);
  let latest: SilentReport = { opened: 0, ended: 0 };
  child.on('message', (report: SilentReport) => {
    latest = report;
  });
  return { report: () => latest, end: () => void child.kill('SIGKILL') };
}

/** Resident memory, where the system tells it. */
function residentMb(pid: number): number | null {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  } catch {
    return null;
  }
}

/** Milliseconds until every device has a receipt and the API has answered, over fresh connections. */
async function serve(city: CityProcess, load: Load): Promise<number> {
  load.sign(1);
  const begunMs = performance.now();
  await load.run(city);
  assert.equal((await fetch(`${city.http}/api/v1/city`, { headers: { connection: 'close' } })).status, 200);
  const tookMs = performance.now() - begunMs;
  assert.ok(
    load.senders.every(({ waiting }) => waiting.length === 0),
    'every reading has its receipt',
  );
  return tookMs;
}

test('thousands of connections that say nothing keep nobody out, cost little, and are ended', (t) =>
  inTemporaryFolder(async (data) => {
    const count = connectionCount();
    const city = await CityProcess.start(data);
    const load = await Load.enrol(city, data, DEVICE_COUNT);
    await serve(city, load);
    const before = residentMb(city.pid);
    const doors = [city.mqtt, city.http].map((address) => openSilent(address, count / 2));
    const took: number[] = [];
    let servedAmongThem = 0;
    let highest = before;
    try {
      const standing = () => doors.reduce((sum, { report }) => sum + report().opened - report().ended, 0);
      const isOver = () => doors.every(({ report }) => report().opened >= count / 2 && report().ended >= count / 2);
      await until(
        'all are ended',
        async () => {
          const isAmongThem = standing() > 100;
          took.push(await serve(city, load));
          // Who is silent longest makes room, so that hundreds stand at a time. Some still do: it was not their end that let the device in.
          if (isAmongThem && standing() > 0) servedAmongThem++;
          const now = residentMb(city.pid);
          if (now !== null && now > (highest ?? 0)) highest = now;
          await sleep(100);
          return isOver();
        },
        () => JSON.stringify(doors.map(({ report }) => report())),
      );
    } finally {
      for (const { end } of doors) end();
    }
    const growth = before === null || highest === null ? null : Math.round(highest - before);
    const median = Math.round(took.toSorted((a, b) => a - b)[took.length >> 1] ?? 0);
    const slowest = Math.round(Math.max(...took));
    t.diagnostic(
      `silence: ${count} connections, all ended; served ${took.length} times meanwhile, ${servedAmongThem} of them while they stood, within ${median} ms, at the slowest ${slowest} ms, ${growth} MB more`,
    );
    assert.ok(servedAmongThem > 0, 'a device is served while they stand');
    assert.ok(slowest < SLOWEST_MS, `served after ${median}, at the slowest ${slowest} ms`);
    assert.ok(growth === null || growth < GROWTH_MB, `${growth} MB more`);
    assert.equal(await countLost(city, data, [...load.kept.values()]), 0);
    await city.end('SIGTERM');
    assert.deepEqual((await checkFolder(data)).damages, []);
  }));
