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

/** Written whole, and what was there before. */
async function writtenTwice(path: string): Promise<{ readonly before: Uint8Array; readonly after: Uint8Array }> {
  await pinZone(path, { keys, envelope: null });
  const store = openOrderState(path);
  await store.write({ ...store.read(), numbered: 3_000 });
  const before = new Uint8Array(await readFile(path));
  const acting = { order: namedId('order'), command: 'light/level', arguments: [60] };
  await store.write({ ...store.read(), numbered: 4_000, acting });
  return { before, after: new Uint8Array(await readFile(path)) };
}

test('a power cut at each byte of the last write leaves the state before it, for the new one has another name until it is whole', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'orders.cbor');
    const { before, after } = await writtenTwice(path);
    await writeFile(path, before);
    for (let size = 0; size <= after.length; size++) {
      await writeFile(`${path}.new`, after.subarray(0, size));
      assert.deepEqual([openOrderState(path).read().numbered, openOrderState(path).read().acting], [3_000, null]);
    }
  }));

test('where a file system tears the file itself, at whichever byte, the state is the old one, the new one, or none', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'orders.cbor');
    const { before, after } = await writtenTwice(path);
    const codeOf = (): string => {
      try {
        const { numbered, acting } = openOrderState(path).read();
        assert.ok((numbered === 3_000 && acting === null) || (numbered === 4_000 && acting !== null), 'a mixture');
        return `${numbered}`;
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };
    const seen = new Set<string>();
    for (let size = 0; size <= Math.max(before.length, after.length); size++) {
      await writeFile(path, after.subarray(0, size));
      seen.add(size < after.length ? codeOf() : '');
      await writeFile(path, Uint8Array.of(...after.subarray(0, size), ...before.subarray(size)));
      codeOf();
    }
    // Whole but for its digest, it is as one of a former version.
    assert.deepEqual([...seen].sort(), ['', '4000', 'ORDER_STATE_DAMAGED']);
    for (let at = 0; at < after.length; at++) {
      await writeFile(
        path,
        after.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      );
      assert.equal(codeOf(), 'ORDER_STATE_DAMAGED', `byte ${at}`);
    }
  }));

test('a state of a former version, without its digest, is read; nothing may follow it', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'orders.cbor');
    await pinZone(path, { keys, envelope: null });
    const whole = new Uint8Array(await readFile(path));
    await writeFile(path, whole.subarray(0, -32));
    assert.deepEqual(openOrderState(path).read().keys, keys);
    await writeFile(path, Uint8Array.of(...whole.subarray(0, -32), 0));
    assert.throws(() => openOrderState(path), { code: 'ORDER_STATE_DAMAGED' });
  }));

test('without pins nobody is obeyed; with a torn file neither', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'orders.cbor');
    assert.throws(() => openOrderState(path), { code: 'ZONE_UNPINNED' });
    await pinZone(path, { keys, envelope: null });
    const whole = await readFile(path);
    for (const size of [0, 1, whole.length - 33, whole.length - 31, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, size));
      assert.throws(() => openOrderState(path), { code: 'ORDER_STATE_DAMAGED' });
    }
  }));
