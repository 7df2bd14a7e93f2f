import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, concatBytes, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { checkChallenged, makeChallengeTree } from './challenge-tree.ts';
import { leafHash, nodeHash } from './merkle-hash.ts';

const devicesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ device: namedId(`device ${i}`), challenge: namedId(`challenge ${i}`) })).sort(
    (a, b) => compareBytes(a.device, b.device),
  );
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'OK';
};

test('it is the RFC 6962 tree over device and challenge, and proves each device and no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), (count) => {
      const devices = devicesOf(count);
      const tree = makeChallengeTree(crypto, devices);
      const log = new MemoryLog(devices.map(({ device, challenge }) => concatBytes(device, challenge)));
      assert.equal(toHex(tree.root), toHex(log.root()));
      for (const [index, entry] of devices.entries()) {
        const path = tree.pathOf(index);
        assert.equal(checkChallenged(crypto, tree, entry, { index, path }), null);
        const other = { ...entry, challenge: namedId('other') };
        assert.equal(checkChallenged(crypto, tree, other, { index, path })?.code, 'ROOT_MISMATCH');
      }
      assert.equal(
        codeOf(() => tree.pathOf(count)),
        'NUMBER_RANGE',
      );
    }),
    { numRuns: 25 },
  );
});

test('no device stands in it twice, and it has one spelling', () => {
  const [first, second] = devicesOf(2) as [Entry, Entry];
  type Entry = ReturnType<typeof devicesOf>[number];
  assert.equal(
    codeOf(() => makeChallengeTree(crypto, [first, { ...first, challenge: namedId('x') }])),
    'DUPLICATE_KEY',
  );
  assert.equal(
    codeOf(() => makeChallengeTree(crypto, [second, first])),
    'UNSORTED',
  );
  assert.equal(
    codeOf(() => makeChallengeTree(crypto, [])),
    'NUMBER_RANGE',
  );
  assert.equal(
    codeOf(() => makeChallengeTree(crypto, [{ ...first, challenge: new Uint8Array(31) }])),
    'LENGTH_WRONG',
  );
});

test('a node of the tree passes for no leaf: what looks like one hashes otherwise', () => {
  const devices = devicesOf(4);
  const tree = makeChallengeTree(crypto, devices);
  const [left, right] = [0, 2].map((i) => {
    const [a, b] = [devices[i]!, devices[i + 1]!].map(({ device, challenge }) =>
      leafHash(crypto, concatBytes(device, challenge)),
    );
    return nodeHash(crypto, a!, b!);
  });
  // The two inner nodes, shown as the device and the challenge of the only leaf.
  const forged = { device: left!, challenge: right! };
  assert.equal(checkChallenged(crypto, { root: tree.root, count: 1 }, forged, { index: 0, path: [] })?.code, 'ROOT_MISMATCH');
});

test('65,536 devices and not one more; paths of 16 hashes', () => {
  const device = (i: number) => {
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(0, i);
    return bytes;
  };
  const challenge = namedId('challenge');
  const devices = Array.from({ length: 65_536 }, (_, i) => ({ device: device(i), challenge }));
  const tree = makeChallengeTree(crypto, devices);
  const path = tree.pathOf(65_535);
  assert.equal(path.length, 16);
  assert.equal(checkChallenged(crypto, tree, devices[65_535]!, { index: 65_535, path }), null);
  assert.equal(
    codeOf(() => makeChallengeTree(crypto, [...devices, { device: device(65_536), challenge }])),
    'NUMBER_RANGE',
  );
});
