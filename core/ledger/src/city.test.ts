import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, toHex } from '@oppidum/formats/bytes';
import fc from 'fast-check';
import { type StateChange, StateOverlay, type StateReader, type StoredRecord } from './city.ts';

type Bytes = Uint8Array;

/** A reader over a few keys of one byte. */
function reader(entries: ReadonlyMap<number, number>): StateReader {
  const records: StoredRecord[] = [...entries].map(([key, value]) => ({ key: Uint8Array.of(key), value: Uint8Array.of(value) }));
  records.sort((a, b) => compareBytes(a.key, b.key));
  return {
    read: (key) => records.find((record) => compareBytes(record.key, key) === 0)?.value ?? null,
    scan: (lo, hi) => records.filter(({ key }) => compareBytes(key, lo) >= 0 && compareBytes(key, hi) <= 0),
  };
}

const key = fc.nat({ max: 7 });
const write = fc.record({ key, value: fc.option(fc.nat({ max: 3 })) });
const transaction = fc.record({ writes: fc.array(write, { maxLength: 6 }), kept: fc.boolean() });

test('an overlay reads, scans and tells its changes as a plain map would', () => {
  const initial = fc.uniqueArray(fc.tuple(key, fc.nat({ max: 3 })), { selector: ([k]) => k });
  fc.assert(
    fc.property(initial, fc.array(transaction, { maxLength: 6 }), (entries, transactions) => {
      const base = new Map(entries);
      const overlay = new StateOverlay(reader(base));
      let model = new Map(base);
      for (const { writes, kept } of transactions) {
        const next = new Map(model);
        for (const { key: k, value } of writes) {
          overlay.put(Uint8Array.of(k), value === null ? null : Uint8Array.of(value));
          if (value === null) next.delete(k);
          else next.set(k, value);
          assert.deepEqual(overlay.read(Uint8Array.of(k)), value === null ? null : Uint8Array.of(value));
        }
        assert.deepEqual(overlay.scan(Uint8Array.of(1), Uint8Array.of(6)), reader(next).scan(Uint8Array.of(1), Uint8Array.of(6)));
        if (kept) overlay.keep();
        else overlay.drop();
        if (kept) model = next;
        assert.deepEqual(
          overlay.scan(Uint8Array.of(0), Uint8Array.of(7)),
          reader(model).scan(Uint8Array.of(0), Uint8Array.of(7)),
        );
      }
      assert.deepEqual(overlay.changes(), changesBetween(base, model));
      const writer = new StateOverlay(ofMany(base));
      for (const { key: k, value } of overlay.changes()) writer.put(k, value);
      for (const [k, value] of base) if (model.get(k) === value) writer.put(Uint8Array.of(k), Uint8Array.of(value));
      writer.keep();
      assert.deepEqual(writer.changes(), changesBetween(base, model), 'the same of who answers for many keys at once');
    }),
  );
});

/** The same reader, which never is asked for one key alone. */
function ofMany(entries: ReadonlyMap<number, number>): StateReader {
  const { read, scan } = reader(entries);
  return {
    read: () => assert.fail('asked for one'),
    scan,
    readAll: (places) => places.map(({ key: k, name }) => (name === String.fromCharCode(...k) ? read(k) : assert.fail(name))),
  };
}

function changesBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): StateChange[] {
  const value = (n: number | undefined): Bytes | null => (n === undefined ? null : Uint8Array.of(n));
  return [0, 1, 2, 3, 4, 5, 6, 7]
    .filter((k) => before.get(k) !== after.get(k))
    .map((k) => ({ key: Uint8Array.of(k), value: value(after.get(k)) }));
}

test('changes that were not kept are no changes', () => {
  const overlay = new StateOverlay(reader(new Map([[1, 1]])));
  overlay.put(Uint8Array.of(2), Uint8Array.of(2));
  assert.deepEqual(overlay.changes(), []);
  overlay.keep();
  assert.deepEqual(
    overlay.changes().map((change) => toHex(change.key)),
    ['02'],
  );
});
