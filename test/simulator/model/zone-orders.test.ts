import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, concatBytes } from '@oppidum/formats/bytes';
import { checkChallenged } from '@oppidum/proofs/challenge-tree';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree, proveInclusion } from '@oppidum/proofs/merkle-tree';
import { District } from '../orders/district.ts';
import { idealHands } from '../orders/hands.ts';
import { explore, keepOnly } from './explore.ts';
import { type Leaf, ZONE_ORDER_RULES, type ZoneBounds, type ZoneOrderRules, zoneOrderModel } from './zone-orders.ts';

const STATES_MAX = 1_000_000;
const honest: ZoneBounds = { orders: 1, challenges: 2, validators: false };
const traitors: ZoneBounds = { ...honest, validators: true };

/** What docs/precision.md states. */
for (const [what, bounds, states] of [
  ['one order, two challenges of each machine', honest, 1_158],
  ['the same, all validators dishonest', traitors, 1_774],
  ['two orders, two challenges of each machine', { ...honest, orders: 2 }, 47_482],
] as const) {
  test(`no machine is moved by what is not for it: ${what}`, (t) => {
    const { broken, states: found, transitions, depth } = explore(zoneOrderModel(bounds), STATES_MAX);
    t.diagnostic(`${found} states, ${transitions} steps, depth ${depth}`);
    assert.equal(broken, null);
    assert.equal(found, states);
  });
}

test('the model is no dead city: one order moves both machines, and a tree may name one twice', () => {
  const seen = new Set<string>();
  const model = zoneOrderModel(honest);
  explore(
    {
      ...model,
      invariants: {
        seen: (_, { next }) => {
          const by = next.moves.filter(({ order }) => order === 0).map(({ machine }) => machine);
          if (by.includes(0) && by.includes(1)) seen.add('both');
          if (by.length > 0 && next.orders[0]?.tree.filter(({ machine }) => machine === 0).length === 2) seen.add('twice');
          return true;
        },
      },
    },
    STATES_MAX,
  );
  assert.deepEqual([...seen].sort(), ['both', 'twice']);
});

const [MINE, SIGNED, ISSUED, ONCE, SPENT] = Object.keys(zoneOrderModel(honest).invariants) as [
  string,
  string,
  string,
  string,
  string,
];
const PLANTED: readonly (readonly [what: string, changes: Partial<ZoneOrderRules>, invariant: string, bounds?: ZoneBounds])[] = [
  ['a path of another tree', { pathIsOfTree: false }, MINE],
  ['the leaf of another machine', { leafIsMine: false }, MINE],
  ['signatures are not counted', { signaturesCount: false }, SIGNED, traitors],
  ['the quorum is not asked', { quorumCounts: false }, ISSUED],
  ['challenges are not asked', { challengeIsOpen: false }, SPENT],
  ['who obeys keeps its other challenge, and the tree names it twice', { voidsAll: false }, ONCE],
  ['challenges outlive a power cut, and use', { restartVoids: false }, SPENT],
];
for (const [what, changes, invariant, bounds = honest] of PLANTED) {
  test(`found when planted: ${what}`, () => {
    const { broken } = explore(keepOnly(zoneOrderModel(bounds, { ...ZONE_ORDER_RULES, ...changes }), invariant), STATES_MAX);
    assert.equal(broken?.invariant, invariant);
  });
}

test('for every invariant there is something planted that it finds, and for every rule', () => {
  const found = new Set(PLANTED.map(([, , invariant]) => invariant));
  assert.deepEqual(new Set(Object.keys(zoneOrderModel(honest).invariants)), found);
  const taken = new Set(PLANTED.flatMap(([, changes]) => Object.keys(changes)));
  assert.deepEqual(taken, new Set(Object.keys(ZONE_ORDER_RULES)));
});

/** All non-empty trees over two challenges of each of two machines, as bytes. */
function allTrees(district: District) {
  const leaves = [0, 1].flatMap((machine) => [1, 2].map((challenge) => ({ machine, challenge })));
  const bytesOf = ({ machine, challenge }: Leaf) => ({
    device: district.idOf(`lamp ${machine}`),
    challenge: district.idOf(`challenge ${machine} ${challenge}`),
  });
  const { crypto } = district.hands;
  const trees = Array.from({ length: 15 }, (_, i) => {
    const mine = leaves.filter((_leaf, bit) => ((i + 1) >> bit) % 2 === 1);
    const hashes = mine.map((leaf) => leafHash(crypto, concatBytes(bytesOf(leaf).device, bytesOf(leaf).challenge)));
    const [levels, tree] = [[] as Bytes[][], new CompactTree(crypto)];
    // As somebody would who leaves out the checks of `makeChallengeTree`: a machine may stand in it twice.
    for (const hash of hashes)
      tree.append(hash, (level, _, node) => {
        levels[level] ??= [];
        levels[level].push(node);
      });
    const pathOf = (leaf: Leaf) => {
      const index = mine.indexOf(leaf);
      return { index, path: proveInclusion(crypto, (level, at) => levels[level]?.[at] as Bytes, index, mine.length) };
    };
    return { leaves: mine, target: { root: tree.root(), count: mine.length }, pathOf };
  });
  return { leaves, trees, bytesOf };
}

test('the code of the device believes exactly the places that the model believes', () => {
  const district = new District(idealHands, 1);
  const { trees, bytesOf } = allTrees(district);
  const { crypto } = district.hands;
  let [believed, refused] = [0, 0];
  for (const machine of [0, 1])
    for (const tree of trees)
      for (const other of trees)
        for (const leaf of other.leaves) {
          const { device } = bytesOf({ machine, challenge: 1 });
          // The machine puts its own id into the leaf, whatever it is told.
          const answer = checkChallenged(crypto, tree.target, { device, challenge: bytesOf(leaf).challenge }, other.pathOf(leaf));
          assert.equal(answer === null, tree === other && leaf.machine === machine, JSON.stringify({ machine, leaf, answer }));
          if (answer === null) believed++;
          else refused++;
        }
  // Each of four leaves is in eight trees.
  assert.deepEqual([believed, refused], [32, 2 * 15 * 32 - 32]);
});
