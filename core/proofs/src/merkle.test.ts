import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { ErrorCode } from '@oppidum/formats/errors';
import { FormatError } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { checkConsistency, checkInclusion, rootFromInclusion } from './merkle.ts';
import { emptyRoot, leafHash, nodeHash } from './merkle-hash.ts';
import { CompactTree, type HashReader, proveConsistency, proveInclusion, treeRoot } from './merkle-tree.ts';

const sha256 = (data: Bytes): Bytes => new Uint8Array(createHash('sha256').update(data).digest());
const crypto = { sha256 } as unknown as Crypto;

const SIZE_MAX = 130;
const leaves = Array.from({ length: SIZE_MAX }, (_, i) => leafHash(crypto, Uint8Array.of(i)));

/** RFC 6962 §2.1, word for word. */
function referenceRoot(hashes: readonly Bytes[]): Bytes {
  if (hashes.length === 0) return sha256(new Uint8Array(0));
  if (hashes.length === 1) return hashes[0] as Bytes;
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  return nodeHash(crypto, referenceRoot(hashes.slice(0, k)), referenceRoot(hashes.slice(k)));
}

const roots = Array.from({ length: SIZE_MAX + 1 }, (_, size) => referenceRoot(leaves.slice(0, size)));

/** Subtree hashes as an appending log stores them. */
function storedHashes(): HashReader {
  const stored = new Map<string, Bytes>();
  const tree = new CompactTree(crypto);
  for (const leaf of leaves) tree.append(leaf, (level, index, hash) => stored.set(`${level}/${index}`, hash));
  return (level, index) => {
    const hash = stored.get(`${level}/${index}`);
    assert.ok(hash, `no complete subtree ${level}/${index}`);
    return hash;
  };
}
const readHash = storedHashes();

function flipBit(data: Bytes, bit: number): Bytes {
  const copy = data.slice();
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (128 >> (bit & 7));
  return copy;
}

describe('inclusion', () => {
  test('every entry of every log up to 130 entries is proven and verified', () => {
    for (let size = 1; size <= SIZE_MAX; size++) {
      for (let index = 0; index < size; index++) {
        const proof = proveInclusion(crypto, readHash, index, size);
        const claim = { index, size, leafHash: leaves[index] as Bytes, proof, root: roots[size] as Bytes };
        assert.equal(checkInclusion(crypto, claim), null, `${index} of ${size}`);
      }
    }
  });

  test('no mutation verifies', () => {
    const statement = fc
      .integer({ min: 1, max: SIZE_MAX })
      .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })));
    fc.assert(
      fc.property(statement, fc.nat(), fc.nat(255), ([size, index], at, bit) => {
        const proof = proveInclusion(crypto, readHash, index, size);
        const claim = { index, size, leafHash: leaves[index] as Bytes, proof, root: roots[size] as Bytes };
        const refused = (change: Partial<typeof claim>) => assert.notEqual(checkInclusion(crypto, { ...claim, ...change }), null);
        refused({ leafHash: flipBit(claim.leafHash, bit) });
        refused({ root: flipBit(claim.root, bit) });
        refused({ index: (index + 1) % (size + 1) === index ? size : (index + 1) % (size + 1) });
        refused({ proof: [...proof, claim.root] });
        refused({ proof: [claim.leafHash, ...proof] });
        if (proof.length === 0) return;
        const place = at % proof.length;
        refused({ proof: proof.map((hash, i) => (i === place ? flipBit(hash, bit) : hash)) });
        refused({ proof: proof.filter((_, i) => i !== place) });
      }),
      { numRuns: 500 },
    );
  });

  test('refusals', () => {
    const claim = {
      index: 2,
      size: 5,
      leafHash: leaves[2] as Bytes,
      proof: proveInclusion(crypto, readHash, 2, 5),
      root: roots[5] as Bytes,
    };
    const table: readonly [Partial<typeof claim>, ErrorCode][] = [
      [{ index: 5 }, 'NUMBER_RANGE'],
      [{ index: -1 }, 'NUMBER_RANGE'],
      [{ index: 0.5 }, 'NUMBER_RANGE'],
      [{ index: 2 ** 53, size: 2 ** 54 }, 'NUMBER_RANGE'],
      [{ size: Number.NaN }, 'NUMBER_RANGE'],
      [{ proof: claim.proof.slice(1) }, 'PROOF_LENGTH_WRONG'],
      [{ proof: claim.proof.map((hash) => hash.slice(1)) }, 'LENGTH_WRONG'],
      [{ leafHash: new Uint8Array(31) }, 'LENGTH_WRONG'],
      [{ index: 3 }, 'ROOT_MISMATCH'],
      [{ root: new Uint8Array(0) }, 'ROOT_MISMATCH'],
    ];
    for (const [change, code] of table) assert.equal(checkInclusion(crypto, { ...claim, ...change })?.code, code);
    assert.throws(() => proveInclusion(crypto, readHash, 5, 5), { code: 'NUMBER_RANGE' });
  });

  test('places far beyond 32 bits fold to the right length', () => {
    const [index, size] = [2 ** 52 + 1, 2 ** 53 - 1];
    const proof = Array.from({ length: 53 }, () => leaves[0] as Bytes);
    const folded = [52, 53].map((count) =>
      rootFromInclusion(crypto, { index, size, leafHash: leaves[1] as Bytes, proof: proof.slice(0, count) }),
    );
    assert.deepEqual(
      folded.map((answer) => ('code' in answer ? answer.code : 'root')),
      ['PROOF_LENGTH_WRONG', 'root'],
    );
  });
});

