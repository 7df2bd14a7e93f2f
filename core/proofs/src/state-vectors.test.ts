/**
 * The vectors of specs/state-map.md: made here, compared with the files. With OPPIDUM_WRITE_VECTORS=1 the files are written instead,
 * for a deliberate change of the format.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Bytes, concatBytes, encodeUint64, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { KeyRange } from '@oppidum/formats/state-layout';
import { stateBranchHash, stateLeafHash } from './state-hash.ts';
import { checkStateProof, encodeStateProof, type ProofNode, parseStateProof } from './state-proof.ts';
import { StateTree } from './state-tree.ts';

const FOLDER = new URL('../../../vectors/state-map/', import.meta.url);
const WRITES = process.env['OPPIDUM_WRITE_VECTORS'] === '1';

const sha256 = (data: Bytes): Bytes => new Uint8Array(createHash('sha256').update(data).digest());
const crypto = {
  sha256,
  sha256Into: (data: Bytes, out: Bytes, offset: number) => out.set(sha256(data), offset),
} as unknown as Crypto;

/** area ‖ kind → key size: an id; a number; an id and a number. */
const KEY_SIZES: Readonly<Record<string, number>> = { '0101': 34, '0102': 10, '0201': 42 };
const keySizeOf = (area: number, kind: number): number | null => KEY_SIZES[toHex(Uint8Array.of(area, kind))] ?? null;

const id = (n: number): Bytes => sha256(Uint8Array.of(n));
const idKey = (n: number): Bytes => concatBytes(Uint8Array.of(1, 1), id(n));
const numberKey = (n: number): Bytes => concatBytes(Uint8Array.of(1, 2), encodeUint64(n));
const eventKey = (n: number, at: number): Bytes => concatBytes(Uint8Array.of(2, 1), id(n), encodeUint64(at));

const MAPS: Readonly<Record<string, readonly Bytes[]>> = {
  empty: [],
  single: [numberKey(7)],
  example: [numberKey(1), numberKey(2), numberKey(5)],
  city: [
    ...Array.from({ length: 20 }, (_, n) => idKey(n)),
    ...Array.from({ length: 12 }, (_, n) => numberKey(n * n)),
    ...Array.from({ length: 15 }, (_, n) => eventKey(n % 3, 10 * n)),
  ],
};
/** The value of a key in every map here. */
const valueUnder = (key: Bytes): Bytes => encodeUtf8(`value of ${toHex(key)}`);

function treeOf(map: string): StateTree {
  const tree = new StateTree(crypto);
  tree.apply((MAPS[map] as readonly Bytes[]).map((key) => ({ key, valueDigest: sha256(valueUnder(key)) })));
  return tree;
}

const rootOf = (map: string): Bytes => {
  const tree = treeOf(map);
  return tree.rootHash(tree.newest);
};

const only = (key: Bytes): KeyRange => ({ lo: key, hi: key });
const eventsOf = (n: number): KeyRange => ({
  lo: concatBytes(Uint8Array.of(2, 1), id(n), new Uint8Array(8)),
  hi: concatBytes(Uint8Array.of(2, 1), id(n), new Uint8Array(8).fill(255)),
});

const CLAIMS: readonly { name: string; map: string; ranges: readonly KeyRange[] }[] = [
  { name: 'presence', map: 'example', ranges: [only(numberKey(2))] },
  { name: 'presence of an id', map: 'city', ranges: [only(idKey(4))] },
  { name: 'absence between two keys', map: 'example', ranges: [only(numberKey(3))] },
  { name: 'absence beyond all keys', map: 'example', ranges: [only(numberKey(99))] },
  { name: 'absence of an id', map: 'city', ranges: [only(idKey(200))] },
  { name: 'absence in an empty map', map: 'empty', ranges: [only(numberKey(7))] },
  { name: 'presence in a map of one', map: 'single', ranges: [only(numberKey(7))] },
  { name: 'absence in a map of one', map: 'single', ranges: [only(numberKey(8))] },
  { name: 'complete prefix', map: 'city', ranges: [eventsOf(1)] },
  { name: 'complete prefix without keys', map: 'city', ranges: [eventsOf(9)] },
  { name: 'complete range', map: 'city', ranges: [{ lo: numberKey(5), hi: numberKey(50) }] },
  { name: 'range with both ends present', map: 'city', ranges: [{ lo: numberKey(4), hi: numberKey(36) }] },
  { name: 'whole map', map: 'example', ranges: [{ lo: numberKey(0), hi: numberKey(Number.MAX_SAFE_INTEGER) }] },
  { name: 'several ranges at once', map: 'city', ranges: [only(idKey(3)), only(numberKey(10)), eventsOf(2)] },
];

