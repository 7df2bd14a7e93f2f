import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makePlan } from '@oppidum/city/plan';
import { labelOf, makeTown } from '@oppidum/city/town';
import { toHex } from '@oppidum/formats/bytes';
import { admitMaker, CityProcess, listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { firstAnchoredReading, startCity } from '../support/started-city.ts';

const MAIN = fileURLToPath(import.meta.resolve('@oppidum/city/main'));
const DEVICE_COUNT = 10;
/** Of the first ten posts of the town. */
const KIND_COUNT = 8;
/** Lines of a simulation that lost the city, and has it again. */
const LOST = /cannot deliver; .* \(([A-Z_]+)\)$/;
const FOUND = /delivered again/;

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

  constructor(t: TestContext, city: CityProcess, folder: string, intervalMs: number, wishes: readonly string[] = []) {
    const args = ['--api', city.http, '--mqtt', city.mqtt, '--folder', folder];
    const size = ['--devices', String(DEVICE_COUNT), '--interval-ms', String(intervalMs)];
    this.child = spawn(process.execPath, [MAIN, ...args, ...size, ...wishes], { stdio: ['ignore', 'ignore', 'pipe'] });
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
    const lines = second.log.trim().split('\n');
    // A connection may be lost, and found again, on a machine that does much else.
    assert.equal(lines.filter((line) => !LOST.test(line) && !FOUND.test(line)).length, 1, second.log);

    const third = new Simulation(t, city, folder, 60_000);
    await until('the third start says what it simulates', async () => /10 devices of \d+ kinds/.test(third.log));
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
      const heard = async (): Promise<number> => new Set((await listReadings(back.http)).map(({ device }) => device)).size;
      await until('each device was heard', async () => (await heard()) === DEVICE_COUNT);
      assert.equal(await simulation.end('SIGTERM'), 0, simulation.log);
      const lines = simulation.log.trim().split('\n');
      assert.equal(lines.filter((line) => !LOST.test(line) && !FOUND.test(line)).length, 1, simulation.log);
      // Whatever was lost and found: one line for each code, not for each device, and one for the return.
      let codes: string[] = [];
      for (const line of lines.filter((each) => LOST.test(each) || FOUND.test(each))) {
        const code = LOST.exec(line)?.[1];
        if (code === undefined) assert.ok(codes.length > 0, `a return from nowhere: ${simulation.log}`);
        else assert.ok(!codes.includes(code), `${code} twice: ${simulation.log}`);
        codes = code === undefined ? [] : [...codes, code];
      }
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

/** A reading of a fast town. */
type TownReading = {
  readonly device: string;
  readonly label: string;
  readonly timeMs: number;
  readonly receivedMs: number;
  readonly clockErrorMs: number | null;
  readonly records: readonly { readonly name: string; readonly value: unknown }[];
};

const townTimeOf = ({ records }: TownReading): number =>
  Date.parse(String(records.find(({ name }) => name === 'town-time')?.value));

test('a fast town signs when it measures and says its own time; values are of its seed and that time alone; its clock goes on', (t) =>
  withMaker(async (city, folder) => {
    const readings = async (): Promise<readonly TownReading[]> => {
      const answer = await fetch(`${city.http}/api/v1/readings?limit=500`);
      return ((await answer.json()) as { readonly items: readonly TownReading[] }).items;
    };
    const begunMs = Date.now();
    const fast = new Simulation(t, city, folder, 1_000, ['--seed', '7', '--speed', '600']);
    await until('each device has three readings', async () => (await readings()).length >= 3 * DEVICE_COUNT);
    assert.equal(await fast.end('SIGTERM'), 0, fast.log);
    assert.match(fast.log, /time runs 600 times as fast/);

    const posts = new Map(makeTown(makePlan(7), 7, DEVICE_COUNT).map((post) => [labelOf(post), post]));
    const places = new Set(['lat', 'lon']);
    const found = await readings();
    for (const reading of found) {
      const errorMs = reading.clockErrorMs ?? Number.NaN;
      assert.ok(
        reading.timeMs >= begunMs - errorMs && reading.timeMs <= reading.receivedMs + errorMs,
        'signed when it was measured: after the town began, before it came',
      );
      const post = posts.get(reading.label) ?? assert.fail(reading.label);
      const want = post.measure(townTimeOf(reading)).map(({ sensor, value }) => [sensor, value] as const);
      const said = reading.records
        .filter(({ name }) => name !== 'town-time' && (post.isMoving || !places.has(name)))
        .map(({ name, value }) => [name, value] as const);
      assert.deepEqual(said.slice(0, want.length), want.slice(0, said.length), reading.label);
    }
    const newest = Math.max(...found.map(townTimeOf));
    assert.ok(newest > Date.now() + 60_000, 'the town is ahead');

    const other = new Simulation(t, city, folder, 1_000, ['--seed', '8']);
    await until('it ends', () => other.child.exitCode !== null);
    assert.equal(other.child.exitCode, 2);
    assert.match(other.log, /made from another seed/, 'TOWN_SEED_FIXED');
    const calm = new Simulation(t, city, folder, 1_000);
    await until('it says what it simulates', () => /10 devices of \d+ kinds/.test(calm.log));
    await until('it goes on', async () => (await readings()).length >= found.length + DEVICE_COUNT);
    const later = (await readings()).filter(({ timeMs }) => timeMs > Math.max(...found.map((reading) => reading.timeMs)));
    assert.ok(later.length > 0 && later.every((reading) => townTimeOf(reading) >= newest - 600_000), 'no moment comes twice');
    for (const reading of later) {
      const before = found.filter(({ device }) => device === reading.device).map(townTimeOf);
      assert.ok(
        before.every((timeMs) => timeMs < townTimeOf(reading)),
        reading.label,
      );
    }
    assert.equal(await calm.end('SIGTERM'), 0, calm.log);
  }));

test('`start` takes speed, seed and number of devices, and a town keeps its seed', () =>
  inTemporaryFolder(async (data) => {
    const city = await startCity(data, ['--speed', '60', '--seed', '3', '--devices', '6']);
    try {
      const { records } = (await firstAnchoredReading(city.api)) as unknown as TownReading;
      assert.ok(records.some(({ name }) => name === 'town-time'));
      assert.equal((await listDevices(city.api)).length, 6);
      const town = (): unknown => JSON.parse(readFileSync(join(data, 'demo', 'town.json'), 'utf8')).speed;
      const faster = await runCommand(['city', 'speed', '300', '--data', data]);
      assert.deepEqual([faster.code, /300 times as fast/.test(faster.stderr)], [0, true], faster.stderr);
      await until('the town took it', () => town() === 300);
    } finally {
      assert.equal((await city.stop()).code, 0);
    }
    const town = JSON.parse(readFileSync(join(data, 'demo', 'town.json'), 'utf8')) as Readonly<Record<string, number>>;
    assert.deepEqual([town['seed'], town['speed']], [3, 1], 'while it is stopped, its clock goes on as everyone’s');
    const ports = ['--port', '0', '--mqtt-port', '0'];
    const away = await runCommand(['city', 'speed', '2', '--data', data]);
    assert.deepEqual([away.code, /No simulated city runs/.test(away.stderr)], [5, true], away.stderr);
    assert.ok(!readdirSync(join(data, 'demo')).includes('speed.wish'), 'nothing is left for the next start');
    const refused = await runCommand(['start', '--data', data, ...ports, '--seed', '4']);
    assert.deepEqual([refused.code, /made from seed 3, and keeps it/.test(refused.stderr)], [2, true], refused.stderr);
    for (const wish of [
      ['--speed', '0'],
      ['--speed', '1001'],
      ['--speed', 'fast'],
      ['--devices', '0'],
      ['--seed', '-1'],
    ])
      assert.equal((await runCommand(['start', '--data', data, ...ports, ...wish])).code, 2, wish.join(' '));
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
    for (const args of [
      [],
      [...where, '--devices', '0'],
      [...where, '--interval-ms', 'often'],
      ['--api', 'nowhere'],
      [...where, '--speed', '1001'],
    ])
      assert.equal((await run(args))[0], 2, args.join(' '));
  }));
