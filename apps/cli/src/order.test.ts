import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { OrderJson, ZoneDetailJson } from '@oppidum/gateway/api/orders';
import { runCommand } from '../../../test/support/command-line.ts';
import { act, LAMP_COMMANDS, runOrderDoors, TestLamp, type TestZone } from '../../../test/support/order-city.ts';
import { enrolDevice, eventually, type RunningDoors, type TestDevice } from '../../../test/support/running-gateway.ts';

/** What the tests give a zone as its envelope. */
const ENVELOPE = {
  ...{ independence: 'device', grade: 'device', quantities: [], rules: [], dangerous: ['lamp/off'] },
  safe: [{ command: 'lamp/level', arguments: [{ min: 100, max: 100 }] }],
  ...{ lifetimeMsMax: 60_000, dangerousLifetimeMsMax: 30_000 },
};

describe('zones and orders on the command line', () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-order-'));
  const [first, second, stranger, third, envelope, saved] = ['a', 'b', 'c', 'd', 'lamps.json', 'glass.json'].map((name) =>
    join(root, name),
  ) as [string, string, string, string, string, string];
  const keys = ['--order-key', first, '--order-key', second];
  let doors: RunningDoors;
  let device: TestDevice;
  let lamp: TestLamp;
  let id = '';
  let at: readonly string[] = [];

  const run = async (args: readonly string[], code = 0) => {
    const whole = ['--api', doors.gateway.http, '--data', join(root, 'city'), '--json', ...args];
    const result = await runCommand(whole, { cwd: root });
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    return result;
  };
  const json = async <T>(args: readonly string[]): Promise<T> => JSON.parse((await run(args)).stdout) as T;
  /** Code of the failure with which a command ends. */
  const codeOf = async (args: readonly string[], exitCode: number): Promise<string> => {
    const last = (await run(args, exitCode)).stderr.trim().split('\n').at(-1) ?? '';
    return (JSON.parse(last) as { readonly error: { readonly code: string } }).error.code;
  };
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

  before(async () => {
    doors = await runOrderDoors(join(root, 'city'));
  });
  after(async () => {
    await lamp?.end();
    await doors.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('a zone is made under two keys, and gets a lamp', async () => {
    for (const file of [first, second, stranger, third])
      assert.match((await json<{ publicKey: string }>(['zone', 'make-key', file])).publicKey, /^[0-9a-f]{64}$/);
    writeFileSync(envelope, JSON.stringify(ENVELOPE));
    const place = ['--name', 'Old town', '--domain', 'lamps', '--envelope', envelope];
    await run(['zone', 'create', ...place, ...keys, '--dangerous-threshold', '2']);
    id = (await json<{ items: readonly { id: string }[] }>(['zone', 'list'])).items[0]?.id as string;
    const { keySet, envelopeInForce } = await json<ZoneDetailJson>(['zone', 'show', id]);
    assert.deepEqual([keySet.threshold, keySet.dangerousThreshold, envelopeInForce.dangerous], [1, 2, ['lamp/off']]);
    device = await enrolDevice(doors.city);
    await act(doors.city, 'model/describe', { id: device.model, commands: LAMP_COMMANDS, sensors: [] });
    await run(['zone', 'add-device', id, device.hex]);
    at = ['--zone', id, '--device', device.hex];
    const placed = { city: doors.city.client.genesisHash, zone: bytes(id), version: 1 };
    const pinned = { ...placed, keys: keySet.keys.map(bytes), threshold: 1, dangerousThreshold: 2 };
    const zone = { id: bytes(id), hex: id, signers: [], keySet: pinned, envelope: { version: 1, ...ENVELOPE } };
    lamp = await TestLamp.connect(doors, zone as unknown as TestZone, device);
  });

  test('an order is shown in words, signed, handed in, and waited for', async () => {
    const told = await run(['order', 'issue', 'lamp/level', '60', ...at, '--order-key', first, '--wait']);
    assert.match(told.stderr, /lamp\/level 60 on device [0-9a-f]{64}\./);
    assert.match(told.stderr, /Obeyed only with proof that the city’s validators issued it\./);
    assert.equal(lamp.done.length, 1);
  });

  test('what cannot be ordered is refused with its code, or said to be no command line', async () => {
    assert.equal(await codeOf(['order', 'issue', 'lamp/level', '60', ...at, '--order-key', stranger], 4), 'ORDER_KEY_FOREIGN');
    assert.match((await run(['order', 'issue', 'lamp/level', 'x', ...at, '--order-key', first], 2)).stderr, /whole number/);
    assert.match((await run(['order', 'issue', 'lamp/level', '5', '--zone', id, '--order-key', first], 2)).stderr, /--device ID/);
    assert.match((await run(['order', 'issue', 'lamp/level', '5', ...at], 2)).stderr, /--order-key FILE/);
    assert.equal(await codeOf(['order', 'issue', 'lamp/level', '101', ...at, '--order-key', first], 1), 'ARGUMENT_RANGE');
  });

  test('what is dangerous needs a yes, and the key of a second engineer', async () => {
    const dry = await json<{ words: readonly string[]; needed: number }>(['order', 'issue', 'lamp/off', ...at, '--dry-run']);
    assert.deepEqual([dry.needed, dry.words.at(-1)], [2, 'DANGEROUS: the higher threshold of the zone’s keys must sign']);
    const unasked = (await run(['order', 'issue', 'lamp/off', ...at, '--order-key', first], 2)).stderr;
    assert.match(unasked, /--yes/);
    assert.doesNotMatch(
      unasked.replaceAll(id, '').replaceAll(device.hex, ''),
      /[0-9a-f]{64}/,
      'no id of an order that is not there',
    );
    const one = await run(['order', 'issue', 'lamp/off', ...at, '--order-key', first, '--yes']);
    assert.match(one.stderr, /which waits for one more key\./);
    assert.match(one.stderr, /forgets it at [^;]+; until then .*\n.* order approve [0-9a-f]{64} --order-key FILE$/m);
    const waiting = await json<{ items: readonly OrderJson[] }>(['order', 'list', '--status', 'awaiting']);
    const off = waiting.items[0]?.id as string;
    await run(['order', 'approve', off, '--order-key', second, '--yes']);
    const applied = await eventually(
      () => json<OrderJson>(['order', 'show', off]),
      ({ state }) => state === 'applied',
    );
    assert.equal(applied.signers.length, 2);
  });

  test('break-glass goes in a safe direction alone, and is told on the ledger', async () => {
    const glass = await run(['order', 'break-glass', 'lamp/level', '100', ...at, '--order-key', second, '--save', saved]);
    assert.match(glass.stderr, /It is on the ledger\./);
    assert.equal(await codeOf(['order', 'report', saved], 1), 'ORDER_EXISTS');
    assert.match((await run(['order', 'report', saved], 1)).stderr, /has this order already\. Nothing is left to do\./);
    assert.equal(await codeOf(['order', 'break-glass', 'lamp/level', '50', ...at, '--order-key', second], 4), 'DIRECTION_UNSAFE');
  });

  test('whoever hands a lamp over is told that it leaves its zone', async () => {
    const sale = await json<{ sentence: string }>(['device', 'vouch', device.hex, '--owner', 'ab'.repeat(32), '--dry-run']);
    assert.ok(sale.sentence.endsWith(`; it leaves its zone ${id}, whose keys order it no more`), sale.sentence);
  });

  test('keys, envelope and lamps of a zone change', async () => {
    const next = ['--new-key', second, '--new-key', third, '--dangerous-threshold', '2'];
    await run(['zone', 'replace-keys', id, ...keys, ...next, '--yes']);
    writeFileSync(envelope, JSON.stringify({ ...ENVELOPE, lifetimeMsMax: 30_000 }));
    await run(['zone', 'set-envelope', id, envelope, '--order-key', second, '--order-key', third, '--yes']);
    const after = await json<ZoneDetailJson>(['zone', 'show', id]);
    assert.deepEqual([after.keys, after.envelope, after.envelopeInForce.lifetimeMsMax], [2, 2, 30_000]);
    await run(['zone', 'remove-device', id, device.hex]);
    assert.equal((await json<ZoneDetailJson>(['zone', 'show', id])).deviceCount, 0);
    const words = await runCommand(['--api', doors.gateway.http, '--data', join(root, 'city'), 'zone', 'show', id], {
      cwd: root,
    });
    assert.match(words.stdout, /longest lifetime +30 s, dangerous 30 s/);
  });
});