type Text = { readonly [name: string]: unknown };
const textOf = (ranges: readonly KeyRange[]): Text[] => ranges.map(({ lo, hi }) => ({ lo: toHex(lo), hi: toHex(hi) }));

function buildMaps(): Text[] {
  return Object.entries(MAPS).map(([name, keys]) => {
    const sorted = [...keys].sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1));
    return {
      name,
      root: toHex(rootOf(name)),
      entries: sorted.map((key) => ({ key: toHex(key), value: toHex(valueUnder(key)) })),
    };
  });
}

function buildProofs(): Text[] {
  return CLAIMS.map(({ name, map, ranges }) => {
    const tree = treeOf(map);
    const proof = tree.prove(tree.newest, ranges);
    const keys = buildMaps().find((one) => one['name'] === map)?.['entries'] as { key: string }[];
    const inside = keys.filter(({ key }) => ranges.some(({ lo, hi }) => key >= toHex(lo) && key <= toHex(hi)));
    return { name, map, ranges: textOf(ranges), proof: toHex(encodeStateProof(proof)), keys: inside.map(({ key }) => key) };
  });
}

const leaf = (key: Bytes): ProofNode => ({ kind: 'leaf', key, valueDigest: sha256(valueUnder(key)) });
const opaque = (hash: Bytes): ProofNode => ({ kind: 'opaque', hash });
const branch = (bit: number): ProofNode => ({ kind: 'branch', bit });
const hashOf = (key: Bytes): Bytes => stateLeafHash(crypto, key, sha256(valueUnder(key)));

/** A proof that must be refused, about the map `example` unless another root is named. */
type FalseProof = {
  readonly name: string;
  readonly root?: Bytes;
  readonly ranges: readonly KeyRange[];
  readonly proof: readonly ProofNode[] | Bytes;
  readonly code: string;
};

// The map `example` branches at bit 77 (5 right of it) and then at 78 (1 and 2).
const [k1, k2, k5] = [numberKey(1), numberKey(2), numberKey(5)];
const lower = stateBranchHash(crypto, 78, hashOf(k1), hashOf(k2));
const opened = [branch(77), branch(78), leaf(k1), opaque(hashOf(k2)), opaque(hashOf(k5))];

/** Hidden parts and impossible bits. */
function hidingProofs(): FalseProof[] {
  const k3 = only(numberKey(3));
  return [
    { name: 'bare opaque root', ranges: [k3], proof: [opaque(rootOf('example'))], code: 'STATE_HIDDEN' },
    {
      name: 'stub left of the lower path',
      ranges: [{ lo: numberKey(0), hi: numberKey(9) }],
      proof: [branch(77), opaque(lower), leaf(k5)],
      code: 'STATE_HIDDEN',
    },
    { name: 'sides checked against the shown leaf', ranges: [only(k2)], proof: opened, code: 'STATE_HIDDEN' },
    {
      name: 'branch that reveals nothing',
      ranges: [only(numberKey(99))],
      proof: [branch(77), opaque(lower), opaque(hashOf(k5))],
      code: 'STATE_HIDDEN',
    },
    {
      name: 'bit + 65536',
      ranges: [only(k2)],
      proof: [branch(77), branch(78 + 65536), ...opened.slice(2)],
      code: 'STATE_BRANCH_INVALID',
    },
    {
      name: 'bit that does not increase',
      ranges: [only(k1)],
      proof: [branch(77), branch(77), ...opened.slice(2)],
      code: 'STATE_BRANCH_INVALID',
    },
    {
      name: 'branch beyond the end of the key below it',
      root: stateBranchHash(crypto, 80, hashOf(k1), hashOf(k5)),
      ranges: [only(k5)],
      proof: [branch(80), leaf(k1), opaque(hashOf(k5))],
      code: 'STATE_BRANCH_INVALID',
    },
  ];
}

