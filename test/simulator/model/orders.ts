/**
 * Orders from the people who sign to the machine that moves, and back: a ledger, a gateway that forgets when it restarts, a device that may
 * lose power between any two effects, and an adversary who owns all that lies between them. The adversary has one order key of the zone,
 * or the validators, or both; never as many keys as what it wants to move needs. Whatever can be made of what was ever signed may reach
 * the device at any time, again, in any order, or never: drop, delay, reorder, replay and forgery are one step.
 */

import { nextOrderState, type OrderEvent, type OrderState } from '@oppidum/formats/order-life';
import { ACCEPTANCE, type AcceptanceRule, type Facts, firstRefusal, isTold } from './acceptance.ts';
import type { Model, Step } from './explore.ts';

/** What an order may say. `dim` needs one signature, `off` two; `full` is a safe direction. */
export type Kind = 'dim' | 'off' | 'full' | 'glass-full' | 'glass-dim';
const NEED: Readonly<Record<Kind, number>> = { dim: 1, off: 2, full: 1, 'glass-full': 1, 'glass-dim': 1 };
/** In ticks. */
const LIFETIME: Readonly<Record<Kind, number>> = { dim: 2, off: 1, full: 2, 'glass-full': 2, 'glass-dim': 2 };
const AGE_MAX = 2;
/** Screens are followed for the first order; a second one is there to race it. */
const WATCHED = 0;
const isGlass = (kind: Kind): boolean => kind === 'glass-full' || kind === 'glass-dim';
const isSafe = (kind: Kind): boolean => kind === 'full' || kind === 'glass-full';

/** What the adversary has besides all that carries messages. */
export type Adversary = { readonly orderKeys: 0 | 1; readonly validators: boolean };

type Order = {
  readonly kind: Kind;
  readonly challenge: number;
  /** Honest holders who signed it. */
  readonly signers: number;
  readonly isIssued: boolean;
  readonly isOver: boolean;
  /** Whether the interlock held when it was issued. */
  readonly wasClear: boolean;
  /** What screens say. */
  readonly life: OrderState;
  readonly hasMoved: boolean;
  /** What the device signed about it, ascending; a signature stays good for ever. */
  readonly told: readonly OrderEvent[];
};
type State = {
  readonly orders: readonly Order[];
  /** Newest first; the newest two count. In memory alone. */
  readonly open: readonly { readonly number: number; readonly age: number }[];
  readonly drawn: number;
  /** On the disk: what the device is about to do. `order`: its place in `orders`, −1 for a forged one. */
  readonly journal: { readonly challenge: number; readonly order: number } | null;
  readonly hasActed: boolean;
  /** Challenges whose orders moved the machine. */
  readonly spent: readonly number[];
};

/** What comes to the device. `signatures`: of how many order keys; `isIssued`: as it looks to the device. */
type Message = {
  readonly kind: Kind;
  readonly challenge: number;
  readonly signatures: number;
  readonly isIssued: boolean;
  readonly order: number;
  /** Signed by whom you like, for something else than this machine now. */
  readonly elsewhere?: 'city' | 'zone' | 'target' | 'keySet' | 'envelope' | 'life';
};
/** Set when the device decides to obey. */
type Fact = { readonly message: Message; readonly order: Order | null; readonly age: number; readonly isVetoed: boolean };
type OrderStep = Step<State, Fact>;

/** What a test changes, one at a time. */
export type OrderRules = {
  readonly acceptance: readonly AcceptanceRule[];
  readonly next: typeof nextOrderState;
  /** Challenges are void before the machine moves. */
  readonly acceptanceVoids: boolean;
  /** Challenges live in memory alone. */
  readonly restartVoids: boolean;
  /** The journal is durable before the machine moves. */
  readonly journals: boolean;
  readonly ledgerCountsSigners: boolean;
  readonly ledgerAsksInterlocks: boolean;
  /** Answers count only as the device's key signed them. */
  readonly answersVerified: boolean;
};
export const ORDER_RULES: OrderRules = {
  acceptance: ACCEPTANCE,
  next: nextOrderState,
  acceptanceVoids: true,
  restartVoids: true,
  journals: true,
  ledgerCountsSigners: true,
  ledgerAsksInterlocks: true,
  answersVerified: true,
};

export type Bounds = { readonly orders: number; readonly challenges: number; readonly kinds: readonly Kind[] };

