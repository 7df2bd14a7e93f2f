import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import type { ErrorCode } from '@oppidum/formats/errors';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import type { CityJson } from './api-types.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

type Ready = { readonly ready: true; readonly http: string; readonly mqtt: string; readonly founded: boolean };
type Ended = { readonly code: number | null; readonly signal: string | null; readonly stdout: string; readonly stderr: string };

/** One process of a city, as `npm start` launches it. */
class City {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly ready: Promise<Ready>;

  constructor(folder: string, ...flags: readonly string[]) {
    const args = ['--disable-warning=ExperimentalWarning', MAIN, '--data', folder, '--port', '0', '--mqtt-port', '0', ...flags];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } });
    let [stdout, stderr] = ['', ''];
    this.child.stderr?.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    this.ready = new Promise((resolve, reject) => {
      this.child.stdout?.on('data', (data: Buffer) => {
        stdout += data.toString();
        if (stdout.endsWith('\n')) resolve(JSON.parse(stdout) as Ready);
      });
      void this.ended.then((ended) => reject(new Error(`it ended: ${ended.stderr}`)));
    });
    this.ready.catch(() => undefined);
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

const FOUND = ['--found', 'test.oppidum.example'];
const cityOf = async ({ http }: Ready): Promise<CityJson> => (await (await fetch(`${http}/api/v1/city`)).json()) as CityJson;

/** Expects a start to fail with this code: one sentence, its exit code, nothing on stdout. */
async function assertRefused(city: City, code: ErrorCode): Promise<void> {
  const { code: exitCode, stdout, stderr } = await city.ended;
  assert.ok(stderr.startsWith(ERRORS[code].message), stderr);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  assert.deepEqual([exitCode, stdout], [ERRORS[code].exitCode, '']);
}

describe('the process of a city', () => {
  test('is founded once, resumes, and stops cleanly on every signal', () =>
    inTemporaryFolder(async (folder) => {
      const first = new City(folder, ...FOUND);
      const ready = await first.ready;
      assert.equal(ready.founded, true);
      const city = await cityOf(ready);
      assert.deepEqual([city.name, city.shards.length], ['test.oppidum.example', 1]);
      const { mode } = statSync(join(folder, 'keys', 'operator.seed'));
      assert.equal(mode & 0o777, 0o600);
      const seeds = ['log', 'cosigner', 'operator', 'telemetry'].map((name) =>
        readFileSync(join(folder, 'keys', `${name}.seed`), 'utf8').trim(),
      );
      const told = await first.stop('SIGINT');
      assert.deepEqual([told.code, told.signal], [0, null]);
      assert.ok(!existsSync(join(folder, 'lock')));
      for (const seed of seeds) assert.ok(!(told.stdout + told.stderr).includes(seed), 'no secret in what it says');

      for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
        const again = new City(folder, ...FOUND);
        const resumed = await again.ready;
        assert.equal(resumed.founded, false);
        const { genesis, shards } = await cityOf(resumed);
        assert.deepEqual([genesis, shards[0]?.id], [city.genesis, city.shards[0]?.id], 'nothing is made again');
        assert.equal((await again.stop(signal)).code, 0);
      }
    }));

  test('a killed city starts again', () =>
    inTemporaryFolder(async (folder) => {
      const first = new City(folder, ...FOUND);
      const { genesis } = await cityOf(await first.ready);
      assert.equal((await first.stop('SIGKILL')).signal, 'SIGKILL');
      const desk = join(folder, 'demo', 'tamper');
      mkdirSync(join(desk, 'city', 'keys'), { recursive: true });
      const again = new City(folder);
      assert.equal((await cityOf(await again.ready)).genesis, genesis);
      assert.equal(existsSync(desk), false, 'the copy of a game, with its keys, goes also where there is no desk any more');
      await again.stop();
    }));

  test('runs without readings where the operator keeps the keys elsewhere', () =>
    inTemporaryFolder(async (folder) => {
      const first = new City(folder, ...FOUND);
      await first.ready;
      await first.stop();
      rmSync(join(folder, 'keys', 'telemetry.seed'));
      const again = new City(folder);
      const ready = await again.ready;
      assert.deepEqual((await cityOf(ready)).shards, []);
      const body = Buffer.from([0xd2]);
      const response = await fetch(`${ready.http}/api/v1/readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/cose' },
        body,
      });
      assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [503, 'NOT_READY']);
      assert.match((await again.stop()).stderr, /no readings are taken/);
    }));

  test('one clear sentence: folder missing, foreign, locked; wrong permissions; wrong settings', () =>
    inTemporaryFolder(async (folder) => {
      await assertRefused(new City(folder), 'DATA_FOLDER_MISSING');
      mkdirSync(folder);
      writeFileSync(join(folder, 'thesis.txt'), 'do not touch');
      await assertRefused(new City(folder, ...FOUND), 'DATA_FOLDER_FOREIGN');
      assert.equal(readFileSync(join(folder, 'thesis.txt'), 'utf8'), 'do not touch');
      rmSync(join(folder, 'thesis.txt'));

      const first = new City(folder, ...FOUND);
      await first.ready;
      await assertRefused(new City(folder), 'DATA_FOLDER_LOCKED');
      await assertRefused(new City(folder, '--log-level', 'loud'), 'CONFIG_INVALID');
      await first.stop();
      chmodSync(join(folder, 'keys', 'log.seed'), 0o644);
      await assertRefused(new City(folder), 'KEY_FILE_PERMISSIONS');
      chmodSync(join(folder, 'keys'), 0o755);
      await assertRefused(new City(folder), 'DATA_FOLDER_PERMISSIONS');
    }));

  test('one clear sentence: a port that is taken', () =>
    inTemporaryFolder(async (folder) => {
      const squatter = createServer();
      await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', () => resolve()));
      const address = squatter.address();
      const port = typeof address === 'object' && address !== null ? String(address.port) : '';
      for (const flag of ['--port', '--mqtt-port']) {
        const city = new City(folder, ...FOUND, flag, port);
        await assertRefused(city, 'PORT_TAKEN');
        assert.ok((await city.ended).stderr.includes(port), 'and it names the port');
      }
      await new Promise((resolve) => squatter.close(resolve));
      assert.ok(!existsSync(join(folder, 'lock')));
    }));
});
