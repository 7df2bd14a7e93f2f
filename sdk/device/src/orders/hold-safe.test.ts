import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { encodePolicy } from '@oppidum/formats/policy';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { inFolder } from '../../../../test/support/folder.ts';
import { IssuingCity } from '../../../../test/support/issuing-city.ts';
import { atWork, idOf } from '../../../../test/support/order-bench.ts';
import { openDevice } from '../open-device.ts';
import type { SensorValue } from '../reading-pack.ts';
import { holdSafe } from './hold-safe.ts';
import { pinZone } from './order-state.ts';

const full = (): Promise<never> => Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));

test('a disk that is full when a challenge must be voided: nothing is done, the safe state is held and told once, and the order is obeyed when there is room', async () => {
  const bench = await atWork();
  const write = bench.store.write.bind(bench.store);
  const order = bench.issue();
  bench.store.write = full;
  for (let i = 0; i < 3; i++) await bench.agent.receive(order);
  assert.deepEqual([bench.done, bench.heldCount, bench.level], [[], 1, 100]);
  assert.deepEqual(bench.told, ['order/alarm=ENOSPC level=100']);
  assert.deepEqual(bench.troubles, ['ENOSPC', 'ENOSPC', 'ENOSPC']);
  bench.store.write = write;
  await bench.agent.receive(order);
  assert.deepEqual(bench.done, [{ command: 'light/level', arguments: [60] }]);
  assert.deepEqual(bench.told.slice(1), [`order/applied=${idOf(order)} level=60`]);
  await bench.agent.stop();
});

test('a machine whose maker made mistakes, on a disk without room, is held and ends nothing', async () => {
  const troubles: string[] = [];
  const onTrouble = ({ code }: { readonly code: string }): void => void troubles.push(code);
  const hold = (): void => {
    throw new TypeError('a mistake of its maker');
  };
  const state = (): readonly SensorValue[] => {
    throw new TypeError('no sensor');
  };
  await holdSafe({ actuator: { hold, state }, device: { measure: full }, onTrouble }, 'ORDER_STATE_DAMAGED');
  assert.deepEqual(troubles, ['ORDER_STATE_DAMAGED', 'ACTUATOR_FAILED', 'ENOSPC']);
});

/** Opens a device in a folder of which nobody made anything yet, with no city to be reached. */
async function openHeld(folder: string) {
  const policy = join(folder, 'city.policy');
  await writeFile(policy, encodePolicy(nodeCrypto, new IssuingCity().policy));
  const [held, troubles]: [number[], string[]] = [[], []];
  const actuator = {
    dangerous: new Set<string>(),
    veto: () => null,
    act: () => Promise.resolve(),
    hold: () => void held.push(1),
    state: () => [{ sensor: 'level', value: 100 }],
  };
  const time = [{ name: 'clock', ask: () => Promise.resolve({ timeMs: Date.now(), errorMs: 1 }) }];
  const device = await openDevice({
    ...{ folder: join(folder, 'lamp'), policy, api: 'http://127.0.0.1:9', time, actuator },
    onTrouble: ({ code }) => troubles.push(code),
  });
  return { device, held, troubles };
}

test('a lamp in an empty folder, with a torn pin, or with a folder in its place starts, is held, says why, and takes no orders', () =>
  inFolder({}, async (folder) => {
    const lamp = join(folder, 'lamp');
    const pin = join(lamp, 'zone.cbor');
    const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['ZONE_UNPINNED', () => Promise.resolve()],
      [
        'ORDER_STATE_DAMAGED',
        async () => {
          await pinZone(pin, { keys: new IssuingCity().keys, envelope: null });
          await writeFile(pin, (await readFile(pin)).subarray(0, 40));
        },
      ],
      ['ORDER_STATE_DAMAGED', () => writeFile(pin, encodeUtf8('{}'))],
    ];
    for (const [code, prepare] of cases) {
      await mkdir(lamp, { recursive: true });
      await prepare();
      const { device, held, troubles } = await openHeld(folder);
      assert.deepEqual([device.held, device.orders, held.length], [code, null, 1]);
      assert.ok(troubles.includes(code));
      await device.close();
    }
    assert.equal((await stat(pin)).size, 2, 'what is left is for somebody to look at');
  }));