describe('consistency', () => {
  test('every pair of sizes up to 130 is proven and verified', () => {
    for (let size2 = 1; size2 <= SIZE_MAX; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = proveConsistency(crypto, readHash, size1, size2);
        const claim = { size1, size2, root1: roots[size1] as Bytes, root2: roots[size2] as Bytes, proof };
        assert.equal(checkConsistency(crypto, claim), null, `${size1} to ${size2}`);
      }
    }
  });

  test('no mutation verifies', () => {
    const statement = fc
      .integer({ min: 2, max: SIZE_MAX })
      .chain((size2) => fc.tuple(fc.integer({ min: 1, max: size2 - 1 }), fc.constant(size2)));
    fc.assert(
      fc.property(statement, fc.nat(), fc.nat(255), ([size1, size2], at, bit) => {
        const proof = proveConsistency(crypto, readHash, size1, size2);
        const claim = { size1, size2, root1: roots[size1] as Bytes, root2: roots[size2] as Bytes, proof };
        const refused = (change: Partial<typeof claim>) =>
          assert.notEqual(checkConsistency(crypto, { ...claim, ...change }), null);
        const place = at % proof.length;
        refused({ root1: flipBit(claim.root1, bit) });
        refused({ root2: flipBit(claim.root2, bit) });
        refused({ root1: claim.root2, root2: claim.root1 });
        refused({ proof: proof.map((hash, i) => (i === place ? flipBit(hash, bit) : hash)) });
        refused({ proof: proof.filter((_, i) => i !== place) });
        refused({ proof: [...proof, claim.root2] });
        refused({ proof: [claim.root1, ...proof] });
        refused({ size1: size1 - 1 });
      }),
      { numRuns: 500 },
    );
  });

  test('refusals', () => {
    const claim = {
      size1: 3,
      size2: 7,
      root1: roots[3] as Bytes,
      root2: roots[7] as Bytes,
      proof: proveConsistency(crypto, readHash, 3, 7),
    };
    const table: readonly [Partial<typeof claim>, ErrorCode][] = [
      [{ size1: 8 }, 'NUMBER_RANGE'],
      [{ size1: 0 }, 'NUMBER_RANGE'],
      [{ size1: 0, proof: [] }, 'NUMBER_RANGE'],
      [{ size2: 2 ** 53 }, 'NUMBER_RANGE'],
      [{ proof: [] }, 'PROOF_LENGTH_WRONG'],
      [{ size1: 7, root1: claim.root2 }, 'PROOF_LENGTH_WRONG'],
      [{ size1: 7, proof: [] }, 'ROOT_MISMATCH'],
      [{ proof: claim.proof.map((hash) => hash.slice(1)) }, 'LENGTH_WRONG'],
      [{ root1: new Uint8Array(31) }, 'LENGTH_WRONG'],
      [{ root1: claim.root2 }, 'ROOT_MISMATCH'],
      [{ root2: claim.root1 }, 'ROOT_MISMATCH'],
    ];
    for (const [change, code] of table) assert.equal(checkConsistency(crypto, { ...claim, ...change })?.code, code);
    assert.throws(() => proveConsistency(crypto, readHash, 0, 5), { code: 'NUMBER_RANGE' });
    assert.throws(() => proveConsistency(crypto, readHash, 6, 5), FormatError);
  });

  test('two empty logs are consistent', () => {
    const root = emptyRoot(crypto);
    assert.equal(checkConsistency(crypto, { size1: 0, size2: 0, root1: root, root2: root, proof: [] }), null);
  });
});

describe('growing', () => {
  test('the compact tree has the reference root at every size and survives encoding', () => {
    let tree = new CompactTree(crypto);
    for (let size = 0; size <= SIZE_MAX; size++) {
      assert.equal(toHex(tree.root()), toHex(roots[size] as Bytes));
      assert.equal(toHex(treeRoot(crypto, readHash, size)), toHex(roots[size] as Bytes));
      tree = CompactTree.parse(crypto, tree.encode());
      assert.equal(tree.size, size);
      if (size < SIZE_MAX) tree.append(leaves[size] as Bytes);
    }
  });

  test('a damaged frontier is refused', () => {
    const tree = new CompactTree(crypto);
    for (const leaf of leaves.slice(0, 5)) tree.append(leaf);
    const data = tree.encode();
    assert.throws(() => CompactTree.parse(crypto, data.slice(0, -1)), { code: 'LENGTH_WRONG' });
    assert.throws(() => CompactTree.parse(crypto, data.slice(0, 8)), { code: 'LENGTH_WRONG' });
    assert.throws(() => CompactTree.parse(crypto, data.slice(0, 7)), { code: 'TRUNCATED' });
  });
});