/** Wrong leaves, wrong roots, wrong queries and what is no proof at all. */
function brokenProofs(): FalseProof[] {
  return [
    {
      name: 'leaf of another key with a given hash',
      ranges: [only(k2)],
      proof: [branch(77), branch(78), opaque(hashOf(k1)), leaf(numberKey(3)), opaque(hashOf(k5))],
      code: 'ROOT_MISMATCH',
    },
    {
      name: 'value changed',
      ranges: [only(k5)],
      proof: [branch(77), opaque(lower), { kind: 'leaf', key: k5, valueDigest: sha256(Uint8Array.of(0)) }],
      code: 'ROOT_MISMATCH',
    },
    { name: 'nothing shown of a map with keys', ranges: [only(numberKey(3))], proof: [], code: 'ROOT_MISMATCH' },
    {
      name: 'leaf on the wrong side',
      ranges: [only(k5)],
      proof: [branch(77), opaque(lower), leaf(k2)],
      code: 'STATE_SIDE_WRONG',
    },
    {
      name: 'sides that part before the bit',
      ranges: [only(k5)],
      proof: [branch(79), leaf(k2), leaf(k5)],
      code: 'STATE_SIDE_WRONG',
    },
    { name: 'keys in the wrong order', ranges: [only(k5)], proof: [branch(77), leaf(k5), leaf(k1)], code: 'UNSORTED' },
    { name: 'query of the wrong length', ranges: [only(k2.slice(0, 9))], proof: opened, code: 'STATE_KEY_INVALID' },
    {
      name: 'key of the wrong length',
      ranges: [only(k5)],
      proof: [branch(77), opaque(lower), leaf(concatBytes(k5, Uint8Array.of(0)))],
      code: 'STATE_KEY_INVALID',
    },
    { name: 'query upside down', ranges: [{ lo: k5, hi: k1 }], proof: opened, code: 'NUMBER_RANGE' },
    {
      name: 'half a tree',
      ranges: [only(k1)],
      proof: [branch(77), branch(78), leaf(k1), opaque(hashOf(k2))],
      code: 'PROOF_MALFORMED',
    },
    { name: 'two trees', ranges: [only(k1)], proof: [...opened, leaf(k5)], code: 'PROOF_MALFORMED' },
    {
      name: 'hash of 31 bytes',
      ranges: [only(k5)],
      proof: encodeCbor([77, lower.slice(1), [k5, sha256(valueUnder(k5))]]),
      code: 'LENGTH_WRONG',
    },
    {
      name: 'leaf that brings its hash along',
      ranges: [only(k5)],
      proof: encodeCbor([77, lower, [k5, sha256(valueUnder(k5)), hashOf(k5)]]),
      code: 'WRONG_TYPE',
    },
    {
      name: 'trailing byte',
      ranges: [only(k5)],
      proof: concatBytes(encodeCbor([77, lower, [k5, sha256(valueUnder(k5))]]), Uint8Array.of(0)),
      code: 'TRAILING_BYTES',
    },
  ];
}

function buildRefused(): Text[] {
  return [...hidingProofs(), ...brokenProofs()].map(({ name, root, ranges, proof, code }) => {
    const bytes = proof instanceof Uint8Array ? proof : encodeStateProof({ nodes: proof });
    return { name, root: toHex(root ?? rootOf('example')), ranges: textOf(ranges), proof: toHex(bytes), code };
  });
}

/** What a file says; with OPPIDUM_WRITE_VECTORS=1 after writing it. */
function sameAsFile(name: string, content: Text): Text {
  const url = new URL(name, FOLDER);
  const written = `${JSON.stringify(content, null, 2)}\n`;
  if (WRITES) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(url, written);
  }
  assert.equal(readFileSync(url, 'utf8'), written, `${name} differs from what this code makes`);
  return JSON.parse(written) as Text;
}

type Vector = {
  name: string;
  map: string;
  root: string;
  ranges: { lo: string; hi: string }[];
  proof: string;
  keys: string[];
  code: string;
};

function judge(root: Bytes, vector: Vector): string | string[] {
  const ranges = vector.ranges.map(({ lo, hi }) => ({ lo: parseHex(lo), hi: parseHex(hi) }));
  try {
    const answer = checkStateProof(crypto, { root, proof: parseStateProof(parseHex(vector.proof)), ranges, keySizeOf });
    return 'code' in answer ? answer.code : answer.leaves.map(({ key }) => toHex(key));
  } catch (error) {
    assert.ok(error instanceof FormatError);
    return error.code;
  }
}

test('vectors/state-map: maps have their roots', () => {
  sameAsFile('maps.json', { keySizes: KEY_SIZES, maps: buildMaps() });
});

test('vectors/state-map: true proofs verify and show the keys', () => {
  const { proofs } = sameAsFile('proofs.json', { keySizes: KEY_SIZES, proofs: buildProofs() }) as { proofs: Vector[] };
  for (const vector of proofs) assert.deepEqual(judge(rootOf(vector.map), vector), vector.keys, vector.name);
});

test('vectors/state-map: false proofs are refused with their code', () => {
  const { refused } = sameAsFile('refused.json', { keySizes: KEY_SIZES, refused: buildRefused() }) as { refused: Vector[] };
  for (const vector of refused) assert.equal(judge(parseHex(vector.root), vector), vector.code, vector.name);
});
