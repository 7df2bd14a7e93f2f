import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeCompleteRange, parseCompleteRange } from '@oppidum/formats/complete-range';
import type { SeriesSpanJson } from '@oppidum/gateway/api/readings';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { enrolDevice, eventually, openDoors, type RunningDoors, type TestDevice } from '../../../test/support/running-gateway.ts';

const START_MS = 1_700_000_000_000;

describe('oppidum reading', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-cli-reading-'));
  const policy = join(folder, 'city.policy');
  let doors: RunningDoors;
  let lamp: TestDevice;
  const run = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(['reading', ...args, '--api', doors.gateway.http]);
  const time = (second: number): string => new Date(START_MS + second * 1_000).toISOString();

  before(async () => {
    doors = await openDoors();
    writeFileSync(policy, doors.city.client.policyFile());
    lamp = await enrolDevice(doors.city, { label: 'Main street 1' });
    for (let sequence = 1; sequence <= 12; sequence++)
      await doors.shard.client.ingest(
        lamp.reading(sequence, [{ sensor: 'power', unit: 'W', value: sequence, timeMs: START_MS + sequence * 1_000 }]),
      );
    await eventually(
      async () => [doors.shard.client.status(), doors.gateway.readModel.lag()] as const,
      ([{ anchored, size }, { readings }]) => anchored?.size === size && readings === 0,
    );
  });
  after(async () => {
    await doors.close();
    rmSync(folder, { recursive: true });
  });

  test('latest, series and export show the same values in three ways', async () => {
    const latest = await run('latest', '--device', lamp.hex, '--plain');
    assert.equal(latest.stdout, `Main street 1\tpower\t12\tW\t${time(12)}\n`);
    const series = await run(
      'series',
      '--device',
      lamp.hex,
      '--name',
      'power',
      '--from',
      time(1),
      '--to',
      time(13),
      '--points',
      '12',
      '--json',
    );
    const span = JSON.parse(series.stdout) as SeriesSpanJson;
    assert.deepEqual([span.count, span.buckets.length], [12, 12]);
    const drawn = await run(
      'series',
      '--device',
      lamp.hex,
      '--name',
      'power',
      '--from',
      time(1),
      '--to',
      time(13),
      '--points',
      '12',
    );
    assert.match(drawn.stdout, /highest {2}▁▁.*█ {2}up to 12/);
    const file = join(folder, 'all.csv');
    assert.equal((await run('export', '--device', lamp.hex, '--out', file)).code, 0);
    const lines = readFileSync(file, 'utf8').split('\r\n');
    assert.equal(lines.length, 1 + 12 + 1);
    assert.equal((await run('export', '--device', lamp.hex)).stdout, lines.join('\r\n'));
  });

  test('prove says complete, from the city and again offline, and says what is missing', async () => {
    const file = join(folder, 'hour.readings');
    const span = ['--from', time(3), '--to', time(9), '--policy', policy];
    const proven = await run('prove', '--device', lamp.hex, ...span, '--out', file);
    assert.match(proven.stdout, /COMPLETE {2}Every reading is proven/);
    assert.equal(proven.code, 0);
    const shown = parseCompleteRange(new Uint8Array(readFileSync(file)));
    const withheld = join(folder, 'withheld.readings');
    writeFileSync(withheld, encodeCompleteRange({ ...shown, evidence: shown.evidence.filter((_, i) => i !== 3) }));
    const offline = (name: string): Promise<CommandResult> =>
      runCommand(['reading', 'prove', '--file', name, '--policy', policy]);
    assert.equal((await offline(file)).code, 0);
    const missing = await offline(withheld);
    assert.equal(missing.code, 3);
    assert.match(missing.stdout, /INCOMPLETE \(CAUTION\) {2}What is shown is proven; nothing is shown of 5/);
    assert.equal(
      (await run('prove', '--device', lamp.hex, '--from', time(9), '--to', time(99), '--policy', policy)).code,
      3,
      'an open end',
    );
  });

  test('refuses what is not asked well', async () => {
    assert.equal((await run('prove', '--policy', policy)).code, 2);
    assert.equal((await run('series', '--device', lamp.hex, '--name', 'power', '--from', 'yesterday')).code, 2);
    assert.equal((await run('series', '--device', lamp.hex, '--name', 'speed', '--json')).code, 1);
    assert.equal((await run('export', '--device', '00'.repeat(32))).code, 4);
  });
});
