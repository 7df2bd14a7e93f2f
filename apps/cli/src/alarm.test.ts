import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AlarmCountsJson, AlarmJson } from '@oppidum/gateway/api/alarms';
import { runCommand } from '../../../test/support/command-line.ts';
import { enrolDevice, eventually, type RunningDoors, runDoors, type TestDevice } from '../../../test/support/running-gateway.ts';

describe('alarms on the command line', () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-alarm-'));
  let doors: RunningDoors;
  let device: TestDevice;
  let id = '';

  const run = async (args: readonly string[], code = 0, form: readonly string[] = ['--json']) => {
    const whole = ['--api', doors.gateway.http, '--data', join(root, 'city'), ...form, 'alarm', ...args];
    const result = await runCommand(whole, { cwd: root });
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    return result;
  };
  const json = async <T>(args: readonly string[]): Promise<T> => JSON.parse((await run(args)).stdout) as T;
  const codeOf = async (args: readonly string[], exitCode = 1): Promise<string> => {
    const last = (await run(args, exitCode)).stderr.trim().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { readonly error: { readonly code: string } }).error.code;
  };
  const say = async (sequence: number, value: string): Promise<void> => {
    const reading = device.reading(sequence, [{ sensor: 'signal/trip', value, timeMs: Date.now() }]);
    const headers = { 'content-type': 'application/cose' };
    await fetch(`${doors.gateway.http}/api/v1/readings`, { method: 'POST', headers, body: Buffer.from(reading) });
  };
  const listed = async (...args: readonly string[]): Promise<readonly AlarmJson[]> =>
    (await json<{ items: readonly AlarmJson[] }>(['list', ...args])).items;

  before(async () => {
    doors = await runDoors(join(root, 'city'));
    device = await enrolDevice(doors.city, { label: 'Market cross' });
  });
  after(async () => {
    await doors.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('a quiet city has none', async () => {
    assert.deepEqual(await listed(), []);
    assert.equal((await json<AlarmCountsJson>(['count'])).open, 0);
    assert.match((await run(['list'], 0, [])).stderr, /None\./);
  });

  test('one is listed, shown in words, and answered for', async () => {
    await say(1, 'CONFLICT');
    const [alarm] = await eventually(
      () => listed('--severity', 'critical'),
      ({ length }) => length === 1,
    );
    id = alarm?.id ?? '';
    const shown = (await run(['show', id], 0, [])).stdout;
    assert.match(shown, /^a monitor tripped: its signals flash: device Market cross$/m);
    assert.match(shown, /^detail +CONFLICT$/m);
    assert.match(shown, new RegExp(`^opened by +reading ${alarm?.opening.id}$`, 'm'));
    assert.match(shown, /^calls +operator$/m);
    const dry = (await run(['acknowledge', id, '--dry-run'], 0, [])).stdout;
    assert.match(dry, /Acknowledge the alarm “a monitor tripped: its signals flash” of device [0-9a-f]{64}/);
    const told = (await run(['acknowledge', id, '--response', 'crew-sent', '--yes'])).stderr;
    assert.match(told, /It calls nobody else, and closes when its cause is gone\./);
    const answered = await eventually(
      () => json<AlarmJson>(['show', id]),
      ({ state }) => state === 'acknowledged',
    );
    assert.equal(answered.acknowledgement?.response, 'crew-sent');
    assert.match((await run(['show', id], 0, [])).stdout, /^answer +somebody is on the way$/m);
  });

  test('not twice, not what is closed, not what there is not, and not in words of one’s own', async () => {
    assert.equal(await codeOf(['acknowledge', id, '--yes']), 'ALARM_ACKNOWLEDGED');
    await say(2, 'none');
    await eventually(
      () => json<AlarmJson>(['show', id]),
      ({ state }) => state === 'closed',
    );
    assert.equal(await codeOf(['acknowledge', id, '--yes']), 'ALARM_CLOSED');
    assert.equal(await codeOf(['acknowledge', '00'.repeat(32), '--yes']), 'ALARM_UNKNOWN');
    await run(['acknowledge', id, '--response', 'Anna knows'], 2);
    await run(['list', '--state', 'loud'], 2);
    assert.deepEqual(await listed(), []);
    assert.equal((await listed('--state', 'all')).length, 1);
    assert.match((await run(['show', id], 0, [])).stdout, /^closed by +reading [0-9a-f]{64}$/m);
  });
});
