/**
 * The anchor protocol: a shard that keeps one log through power cuts, a ledger that anchors its heads, anybody who reports a fork, and a
 * network that brings every head late, twice, in any order or never. A log is the text of its entries; what a root is of a log, the text
 * is here: hashes are ideal. The liar signs whatever it likes.
 */

import type { Model, Step } from './explore.ts';

const ENTRIES = ['a', 'b'] as const;

/** What keeps the order of effects and the ledger's judgement; a test changes each alone and sees an invariant break. */
export type AnchorRules = {
  /** persist → sign → acknowledge. */
  readonly signsDurable: boolean;
  readonly acknowledges: 'what is signed' | 'what is there' | 'nothing';
  /** Codes of the ledger; OK where there is nothing to refuse. */
  readonly anchor: (given: Anchoring) => string;
  readonly report: (given: Reporting) => string;
};
export type Anchoring = { readonly isFrozen: boolean; readonly last: string; readonly head: string };
export type Reporting = { readonly isFrozen: boolean; readonly later: string; readonly earlier: string };

/** As specs/telemetry.md §3 and §4 say it. */
export const ANCHOR_RULES: AnchorRules = {
  signsDurable: true,
  acknowledges: 'what is signed',
  anchor: ({ isFrozen, last, head }) => {
    if (isFrozen) return 'SHARD_FROZEN';
    if (head.length <= last.length) return 'ANCHOR_NOT_NEWER';
    return head.startsWith(last) ? 'OK' : 'ROOT_MISMATCH';
  },
  report: ({ isFrozen, later, earlier }) => {
    if (isFrozen) return 'SHARD_FROZEN';
    return later.startsWith(earlier) ? 'FORK_UNPROVEN' : 'OK';
  },
};

type State = {
  /** In memory, and on the disk. */
  readonly log: string;
  readonly durable: string;
  readonly signed: readonly string[];
  readonly acknowledged: string;
  readonly anchored: string;
  readonly isFrozen: boolean;
};

/** Whether the shard keeps its one log, or signs any history. */
export type Shard = 'honest' | 'liar';

const shorterFirst = (a: string, b: string) => a.length - b.length || (a < b ? -1 : 1);
const withHead = (signed: readonly string[], head: string) => [...new Set([...signed, head])].sort(shorterFirst);

/** Logs of up to `sizeMax` entries. */
export function anchorModel(shard: Shard, sizeMax: number, rules: AnchorRules = ANCHOR_RULES): Model<State, never> {
  return {
    initial: [{ log: '', durable: '', signed: [], acknowledged: '', anchored: '', isFrozen: false }],
    steps: (state) => [...(shard === 'honest' ? keep(state, sizeMax, rules) : lie(state, sizeMax)), ...judge(state, rules)],
    invariants: {
      '1. all anchored heads are heads of one log': ({ anchored }, { next }) => next.anchored.startsWith(anchored),
      '2. what was acknowledged is in the log, also after a power cut': (_, { next }) =>
        shard === 'liar' || (next.durable.startsWith(next.acknowledged) && next.log.startsWith(next.acknowledged)),
      '2. what was acknowledged is in every later anchor of its size': (_, { next: { anchored, acknowledged } }) =>
        shard === 'liar' || anchored.startsWith(acknowledged) || acknowledged.startsWith(anchored),
      'a shard that keeps one log signs one history': (_, { next }) =>
        shard === 'liar' || next.signed.every((head, i) => next.signed.slice(0, i).every((earlier) => head.startsWith(earlier))),
      'a shard that keeps one log is never frozen': (_, { next }) => shard === 'liar' || !next.isFrozen,
      'only who signed two histories is frozen': (_, { next }) =>
        !next.isFrozen ||
        next.signed.some((head) => next.signed.some((other) => !head.startsWith(other) && !other.startsWith(head))),
      'a frozen shard anchors nothing and stays frozen': (before, { next }) =>
        !before.isFrozen || (next.isFrozen && next.anchored === before.anchored),
    },
  };
}

function keep(state: State, sizeMax: number, rules: AnchorRules): Step<State, never>[] {
  const { log, durable, signed, acknowledged } = state;
  const steps: Step<State, never>[] = [];
  if (log.length < sizeMax)
    for (const entry of ENTRIES) steps.push({ event: `append ${entry}`, next: { ...state, log: log + entry } });
  steps.push({ event: 'persist', next: { ...state, durable: log } });
  const head = rules.signsDurable ? durable : log;
  if (head !== '') steps.push({ event: `sign ${head}`, next: { ...state, signed: withHead(signed, head) } });
  const covered = { 'what is signed': signed.at(-1) ?? '', 'what is there': log, nothing: '' }[rules.acknowledges];
  if (covered.length > acknowledged.length)
    steps.push({ event: `acknowledge ${covered}`, next: { ...state, acknowledged: covered } });
  steps.push({ event: 'power cut', next: { ...state, log: durable } });
  return steps;
}

/** Of the longest logs those that begin with `a`: whether it is called so or `b` is nothing to the others. */
function lie(state: State, sizeMax: number): Step<State, never>[] {
  const logs = logsUpTo(sizeMax).filter((log) => log.length < sizeMax || log.startsWith('a'));
  return logs.map((head) => ({ event: `sign ${head}`, next: { ...state, signed: withHead(state.signed, head) } }));
}

/** Everything that was ever signed may reach the ledger now. */
function judge(state: State, rules: AnchorRules): Step<State, never>[] {
  const { signed, isFrozen, anchored: last } = state;
  const anchors = signed
    .filter((head) => rules.anchor({ isFrozen, last, head }) === 'OK')
    .map((head) => ({ event: `anchor ${head}`, next: { ...state, anchored: head } }));
  const reports = signed.flatMap((later) =>
    signed
      .filter((earlier) => earlier.length <= later.length && rules.report({ isFrozen, later, earlier }) === 'OK')
      .map((earlier) => ({ event: `report ${later} against ${earlier}`, next: { ...state, isFrozen: true } })),
  );
  return [...anchors, ...reports];
}

/** All logs with 1 to `sizeMax` entries. */
export function logsUpTo(sizeMax: number): string[] {
  if (sizeMax === 0) return [];
  const shorter = logsUpTo(sizeMax - 1);
  return [...ENTRIES, ...shorter.flatMap((log) => ENTRIES.map((entry) => log + entry))].filter(
    (log, i, all) => all.indexOf(log) === i,
  );
}
