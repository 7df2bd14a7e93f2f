import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { percentile } from './bench.ts';
import { BENCHES } from './benches.ts';

test('a percentile is the nearest rank', () => {
  const samples = [5, 1, 4, 2, 3];
  assert.deepEqual(
    [percentile(samples, 0), percentile(samples, 0.5), percentile(samples, 0.95), percentile(samples, 1)],
    [1, 3, 5, 5],
  );
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('bad usage ends with 2 and lists the benches', () => {
  for (const args of [[], ['nope'], ['map', 'verify'], ['map', '--seconds', '0'], ['map', '--fast']]) {
    const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { encoding: 'utf8' });
    assert.equal(status, 2, args.join(' '));
    assert.deepEqual(/^Benches: (.*)$/m.exec(stderr)?.[1]?.split(', '), Object.keys(BENCHES), args.join(' '));
  }
});
