/**
 * A validator that breaks the rules, at a word: what stands between its CometBFT and its honest application, and answers instead of it
 * while it is told to. Its CometBFT stays as it is: votes and their signatures are in order, what they are about is not.
 */

import { randomBytes } from 'node:crypto';
import type { AbciApplication } from '@oppidum/abci/connection';
import type { Requests, Responses } from '@oppidum/abci/methods';
import { recordCalls } from '@oppidum/abci/recording';
import type { Bytes } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import {
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types';

type Proposal = (transactions: readonly Bytes[]) => readonly Bytes[];

const GARBAGE_COUNT = 20;
const GARBAGE_SIZE = 300;

/** What a proposer makes of the transactions that wait. */
const PROPOSALS = {
  /** Bytes that are no transactions, before and after those that are. */
  garbage: (transactions) => [...garbage(), ...transactions, ...garbage()],
  /** The last bit of each signature is another. */
  forged: (transactions) => transactions.map((envelope) => envelope.with(-1, (envelope.at(-1) ?? 0) ^ 1)),
  /** Each three times, and everything that it ever proposed before. */
  duplicates: (transactions) => {
    proposed.push(...transactions);
    return [...proposed.slice(-500), ...transactions, ...transactions.toReversed()];
  },
  /** The wrong order. */
  reversed: (transactions) => transactions.toReversed(),
  /** A transaction that is larger than one may be: others refuse the proposal. */
  oversized: (transactions) => [...transactions, new Uint8Array(LIMITS.transactionSizeMax + 1)],
  /** Nothing, whatever waits. */
  withheld: () => [],
} as const satisfies Record<string, Proposal>;

const proposed: Bytes[] = [];

export type Misbehaviour =
  | keyof typeof PROPOSALS
  /** Rubbish instead of a cosignature. */
  | 'extension'
  /** It refuses every proposal and every vote extension of others. */
  | 'refuser'
  /** It answers the next block with another app hash than its application computed, once. */
  | 'wrong hash'
  /** The proposal is larger than CometBFT allows: its own process cannot send it. */
  | 'greedy';

/** Those that harm nobody but whoever does them, for as long as they are done. */
export const PASSING: readonly Misbehaviour[] = [...(Object.keys(PROPOSALS) as Misbehaviour[]), 'extension', 'refuser', 'greedy'];

/** The application, and how to make it misbehave; null makes it honest again. `onDone` is told each time that it does. */
export function misbehaving(onDone: (kind: Misbehaviour) => void): {
  readonly set: (kind: Misbehaviour | null) => void;
  readonly wrap: (application: AbciApplication) => AbciApplication;
} {
  let kind: Misbehaviour | null = null;
  const set = (next: Misbehaviour | null): void => {
    kind = next;
  };
  const is = (which: Misbehaviour): boolean => {
    if (kind === which) onDone(which);
    return kind === which;
  };
  const propose = (honest: Responses['prepareProposal'], sizeMax: number): Responses['prepareProposal'] => {
    if (is('greedy')) return { txs: [new Uint8Array(sizeMax + 1)] };
    if (kind === null || !(kind in PROPOSALS)) return honest;
    onDone(kind);
    return { txs: [...PROPOSALS[kind as keyof typeof PROPOSALS](honest.txs)] };
  };
  return {
    set,
    wrap: (application) => ({
      ...recordCalls(application, () => undefined),
      prepareProposal: async (request) => propose(await application.prepareProposal(request), Number(request.maxTxBytes)),
      processProposal: async (request) => {
        const { ACCEPT, REJECT } = ResponseProcessProposal_ProposalStatus;
        const honest = await application.processProposal(request);
        if (kind === null) return honest;
        return { status: is('refuser') ? REJECT : ACCEPT };
      },
      extendVote: async (request) => {
        const honest = await application.extendVote(request);
        return is('extension') ? { voteExtension: rubbish() } : honest;
      },
      verifyVoteExtension: async (request) => {
        const honest = await application.verifyVoteExtension(request);
        return is('refuser') ? { status: ResponseVerifyVoteExtension_VerifyStatus.REJECT } : honest;
      },
      finalizeBlock: async (request: Requests['finalizeBlock']) => {
        const honest = await application.finalizeBlock(request);
        if (!is('wrong hash')) return honest;
        kind = null;
        return { ...honest, appHash: honest.appHash.with(0, (honest.appHash[0] ?? 0) ^ 1) };
      },
    }),
  };
}

function garbage(): Bytes[] {
  return Array.from({ length: GARBAGE_COUNT }, rubbish);
}

function rubbish(): Bytes {
  return new Uint8Array(randomBytes(GARBAGE_SIZE));
}
