import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, compareBytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { emptyStateRoot } from '@oppidum/proofs/state-hash';
import { StateTree } from '@oppidum/proofs/state-tree';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { enrol, makeDeviceCity } from '../../../test/support/devices.ts';
import type { StoredRecord } from './city.ts';
import { areaRoots, firstDifference } from './state-diff.ts';

const record = (key: string, value = '00'): StoredRecord => ({ key: parseHex(key), value: parseHex(value) });

test('states that agree do not differ, empty ones neither', () => {
  assert.equal(firstDifference([], []), null);
  const { state } = makeDeviceCity();
  assert.equal(firstDifference(state.records(), makeDeviceCity().state.records()), null);
});

test('the first differing key is named, with both values', () => {
  const a = [record('01'), record('02'), record('04')];
  const differ = (b: readonly StoredRecord[]) => {
    const found = firstDifference(a, b);
    return found === null
      ? null
      : [toHex(found.key), found.a === null ? null : toHex(found.a), found.b === null ? null : toHex(found.b)];
  };
  assert.deepEqual(differ([record('01'), record('02', '01'), record('05')]), ['02', '00', '01']);
  assert.deepEqual(differ([record('01'), record('04', '01')]), ['02', '00', null]);
  assert.deepEqual(differ([record('00'), ...a]), ['00', null, '00']);
  assert.deepEqual(differ([...a, record('05')]), ['05', null, '00']);
  assert.deepEqual(differ([]), ['01', '00', null]);
});

test('a device more shows as the kind of its first record', () => {
  const [one, two] = [makeDeviceCity(), makeDeviceCity()];
  enrol(two, 'lamp');
  assert.equal(firstDifference(one.state.records(), two.state.records())?.kind, 'device');
  assert.equal(firstDifference([], [record('ff00')])?.kind, null);
});

test('nothing is read past the first difference, and disorder is a broken store', () => {
  function* broken(): Generator<StoredRecord> {
    yield record('01');
    throw new Error('read too far');
  }
  assert.equal(firstDifference(broken(), [record('01', '01')]) === null, false);
  assert.throws(() => firstDifference([record('02'), record('01')], [record('02'), record('03')]), /out of order/);
});

test('the difference is the least key at which two maps differ', () => {
  const byte = fc.integer({ min: 0, max: 5 });
  const states = fc.dictionary(byte.map(String), byte, { maxKeys: 6 });
  const recordsOf = (map: Readonly<Record<string, number>>): StoredRecord[] =>
    Object.entries(map)
      .map(([key, value]) => ({ key: Uint8Array.of(Number(key)), value: Uint8Array.of(value) }))
      .sort((a, b) => compareBytes(a.key, b.key));
  fc.assert(
    fc.property(states, states, (a, b) => {
      const expected = [0, 1, 2, 3, 4, 5].find((key) => a[key] !== b[key]);
      assert.equal(firstDifference(recordsOf(a), recordsOf(b))?.key[0], expected);
    }),
  );
});

test('each area has a sub-root: that of a map of its keys alone', () => {
  const city = makeDeviceCity();
  const treeOf = (records: readonly StoredRecord[]) => {
    const tree = new StateTree(nodeCrypto);
    const version = tree.apply(records.map(({ key, value }) => ({ key, valueDigest: nodeCrypto.sha256(value) })));
    return { prefixHash: (prefix: Bytes) => tree.prefixHash(version, prefix), root: tree.rootHash(version) };
  };
  const records = city.state.records();
  const roots = areaRoots(treeOf(records));
  assert.deepEqual(
    roots.map(({ area, name }) => [area, name]),
    [
      [1, 'governance'],
      [2, 'devices'],
      [3, 'telemetry'],
      [4, 'erasure'],
      [5, 'orders'],
      [6, 'alarms'],
    ],
  );
  for (const { area, root } of roots) assert.deepEqual(root, treeOf(records.filter(({ key }) => key[0] === area)).root);
  for (const empty of [3, 4]) assert.deepEqual(roots[empty]?.root, emptyStateRoot(nodeCrypto));
});

test('what changes in one area changes its sub-root alone', () => {
  const city = makeDeviceCity();
  const rootsOf = () => {
    const tree = new StateTree(nodeCrypto);
    const changes = city.state.records().map(({ key, value }) => ({ key, valueDigest: nodeCrypto.sha256(value) }));
    const version = tree.apply(changes);
    return areaRoots({ prefixHash: (prefix) => tree.prefixHash(version, prefix) });
  };
  const before = rootsOf();
  enrol(city, 'lamp');
  const after = rootsOf();
  assert.deepEqual(
    after.map(({ root }, n) => equalBytes(root, before[n]!.root)),
    [true, false, true, true, true, true],
  );
});
