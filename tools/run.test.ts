import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('./run.cjs', import.meta.url));

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
