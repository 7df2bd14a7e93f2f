import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CityProcess, listReadings, until } from '../support/city-process.ts';
import { runCommand, startCommand } from '../support/command-line.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { sharedPath, skipReason } from '../support/shared.ts';

type ReplayEnd = {
  readonly devices: readonly {
    readonly id: string;
    readonly keptCount: number;
    readonly skippedCount: number;
    readonly digest: string;
  }[];
  readonly verify: string;
};

/** The last line of a replay with --json. */
const endOf = (stdout: string): ReplayEnd => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ReplayEnd;

/** Calls `use` with a running city and what every command needs to reach it. */
function withCity(use: (city: CityProcess, data: string, where: readonly string[]) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    try {
      await use(city, data, ['--api', city.http, '--data', data]);
    } finally {
      await city.end('SIGTERM');
    }
  });
}

test('a road sensor from its file to verified evidence, and one altered byte fails', { skip: skipReason() }, () =>
  withCity(async (city, data, where) => {
    const file = sharedPath('data/traffic/nab-realTraffic/speed_6005.csv');
    const valueCount = readFileSync(file, 'utf8').trim().split('\n').length - 1;
    const command = ['replay', file, '--unit', 'km/h', '--pack', '250', '--json', ...where];
    const replay = await runCommand(command);
    assert.equal(replay.code, 0, replay.stderr);
    const [device] = endOf(replay.stdout).devices;
    assert.equal(device?.keptCount, valueCount);

    const again = await runCommand(command);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(
      endOf(again.stdout).devices.map(({ keptCount, skippedCount }) => [keptCount, skippedCount]),
      [[0, valueCount]],
    );
    await until('the city lists every value, anchored', async () => {
      const listed = await listReadings(city.http);
      const listedCount = listed.reduce((count, { recordCount }) => count + recordCount, 0);
      return listedCount === valueCount && listed.every(({ anchored }) => anchored);
    });

    const evidence = join(data, '..', 'reading.evidence');
    const fetched = await runCommand(['evidence', device?.digest ?? '', '--out', evidence, ...where]);
    assert.equal(fetched.code, 0, fetched.stderr);
    await city.end('SIGTERM');
    const policy = ['--policy', join(data, 'city.policy'), '--json'];
    const verified = await runCommand(['verify', evidence, ...policy]);
    assert.equal(verified.code, 0, verified.stderr);
    const report = JSON.parse(verified.stdout) as {
      readonly verdict: string;
      readonly facts: { readonly grade: string; readonly records: unknown[] };
    };
    assert.equal(report.verdict, 'OK');
    assert.equal(report.facts.grade, 'imported');
    assert.equal(report.facts.records.length, 250);

    const altered = readFileSync(evidence);
    altered[altered.length >> 1] = (altered[altered.length >> 1] as number) ^ 1;
    writeFileSync(evidence, altered);
    assert.equal((await runCommand(['verify', evidence, ...policy])).code, 3);
  }),
);

test('a replay that is killed goes on where it ended: every value once, bad rows told by their lines', (t) =>
  withCity(async (city, data, where) => {
    const rows = Array.from({ length: 300 }, (_, i) => {
      const time = new Date(Date.UTC(2020, 0, 1, 0, i)).toISOString();
      return i === 10 ? `${time},broken,2,3` : `${time},${i},${i % 7 === 0 ? '' : i + 0.5},${-i}`;
    });
    const file = join(data, '..', 'three series.csv');
    writeFileSync(file, `time,a,b,c\n${rows.join('\n')}\n`);
    const valueCount = 3 * 300 - Math.ceil(300 / 7) - 1;
    const command = ['replay', file, '--pack', '20', '--json', ...where];
    const slow = startCommand([...command, '--speed', '300x']); // 300 minutes in one
    t.after(() => slow.child.kill('SIGKILL'));
    await until('some readings are listed', async () => (await listReadings(city.http)).length > 0);
    slow.child.kill('SIGKILL');
    await slow.ended;
    const killed = await listReadings(city.http);
    assert.ok(killed.reduce((count, { recordCount }) => count + recordCount, 0) < valueCount, 'it was killed on its way');

    const rest = await runCommand([...command, '--speed', 'max']);
    assert.equal(rest.code, 0, rest.stderr);
    const survey = JSON.parse(rest.stdout.split('\n', 1)[0] ?? '') as { readonly survey: { readonly issues: unknown } };
    assert.deepEqual(survey.survey.issues, [{ line: 12, what: 'column a holds "broken", which is no number' }]);
    await until('the city lists as many values as the file has', async () => {
      const listed = await listReadings(city.http);
      const listedCount = listed.reduce((count, { recordCount }) => count + recordCount, 0);
      assert.ok(listedCount <= valueCount, `${listedCount} values, the file has ${valueCount}`);
      return listedCount === valueCount;
    });
    const { devices } = endOf(rest.stdout);
    assert.equal(
      devices.reduce((count, { keptCount, skippedCount }) => count + keptCount + skippedCount, 0),
      valueCount,
    );
  }));

test('a replay of another file under the same name is refused, a dry run sends nothing', () =>
  withCity(async (city, data, where) => {
    const file = join(data, '..', 'level.csv');
    writeFileSync(file, 'time,level\n2020-01-01,1\n2020-01-02,2\n');
    const dry = await runCommand(['replay', file, '--dry-run', '--plain', ...where]);
    assert.deepEqual([dry.code, dry.stdout], [0, 'level\t2\n'], dry.stderr);
    assert.deepEqual(await listReadings(city.http), []);
    assert.equal((await runCommand(['replay', file, ...where])).code, 0);
    writeFileSync(file, 'time,level\n2020-01-01,1\n2020-01-02,3\n');
    const other = await runCommand(['replay', file, ...where]);
    assert.deepEqual([other.code, other.stdout], [1, ''], other.stderr);
    assert.match(other.stderr, /another file/);
  }));
