import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '@oppidum/formats/bytes';
import { admitMaker, CityProcess, listReadings, until } from '../support/city-process.ts';
import { inTemporaryFolder } from '../support/running-city.ts';

const MAIN = fileURLToPath(import.meta.resolve('@oppidum/city/main'));
const DEVICE_COUNT = 10;
/** Of the first ten posts of the town. */
const KIND_COUNT = 8;

type Device = {
  readonly id: string;
  readonly label: string;
  readonly status: string;
  readonly deviceType: string;
  readonly simulated: boolean;
  readonly readingCount: number;
};

/** The simulated city as its own process. */
class Simulation {
  readonly child: ChildProcess;
  log = '';

  constructor(t: TestContext, city: CityProcess, folder: string, intervalMs: number) {
    const args = ['--api', city.http, '--mqtt', city.mqtt, '--folder', folder];
    const size = ['--devices', String(DEVICE_COUNT), '--interval-ms', String(intervalMs)];
    this.child = spawn(process.execPath, [MAIN, ...args, ...size], { stdio: ['ignore', 'ignore', 'pipe'] });
    t.after(() => this.end('SIGKILL'));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
    return this.child.exitCode;
  }
}

async function listDevices(http: string): Promise<readonly Device[]> {
  const answer = await fetch(`${http}/api/v1/devices?limit=1000`);
  return ((await answer.json()) as { readonly items: readonly Device[] }).items;
}

/** Calls `use` with a city and the folder of a simulation whose maker it admitted. */
function withMaker(use: (city: CityProcess, folder: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    try {
      const { api, manufacturer, maker } = await admitMaker(city, data);
      api.close();
      const folder = join(data, 'demo');
      mkdirSync(folder);
      writeFileSync(join(folder, 'manufacturer.seed'), readFileSync(join(data, 'keys', 'operator.seed')), { mode: 0o600 });
      const who = { manufacturer: toHex(manufacturer), account: toHex(maker.account) };
      writeFileSync(join(folder, 'manufacturer.json'), JSON.stringify(who));
      await use(city, folder);
    } finally {
      await city.end('SIGTERM');
    }
  });
}

test('killed in the middle of enrolment and begun again, the city is made once; each device talks; SIGTERM ends it cleanly', (t) =>
  withMaker(async (city, folder) => {
    const first = new Simulation(t, city, folder, 60_000);
    await until('some devices are registered', async () => (await listDevices(city.http)).length > 0);
    await first.end('SIGKILL');
    const second = new Simulation(t, city, folder, 60_000);
    await until('each device has a reading', async () => {
      const devices = await listDevices(city.http);
      return devices.length === DEVICE_COUNT && devices.every(({ readingCount }) => readingCount > 0);
    });
    const devices = await listDevices(city.http);
    assert.equal(new Set(devices.map(({ label }) => label)).size, DEVICE_COUNT);
    assert.equal(new Set(devices.map(({ deviceType }) => deviceType)).size, KIND_COUNT);
    assert.ok(devices.every(({ status, simulated }) => status === 'active' && simulated));
    assert.equal(readdirSync(join(folder, 'keys')).length, DEVICE_COUNT);
    assert.match(second.log, /10 devices of \d+ kinds/);
    assert.match(second.log, /none of them is real/);
    assert.equal(await second.end('SIGTERM'), 0, second.log);
    assert.equal(second.log.trim().split('\n').length, 1, second.log);

    const third = new Simulation(t, city, folder, 60_000);
    await until('each device has another reading', async () =>
      (await listDevices(city.http)).every(({ readingCount }) => readingCount > 1),
    );
    assert.deepEqual(
      (await listDevices(city.http)).map(({ id }) => id).sort(),
      devices.map(({ id }) => id).sort(),
      'a second start makes nothing again',
    );
    assert.equal(await third.end('SIGTERM'), 0);
  }));

test('a city that is killed and comes back gets every reading of the meantime; a line when it is gone, a line when it is back', (t) =>
  withMaker(async (city, folder) => {
    const simulation = new Simulation(t, city, folder, 1_000);
    const data = dirname(folder);
    await until('readings come in', async () => (await listDevices(city.http)).some(({ readingCount }) => readingCount > 1));
    await city.end('SIGKILL');
    await until('the loss is told', async () => /cannot deliver/.test(simulation.log));
    const back = await city.again(data);
    try {
      await until('the return is told', async () => /delivered again/.test(simulation.log));
      assert.equal(await simulation.end('SIGTERM'), 0, simulation.log);
      const lines = simulation.log.trim().split('\n');
      assert.ok(lines.length <= 2 + 3, `one line for each code, not for each device: ${simulation.log}`);
      const sequences = new Map<string, number[]>();
      for (const { device, sequence } of await listReadings(back.http))
        sequences.set(device, [...(sequences.get(device) ?? []), sequence]);
      assert.equal(sequences.size, DEVICE_COUNT);
      for (const [device, found] of sequences) {
        // What was reported last may still wait in the outbox; before it nothing is missing and nothing is there twice.
        const inOrder = Array.from({ length: found.length }, (_, i) => i + 1);
        assert.deepEqual(
          found.sort((a, b) => a - b),
          inOrder,
          device,
        );
      }
    } finally {
      await back.end('SIGTERM');
    }
  }));

test('without a maker, or with arguments that mean nothing, one sentence and an exit code', () =>
  inTemporaryFolder(async (data) => {
    const run = async (args: readonly string[]): Promise<readonly [number | null, string]> => {
      const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      let log = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
      await once(child, 'close');
      return [child.exitCode, log];
    };
    const where = ['--api', 'http://127.0.0.1:1', '--mqtt', 'mqtt://127.0.0.1:1', '--folder', data];
    const [code, log] = await run(where);
    assert.equal(code, 1);
    assert.match(log, /^simulated city: .*manufacturer\.json/);
    for (const args of [[], [...where, '--devices', '0'], [...where, '--interval-ms', 'often'], ['--api', 'nowhere']])
      assert.equal((await run(args))[0], 2, args.join(' '));
  }));
