import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inFolder } from '../../../../test/support/folder.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { newKeySet } from '../../../../test/support/orders.ts';
import { openOrderState, pinZone } from './order-state.ts';

const keys = newKeySet(namedId('city'), ['ada', 'bo']);

test('what was pinned and written is read again, for its owner alone', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'orders.cbor');
    await pinZone(path, { keys, envelope: null });
    const store = openOrderState(path);
    const acting = { order: namedId('order'), command: 'light/level', arguments: [60] };
    await store.write({ ...store.read(), numbered: 7, acting });
    assert.deepEqual(openOrderState(path).read(), { keys, envelope: null, numbered: 7, acting });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  }));

test('without pins nobody is obeyed; with a torn file neither', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'orders.cbor');
    assert.throws(() => openOrderState(path), { code: 'ZONE_UNPINNED' });
    await pinZone(path, { keys, envelope: null });
    const whole = await readFile(path);
    for (const size of [0, 1, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, size));
      assert.throws(() => openOrderState(path), { code: 'ORDER_STATE_DAMAGED' });
    }
  }));
