import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { encodePolicy } from '@oppidum/formats/policy';
import { encodeKeySet } from '@oppidum/formats/zone-statements';
import { runCommand } from '../../../test/support/command-line.ts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { deviceId } from '../../../test/support/devices.ts';
import { OrderedZone } from '../../../test/support/issued-orders.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-verify-order-'));
after(() => rmSync(folder, { recursive: true }));

const zone = new OrderedZone(4);
const { keySet } = zone.pins();
const order = zone.compact(zone.order());
const FILES = {
  'city.policy': encodePolicy(nodeCrypto, zone.proven.policy),
  'order.bin': order,
  'glass.bin': zone.compact(zone.order({ command: 'gate/move', arguments: [0], mode: 'break-glass' })),
  'altered.bin': order.map((byte, i) => (i === order.length - 40 ? byte ^ 1 : byte)),
  'zone.keys': encodeKeySet(keySet),
  'next.keys': encodeKeySet({ ...keySet, version: 2 }),
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
const verify = (...args: readonly string[]) => runCommand(['verify', ...args], { cwd: folder });

test('an order with the key set of its zone: green, and what it says in words', async () => {
  const { code, stdout, stderr } = await verify('order.bin', '--zone', 'zone.keys', '--seen', 'heads.txt');
  assert.deepEqual([code, stderr], [0, '']);
  for (const words of [
    /^OK /m,
    /command +gate\/lamp 60/,
    new RegExp(`for +device ${toHex(deviceId('gate'))}`),
    /good for +30 s/,
    /signed by +key [0-2] of version 1/,
  ])
    assert.match(stdout, words);
  assert.equal((await verify('order.bin', '--zone', 'zone.keys', '--seen', 'heads.txt')).code, 0);
});

test('without it amber; break-glass, altered ones and other keys red', async () => {
  const amber = await verify('order.bin');
  assert.equal(amber.code, 3);
  assert.match(amber.stdout, /STATUS_UNKNOWN_OFFLINE \(CAUTION\)/);
  assert.match(amber.stdout, /its key set is not at hand/);
  assert.doesNotMatch(amber.stdout, /signed by +key/);
  assert.equal((await verify('order.bin', '--allow-amber')).code, 0);
  for (const [args, verdict] of [
    [['glass.bin'], 'QUORUM_MISSING'],
    [['altered.bin', '--zone', 'zone.keys'], 'SIGNATURE_INVALID'],
    [['order.bin', '--zone', 'next.keys'], 'KEY_UNKNOWN'],
  ] as const) {
    const { code, stdout } = await verify(...args);
    assert.deepEqual([code, stdout.includes(`${verdict} (FAILED)`)], [3, true], stdout);
  }
});

test('--zone is for orders alone', async () => {
  const { code, stderr } = await verify('city.policy', '--zone', 'zone.keys');
  assert.equal(code, 2);
  assert.match(stderr, /--zone is for an order/);
});
