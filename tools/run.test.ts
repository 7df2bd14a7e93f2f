import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inFolder } from '../test/support/folder.ts';

const RUNNER = fileURLToPath(new URL('./run.cjs', import.meta.url));

const CHANCE = `import assert from 'node:assert/strict';
import { test } from 'node:test';
test('life', async (t) => {
  await t.test('a day in the city', (day) => {
    day.diagnostic('seed 41');
    assert.equal('dusk', 'dawn');
  });
  await t.test('another day', (day) => day.diagnostic('seed 42'));
  t.diagnostic('life 7');
});
test('a day without end', () => {
  throw new Error('a'.repeat(1_000));
});
test('a day as any', (t) => t.diagnostic('seed 43'));
`;

test('flags that npm kept for itself are not silently lost', () => {
  const env = { ...process.env, npm_lifecycle_event: 'start', npm_config_mqtt_port: '9001', npm_config_demo: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUNNER, 'start'], { env, encoding: 'utf8' });
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /--mqtt-port and --no-demo .* npm start -- --mqtt-port/);
});

test('whoever names two files at once is told why none was run', () => {
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, 'test', 'no-such.test.ts', 'nor-this.test.ts'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(
    stdout,
    /No test was found whose file has each of these in its path: no-such\.test\.ts, nor-this\.test\.ts: that is a failure\./,
  );
});

test('the end of the output says why a test failed, and by which seed it fails again', async () => {
  const parts = ['tools/test.ts', 'tools/test-run.ts', 'tools/test-failures.ts'];
  const sources = parts.map((path) => [path, readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')]);
  const files = { ...Object.fromEntries(sources), 'package.json': '{"type":"module"}', 'tools/chance.test.ts': CHANCE };
  await inFolder(files, async (folder) => {
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const { status, stdout } = spawnSync(process.execPath, ['tools/test.ts', 'unit'], { cwd: folder, env, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.deepEqual(stdout.trimEnd().split('\n').slice(-7), [
      '  failed: tools/chance.test.ts:4: a day in the city',
      "    AssertionError: Expected values to be strictly equal: ⏎ 'dusk' !== 'dawn' (tools/chance.test.ts:6)",
      '    seed 41',
      '    life 7',
      '  failed: tools/chance.test.ts:11: a day without end',
      `    Error: ${'a'.repeat(293)} … (tools/chance.test.ts:12)`,
      'tests 4, passed 2, failed 2, skipped 0',
    ]);
  });
});
