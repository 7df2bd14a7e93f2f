/**
 * One order for many machines: a statement over a tree of machines and their challenges, of which each machine is given its own leaf and
 * path. The adversary carries everything: it may give any leaf and any path of any tree with any statement to any machine, again and at any
 * time. It may be one of those who draw up orders, too: a tree that honest people sign may have any leaves, a machine also twice.
 */

import type { Model, Step } from './explore.ts';

const MACHINES = [0, 1] as const;
/** A machine and the number of one of its challenges. */
export type Leaf = { readonly machine: number; readonly challenge: number };
type ZoneOrder = { readonly tree: readonly Leaf[]; readonly isIssued: boolean };
type Machine = {
  readonly drawn: number;
  /** Newest first; in memory alone. */
  readonly open: readonly number[];
  readonly isBusy: boolean;
};
type Move = Leaf & { readonly order: number };
type State = { readonly machines: readonly Machine[]; readonly orders: readonly ZoneOrder[]; readonly moves: readonly Move[] };

/** What comes to a machine: a statement over a tree, the leaf that is said to be in it, and the tree that its path is of. */
type Message = {
  readonly order: number;
  readonly tree: readonly Leaf[];
  readonly leaf: Leaf;
  readonly pathOf: readonly Leaf[];
  readonly isSigned: boolean;
  readonly isIssued: boolean;
};
type Fact = { readonly machine: number; readonly message: Message };
type ZoneStep = Step<State, Fact>;

/** What a test takes away, one at a time. */
export type ZoneOrderRules = {
  /** The path leads from the leaf to the root that was signed. */
  readonly pathIsOfTree: boolean;
  /** The leaf names this machine. */
  readonly leafIsMine: boolean;
  readonly signaturesCount: boolean;
  readonly quorumCounts: boolean;
  readonly challengeIsOpen: boolean;
  /** Who obeys voids all challenges, not only the one of the leaf. */
  readonly voidsAll: boolean;
  readonly restartVoids: boolean;
};
export const ZONE_ORDER_RULES: ZoneOrderRules = {
  pathIsOfTree: true,
  leafIsMine: true,
  signaturesCount: true,
  quorumCounts: true,
  challengeIsOpen: true,
  voidsAll: true,
  restartVoids: true,
};

export type ZoneBounds = { readonly orders: number; readonly challenges: number; readonly validators: boolean };

export function zoneOrderModel(bounds: ZoneBounds, rules: ZoneOrderRules = ZONE_ORDER_RULES): Model<State, Fact> {
  const machine: Machine = { drawn: 0, open: [], isBusy: false };
  return {
    initial: [{ machines: MACHINES.map(() => machine), orders: [], moves: [] }],
    steps: (state) => [
      ...people(state, bounds),
      ...MACHINES.flatMap((i) => live(state, i, bounds, rules)),
      ...messages(state, bounds).flatMap((message) => MACHINES.flatMap((i) => receive(state, i, message, rules))),
    ],
    invariants: {
      '3. moved only by what was signed for this machine and a challenge that it drew': (before, { fact }) =>
        fact === undefined ||
        fact.message.tree.some(
          ({ machine: named, challenge }) =>
            named === fact.machine && challenge === fact.message.leaf.challenge && challenge <= machineOf(before, named).drawn,
        ),
      '3. moved only by what order keys signed': (_, { fact }) => fact === undefined || fact.message.isSigned,
      '3. moved only by what the city issued': (_, { fact }) => fact === undefined || fact.message.isIssued,
      '3. each machine is moved once by an order for many': (_, { next }) =>
        next.moves.every((move, i) => !next.moves.slice(0, i).some((other) => isSame(move, other, 'order'))),
      '3. each challenge moves once': (_, { next }) =>
        next.moves.every((move, i) => !next.moves.slice(0, i).some((other) => isSame(move, other, 'challenge'))),
    },
  };
}

const isSame = (a: Move, b: Move, by: 'order' | 'challenge'): boolean =>
  a.machine === b.machine && a[by] === b[by] && a.order >= 0;

function machineOf({ machines }: State, i: number): Machine {
  const found = machines[i];
  if (found === undefined) throw new Error(`no machine ${i}`);
  return found;
}

