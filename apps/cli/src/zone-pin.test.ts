import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openOrderState } from '@oppidum/device/orders/order-state';
import { encodeKeySet } from '@oppidum/formats/zone-statements';
import { runCommand } from '../../../test/support/command-line.ts';
import { makeZone, runOrderDoors, type TestZone } from '../../../test/support/order-city.ts';
import type { RunningDoors } from '../../../test/support/running-gateway.ts';

describe('a device is told by hand whose orders to obey', () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-pin-'));
  const folder = join(root, 'lamp');
  const pinned = join(folder, 'zone.cbor');
  let doors: RunningDoors;
  let zone: TestZone;
  let other: TestZone;

  const run = async (args: readonly string[], code = 0) => {
    const place = ['--api', doors.gateway.http, '--data', join(root, 'city')];
    const result = await runCommand([...args, ...place], { cwd: root });
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    return result;
  };
  const codeOf = async (args: readonly string[], exitCode: number): Promise<string> => {
    const last = (await run([...args, '--json'], exitCode)).stderr.trim().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { readonly error: { readonly code: string } }).error.code;
  };
  const state = () => openOrderState(pinned).read();

  before(async () => {
    doors = await runOrderDoors(join(root, 'city'));
    [zone, other] = [await makeZone(doors), await makeZone(doors)];
  });
  after(async () => {
    await doors.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('the key set is shown with its fingerprint, asked about, and written for its owner alone', async () => {
    const asked = await run(['zone', 'pin', 'lamp', '--zone', zone.hex], 2);
    assert.match(asked.stderr, /Zone “Old town” \([0-9a-f]{64}\) of city [0-9a-f]{64}, key set 1:/);
    assert.match(asked.stderr, /2 order keys, of which 1 must sign an order and 2 what is dangerous\./);
    const fingerprint = /Its fingerprint: ((?:[0-9a-f]{4} ?){16})/.exec(asked.stderr)?.[1]?.trim() ?? '';
    assert.match((await run(['zone', 'show', zone.hex])).stdout, new RegExp(`fingerprint +${fingerprint}`));
    assert.throws(() => statSync(pinned), { code: 'ENOENT' });
    const wrong = fingerprint.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    assert.equal(await codeOf(['zone', 'pin', 'lamp', '--zone', zone.hex, '--fingerprint', wrong], 4), 'ZONE_FINGERPRINT');
    await run(['zone', 'pin', 'lamp', '--zone', zone.hex, '--fingerprint', fingerprint.toUpperCase().replaceAll(' ', '')]);
    assert.deepEqual([statSync(pinned).mode & 0o777, statSync(folder).mode & 0o777], [0o600, 0o700]);
    assert.deepEqual([state().keys, state().envelope, state().acting], [zone.keySet, zone.envelope, null]);
  });

  test('once more changes nothing, also over what the device followed to by itself', async () => {
    const store = openOrderState(pinned);
    await store.write({ ...store.read(), keys: { ...zone.keySet, version: 4 }, numbered: 5_000 });
    const bytes = readFileSync(pinned);
    assert.match(
      (await run(['zone', 'pin', 'lamp', '--zone', zone.hex])).stderr,
      /has this zone already, with key set 4: nothing was changed/,
    );
    assert.deepEqual(readFileSync(pinned), bytes);
  });

  test('another zone takes a device over only where somebody says so, and its numbers go on rising', async () => {
    assert.equal(await codeOf(['zone', 'pin', 'lamp', '--zone', other.hex, '--yes'], 1), 'ZONE_PINNED');
    assert.deepEqual(state().keys.zone, zone.id);
    await run(['zone', 'pin', 'lamp', '--zone', other.hex, '--again', '--yes']);
    assert.deepEqual([state().keys, state().numbered], [other.keySet, 5_000]);
  });

  test('a key set in a file is taken as it is; a torn pin is no empty place', async () => {
    writeFileSync(join(root, 'zone.keys'), encodeKeySet(zone.keySet));
    writeFileSync(pinned, readFileSync(pinned).subarray(0, 50));
    const args = ['zone', 'pin', 'lamp', '--key-set', 'zone.keys', '--yes'];
    assert.equal(await codeOf(args, 1), 'ZONE_PINNED');
    await run([...args, '--again']);
    assert.deepEqual([state().keys, state().envelope], [zone.keySet, null]);
    assert.ok(state().numbered > 5_000, 'above whatever it may have counted to');
    writeFileSync(join(root, 'zone.keys'), encodeKeySet(zone.keySet).subarray(0, 60));
    await run(['zone', 'pin', 'fresh', '--key-set', 'zone.keys', '--yes'], 3);
    assert.match((await run(['zone', 'pin', 'fresh'], 2)).stderr, /--zone ID, or a file with --key-set FILE/);
    assert.equal(await codeOf(['zone', 'pin', 'fresh', '--zone', 'ab'.repeat(32)], 1), 'ZONE_UNKNOWN');
  });
});
