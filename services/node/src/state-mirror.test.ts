import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, compareBytes, toHex } from '@oppidum/formats/bytes';
import { suspensionKind } from '@oppidum/formats/state-devices';
import { accountKind } from '@oppidum/formats/state-governance';
import { type AnyKind, numberRange, prefixRange, stateKey } from '@oppidum/formats/state-layout';
import { shardNumberKind } from '@oppidum/formats/state-telemetry';
import fc from 'fast-check';
import { StateMirror } from './state-mirror.ts';

const device = (n: number): Bytes => new Uint8Array(32).fill(n);
const suspensions = suspensionKind as unknown as AnyKind;

test('reads and scans what was applied, whatever came before', () => {
  const key = fc.oneof(
    fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 300 })).map(([n, height]) => stateKey(suspensionKind, device(n), height)),
    fc.nat({ max: 5 }).map((number) => stateKey(shardNumberKind, number)),
  );
  const change = fc.record({ key, value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 4 })) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.nat({ max: 3 }), fc.nat({ max: 300 }), (changes, n, from) => {
      const mirror = new StateMirror(['suspension', 'shardNumber']);
      const known = new Map<string, { readonly key: Bytes; readonly value: Bytes }>();
      for (const { key: place, value } of changes) {
        mirror.apply({ key: place, value });
        if (value === null) known.delete(toHex(place));
        else known.set(toHex(place), { key: place, value });
      }
      for (const { key: place } of changes) assert.deepEqual(mirror.read(place), known.get(toHex(place))?.value ?? null);
      const ranges = [
        prefixRange(suspensions, []),
        prefixRange(suspensions, [device(n)]),
        numberRange(suspensions, [device(n)], from, 400),
        prefixRange(shardNumberKind as unknown as AnyKind, []),
      ];
      for (const range of ranges) {
        const want = [...known.values()]
          .filter((record) => compareBytes(record.key, range.lo) >= 0 && compareBytes(record.key, range.hi) <= 0)
          .sort((a, b) => compareBytes(a.key, b.key));
        assert.deepEqual(mirror.scan(range), want);
      }
    }),
  );
});

test('asking for what is not mirrored is a fault', () => {
  const mirror = new StateMirror(['suspension']);
  assert.throws(() => mirror.read(stateKey(accountKind, device(1))), /account are not mirrored/);
  assert.throws(() => mirror.scan(prefixRange(accountKind as unknown as AnyKind, [])), /not mirrored/);
  assert.throws(() => mirror.apply({ key: new Uint8Array(34), value: null }), /not mirrored/);
});