function put(state: State, i: number, changes: Partial<Machine>): State {
  return { ...state, machines: state.machines.map((machine, j) => (j === i ? { ...machine, ...changes } : machine)) };
}

/** Leaves of all challenges that were ever drawn. */
function leavesOf({ machines }: State): readonly Leaf[] {
  return machines.flatMap(({ drawn }, machine) => Array.from({ length: drawn }, (_, i) => ({ machine, challenge: i + 1 })));
}

function subsets<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_item, i) => (bits >> i) % 2 === 1));
}

/** An order over any tree is signed by enough people, and issued by the city, which sees no leaves. */
function people(state: State, { orders: countMax }: ZoneBounds): ZoneStep[] {
  const { orders } = state;
  const steps: ZoneStep[] = [];
  if (orders.length < countMax)
    for (const tree of subsets(leavesOf(state)).filter(({ length }) => length > 0))
      steps.push({ event: `signed for ${textOf(tree)}`, next: { ...state, orders: [...orders, { tree, isIssued: false }] } });
  for (const [i, { isIssued }] of orders.entries())
    if (!isIssued)
      steps.push({
        event: `issue ${i}`,
        next: { ...state, orders: orders.map((order, j) => (j === i ? { ...order, isIssued: true } : order)) },
      });
  return steps;
}

function live(state: State, i: number, { challenges }: ZoneBounds, { restartVoids }: ZoneOrderRules): ZoneStep[] {
  const { drawn, open, isBusy } = machineOf(state, i);
  // Were they kept on a disk, what was voided in memory alone would be good again.
  const kept = restartVoids ? [] : newestTwo(drawn);
  const steps: ZoneStep[] = [{ event: `power cut of ${i}`, next: put(state, i, { open: kept, isBusy: false }) }];
  if (isBusy) steps.push({ event: `${i} is done`, next: put(state, i, { isBusy: false }) });
  else if (drawn < challenges)
    steps.push({ event: `${i} draws`, next: put(state, i, { drawn: drawn + 1, open: [drawn + 1, ...open].slice(0, 2) }) });
  return steps;
}

const newestTwo = (drawn: number): readonly number[] => [drawn, drawn - 1].filter((challenge) => challenge > 0);

/** Every statement there is, and forged ones over every tree, with every leaf and every path of every tree. */
function messages(state: State, { validators }: ZoneBounds): Message[] {
  const leaves = leavesOf(state);
  const trees = subsets(leaves).filter(({ length }) => length > 0);
  const statements = [
    ...state.orders.map(({ tree, isIssued }, order) => ({ order, tree, isSigned: true, isIssued: isIssued || validators })),
    ...trees.map((tree) => ({ order: -1, tree, isSigned: false, isIssued: validators })),
  ];
  const places = leaves.flatMap((leaf) =>
    trees.filter((tree) => tree.some((other) => other === leaf)).map((pathOf) => ({ leaf, pathOf })),
  );
  return statements.flatMap((statement) => places.map((place) => ({ ...statement, ...place })));
}

function receive(state: State, i: number, message: Message, rules: ZoneOrderRules): ZoneStep[] {
  const { open, isBusy } = machineOf(state, i);
  const { leaf, tree, pathOf, order } = message;
  if (isBusy) return [];
  const isRefused =
    (rules.signaturesCount && !message.isSigned) ||
    (rules.pathIsOfTree && textOf(pathOf) !== textOf(tree)) ||
    (rules.leafIsMine && leaf.machine !== i) ||
    (rules.quorumCounts && !message.isIssued) ||
    (rules.challengeIsOpen && !open.includes(leaf.challenge));
  if (isRefused) return [];
  const moved = put(state, i, {
    open: rules.voidsAll ? [] : open.filter((challenge) => challenge !== leaf.challenge),
    isBusy: true,
  });
  const moves = [...state.moves, { machine: i, challenge: leaf.challenge, order }];
  const event = `${i} obeys ${order} as ${textOf([leaf])} of ${textOf(pathOf)}`;
  return [{ event, next: { ...moved, moves }, fact: { machine: i, message } }];
}

function textOf(leaves: readonly Leaf[]): string {
  return leaves.map(({ machine, challenge }) => `${'AB'[machine]}${challenge}`).join('+');
}
