/**
 * Fifty that follow the live stream and never read, while the city is under load: they are cut off, the memory of the city stays bounded,
 * and whoever reads misses nothing. That a slow reader is told SLOW_READER: services/gateway/src/http/live.test.ts.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CityProcess, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { countLost, Load } from './loaded-city.ts';

const READER_COUNT = 50;
const READERS_OF_ONE_KEY = 13;
const DEVICE_COUNT = 4;
const SIGNED_EACH = 500;
/** Many records, so that the buffers of the system are full soon. */
const RECORDS = Array.from({ length: 40 }, (_, i) => ({ n: `power-of-a-rather-long-name-${i}`, u: 'W', v: i, t: -i }));
/** Times that all devices send so many while nobody reads: more than the system buffers. */
const LOAD_COUNT = 2;
const GROWTH_MB = 300;

async function makeKey(city: CityProcess, data: string, name: string): Promise<string> {
  const rights = ['--right', 'ledger:read', '--right', 'readings:read'];
  const made = await runCommand(['key', 'create', '--name', name, ...rights, '--data', data, '--api', city.http]);
  assert.equal(made.code, 0, made.stderr);
  const key = made.stdout.trim();
  assert.match(key, /^opk_/);
  return key;
}

/** Asks for the stream and then reads nothing. */
function follow(http: string, key: string): Promise<Socket> {
  const { hostname, port, host } = new URL(http);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.pause();
      socket.write(`GET /api/v1/live?topics=readings HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\n\r\n`);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

/** Reads the stream as it comes; `count`: the events so far. */
async function read(
  http: string,
): Promise<{ readonly count: () => number; readonly size: () => number; readonly end: () => void }> {
  const stop = new AbortController();
  const response = await fetch(`${http}/api/v1/live?topics=readings`, { signal: stop.signal });
  assert.equal(response.status, 200);
  let [count, size] = [0, 0];
  const decoder = new TextDecoder();
  const take = async (): Promise<void> => {
    let rest = '';
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += part.length;
      const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      count += lines.filter((line) => line === 'event: readings').length;
    }
  };
  take().catch(() => undefined);
  return { count: () => count, size: () => size, end: () => stop.abort() };
}

/** Memory of its own, without the files that it maps, where the system tells it. */
const residentMb = (pid: number): number | null => {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  } catch {
    return null;
  }
};
/** Its memory at the highest while all devices send, so many times. */
async function highestUnderLoad(city: CityProcess, load: Load, times: number): Promise<number | null> {
  let highest = residentMb(city.pid);
  for (let time = 0; time < times; time++) {
    load.sign(SIGNED_EACH, { records: RECORDS });
    await load.run(city);
    const now = residentMb(city.pid);
    if (highest !== null && now !== null) highest = Math.max(highest, now);
  }
  return highest;
}

/** Streams that are open: the city tells how many it may have by refusing more. */
async function canOpen(http: string, key: string, count: number): Promise<boolean> {
  const stop = new AbortController();
  const ask = () => fetch(`${http}/api/v1/live`, { signal: stop.signal, headers: { authorization: `Bearer ${key}` } });
  const statuses = await Promise.all(Array.from({ length: count }, async () => (await ask()).status));
  stop.abort();
  assert.ok(
    statuses.every((status) => status === 200 || status === 429 || status === 503),
    statuses.join(),
  );
  return statuses.every((status) => status === 200);
}

test('fifty that never read the live stream are cut off, and cost neither memory nor others their events', (t) =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    const load = await Load.enrol(city, data, DEVICE_COUNT);
    const keys: string[] = [];
    for (let i = 0; i * READERS_OF_ONE_KEY < READER_COUNT; i++) keys.push(await makeKey(city, data, `dashboard ${i}`));
    const reader = await read(city.http);
    // What work takes without them.
    const before = await highestUnderLoad(city, load, LOAD_COUNT + 1);
    load.sign(SIGNED_EACH, { records: RECORDS });
    const slow = await Promise.all(
      Array.from({ length: READER_COUNT }, (_, i) => follow(city.http, keys[Math.floor(i / READERS_OF_ONE_KEY)]!)),
    );
    try {
      await load.run(city);
      await until(
        'the reader has all',
        () => reader.count() >= load.kept.size,
        () => `${reader.count()} of ${load.kept.size}`,
      );
      // While they are there, each key has room for three more streams; when they are gone, for as many again.
      const [key] = keys as [string];
      assert.equal(await canOpen(city.http, key, READERS_OF_ONE_KEY), false, 'they are still there');
      // Buffers of the system take megabytes before anybody is slow.
      const highest = await highestUnderLoad(city, load, LOAD_COUNT);
      await until(
        'they are cut off',
        async () => {
          await sleep(500);
          return canOpen(city.http, key, READERS_OF_ONE_KEY);
        },
        () => `${load.kept.size} sent, ${reader.size()} bytes`,
      );
      const growth = before === null || highest === null ? null : Math.round(highest - before);
      t.diagnostic(`slow readers: ${READER_COUNT} cut off; ${reader.count()} events to who reads; ${growth} MB more`);
      assert.ok(growth === null || growth < GROWTH_MB, `${growth} MB more`);
      await until('the reader is here too', () => reader.count() === load.kept.size);
      load.sign(10);
      await load.run(city);
      await until('it goes on', () => reader.count() === load.kept.size);
      assert.equal(await countLost(city, data, [...load.kept.values()].slice(-200)), 0);
    } finally {
      reader.end();
      for (const socket of slow) socket.destroy();
      await city.end('SIGTERM');
    }
    assert.deepEqual((await checkFolder(data)).damages, []);
  }));