export function orderModel(bounds: Bounds, adversary: Adversary, rules: OrderRules = ORDER_RULES): Model<State, Fact> {
  return {
    initial: [{ orders: [], open: [], drawn: 0, journal: null, hasActed: false, spent: [] }],
    steps: (state) => [
      ...people(state, bounds),
      ...ledger(state, adversary, rules),
      ...gateway(state, rules),
      ...device(state, bounds, rules),
      ...messages(state, adversary).flatMap((message) => receive(state, message, rules)),
    ],
    invariants: {
      '3. obeyed only with as many order keys as it needs': (_, { fact }) =>
        fact === undefined || fact.message.elsewhere !== undefined || fact.message.signatures >= NEED[fact.message.kind],
      '3. obeyed only with the quorum, or in a safe direction': (_, { fact }) =>
        fact === undefined || fact.message.isIssued || (isGlass(fact.message.kind) && isSafe(fact.message.kind)),
      '3. obeyed only before its lifetime ends': (_, { fact }) => fact === undefined || fact.age < LIFETIME[fact.message.kind],
      '3. obeyed once': ({ spent }, { next }) => next.spent.length === spent.length || !spent.includes(next.spent.at(-1) ?? 0),
      '3. obeyed never against an interlock': (_, { fact }) =>
        fact === undefined ||
        fact.order === null ||
        isSafe(fact.message.kind) ||
        isGlass(fact.message.kind) ||
        !fact.order.isIssued ||
        fact.order.wasClear,
      'obeyed only for the challenge that it names': (_, { fact }) => fact === undefined || fact.age >= 0,
      'obeyed only what was signed for this machine now': (_, { fact }) => fact?.message.elsewhere === undefined,
      'the local monitor has the last word': (_, { fact }) => fact?.isVetoed !== true,
      'nothing is acked, rejected or applied but by the word of the device': (_, { next }) =>
        next.orders.every(({ life, told }) => !['acked', 'rejected', 'applied'].includes(life) || told.length > 0),
      'applied is what moved the machine': (_, { next }) =>
        next.orders.every(({ life, hasMoved }) => life !== 'applied' || hasMoved),
      'applied stays applied': (before, { next }) =>
        before.orders.every(({ life }, i) => life !== 'applied' || next.orders[i]?.life === 'applied'),
      'what waits for signatures is not handed over': (_, { next }) =>
        next.orders.every(({ kind, life, isIssued }) => isIssued || isGlass(kind) || life !== 'sent'),
      'what moved the machine is told, also after a power cut': ({ orders }, { event, next }) =>
        event !== 'power cut' || !orders[WATCHED]?.hasMoved || (next.orders[WATCHED]?.told.length ?? 0) > 0,
    },
  };
}

const put = (state: State, i: number, changes: Partial<Order>): State => ({
  ...state,
  orders: state.orders.map((order, j) => (j === i ? { ...order, ...changes } : order)),
});

function people({ orders, ...state }: State, { orders: countMax, kinds }: Bounds): OrderStep[] {
  const steps: OrderStep[] = [];
  for (let challenge = 1; orders.length < countMax && challenge <= state.drawn; challenge++) {
    for (const kind of kinds) {
      const fresh = { kind, challenge, signers: 1, isIssued: false, isOver: false, wasClear: false, hasMoved: false, told: [] };
      const order: Order = { ...fresh, life: isGlass(kind) ? 'queued' : 'awaiting' };
      steps.push({ event: `somebody signs ${kind} for ${challenge}`, next: { ...state, orders: [...orders, order] } });
    }
  }
  for (const [i, { signers, isIssued, kind }] of orders.entries())
    if (!isIssued && signers < NEED[kind])
      steps.push({ event: `somebody else signs order ${i}`, next: put({ orders, ...state }, i, { signers: signers + 1 }) });
  return steps;
}

/** Issues what enough keys signed, the stolen one among them, while the interlock holds; the order before is superseded. */
function ledger(state: State, { orderKeys }: Adversary, rules: OrderRules): OrderStep[] {
  const steps: OrderStep[] = [];
  const lifeAfter = (i: number, life: OrderState, event: OrderEvent) => (i === WATCHED ? rules.next(life, event) : life);
  for (const [i, { kind, signers, isIssued, isOver, life }] of state.orders.entries()) {
    if (isGlass(kind) || isOver) continue;
    steps.push({ event: `cancel ${i}`, next: put(state, i, { isOver: true, life: lifeAfter(i, life, 'cancel') }) });
    if (isIssued || (rules.ledgerCountsSigners && signers + orderKeys < NEED[kind])) continue;
    for (const wasClear of [true, false]) {
      if (!wasClear && !isSafe(kind) && rules.ledgerAsksInterlocks) continue;
      const before = state.orders.findIndex((other, j) => j !== i && other.isIssued && !other.isOver && !isGlass(other.kind));
      const earlier = state.orders[before];
      const superseded =
        earlier === undefined ? state : put(state, before, { isOver: true, life: lifeAfter(before, earlier.life, 'supersede') });
      const next = put(superseded, i, { isIssued: true, wasClear, life: lifeAfter(i, life, 'issue') });
      steps.push({ event: `issue ${i}${wasClear ? '' : ' against the interlock'}`, next });
    }
  }
  return steps;
}

/** What screens hear: of the gateway itself, which forgets, and of answers late, twice and in any order. */
function gateway(state: State, { next, answersVerified }: OrderRules): OrderStep[] {
  const [watched] = state.orders;
  if (watched === undefined) return [];
  const answers: readonly OrderEvent[] = answersVerified ? watched.told : ['ack', 'reject', 'apply'];
  const heard: readonly OrderEvent[] = ['send', 'lose', 'expire', ...answers];
  return heard.map((event) => ({
    event: `screens hear ${event}`,
    next: put(state, WATCHED, { life: next(watched.life, event) }),
  }));
}

function tell(state: State, i: number, event: OrderEvent): State {
  const order = state.orders[i];
  if (i !== WATCHED || order === undefined || order.told.includes(event)) return state;
  return put(state, i, { told: [...order.told, event].sort() });
}

function device(state: State, { challenges }: Bounds, rules: OrderRules): OrderStep[] {
  const { open, drawn, journal, hasActed, spent } = state;
  const older = open.map(({ number, age }) => ({ number, age: Math.min(AGE_MAX, age + 1) }));
  const steps: OrderStep[] = [{ event: 'tick', next: { ...state, open: older } }];
  const still = { ...state, open: rules.restartVoids ? [] : open, journal: null, hasActed: false };
  if (journal === null) {
    if (drawn < challenges)
      steps.push({
        event: 'draw',
        next: { ...state, drawn: drawn + 1, open: [{ number: drawn + 1, age: 0 }, ...open].slice(0, 2) },
      });
    return [...steps, { event: 'power cut', next: still }];
  }
  // What a power cut left half done is told, by what the journal says.
  steps.push({ event: 'power cut', next: rules.journals ? tell(still, journal.order, 'reject') : still });
  if (!hasActed) {
    const moved = journal.order === WATCHED ? put(state, WATCHED, { hasMoved: true }) : state;
    steps.push({ event: 'act', next: { ...moved, hasActed: true, spent: [...spent, journal.challenge] } });
    steps.push({ event: 'say that it works on it', next: tell(state, journal.order, 'ack') });
  } else
    steps.push({ event: 'say what was done', next: { ...tell(state, journal.order, 'apply'), journal: null, hasActed: false } });
  return steps;
}

/** All that the adversary can make of what was signed so far, and of what it can sign. */
function messages({ orders, drawn }: State, { orderKeys, validators }: Adversary): Message[] {
  const made: Message[] = orders.map(({ kind, challenge, signers, isIssued }, order) => ({
    ...{ kind, challenge, order },
    signatures: signers + orderKeys,
    isIssued: isIssued || validators,
  }));
  for (let challenge = 1; challenge <= drawn; challenge++) {
    for (const kind of ['dim', 'off', 'full', 'glass-full', 'glass-dim'] as const)
      made.push({ kind, challenge, order: -1, signatures: orderKeys, isIssued: validators });
    for (const elsewhere of ['city', 'zone', 'target', 'keySet', 'envelope', 'life'] as const)
      made.push({ kind: 'off', challenge, order: -1, signatures: 2, isIssued: true, elsewhere });
  }
  return made;
}

/** The device judges one message, while its monitor allows it and while it does not. */
function receive(state: State, message: Message, rules: OrderRules): OrderStep[] {
  if (state.journal !== null) return [];
  const { kind, challenge } = message;
  const age = state.open.find(({ number }) => number === challenge)?.age ?? -1;
  return [false, true].map((isVetoed) => {
    const refusal = firstRefusal(rules.acceptance, factsOf(message, age, isVetoed));
    const name = `${message.order < 0 ? 'forged ' : ''}${message.elsewhere ?? ''}${kind} for ${challenge}`;
    if (refusal !== null)
      return { event: `${name}: ${refusal}`, next: isTold(refusal) ? tell(state, message.order, 'reject') : state };
    const order = state.orders[message.order] ?? null;
    const journal = { challenge, order: message.order };
    const next = { ...state, journal, open: rules.acceptanceVoids ? [] : state.open };
    return { event: `${name}: obeyed`, next, fact: { message, order, age, isVetoed } };
  });
}

function factsOf({ kind, signatures, isIssued, elsewhere }: Message, age: number, isVetoed: boolean): Facts {
  return {
    city: elsewhere === 'city' ? 'other' : 'mine',
    zone: elsewhere === 'zone' ? 'other' : 'mine',
    target: elsewhere === 'target' ? 'other' : 'mine',
    keySet: elsewhere === 'keySet' ? 'former' : 'pinned',
    envelope: elsewhere === 'envelope' ? 'former' : 'pinned',
    signatures,
    need: NEED[kind],
    isTooLong: elsewhere === 'life',
    isGlass: isGlass(kind),
    isSafe: isSafe(kind),
    isIssued,
    challenge: age < 0 ? 'void' : 'open',
    isLate: age >= LIFETIME[kind],
    isVetoed,
  };
}
