/** Blocks as validators propose and decide them, and how they are said to an application. */

import { createHash } from 'node:crypto';
import type { Requests } from '@oppidum/abci/methods';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import { VOTE_POWER } from '@oppidum/node/comet-validators';
import { MisbehaviorType } from 'cosmjs-types/tendermint/abci/types';
import type { Dice } from './dice.ts';
import { START_MS } from './replaced/clock.ts';

/** `timeMs`: of its header. CometBFT counts nanoseconds, of which the application takes whole milliseconds. */
export type ChainBlock = {
  readonly height: number;
  readonly timeMs: number;
  readonly transactions: readonly Bytes[];
  readonly proposer: number;
  /** What somebody proved against validators. */
  readonly misbehaviour: readonly Misbehaviour[];
  readonly digest: Bytes;
};

const NOTHING: Bytes = new Uint8Array(0);

export function makeBlock(parts: Omit<ChainBlock, 'digest'>): ChainBlock {
  const hash = createHash('sha256').update(`${parts.height} ${parts.timeMs} ${parts.proposer}`);
  for (const { address, voteHeight } of parts.misbehaviour) hash.update(`${toHex(address)} ${voteHeight} `);
  for (const transaction of parts.transactions) hash.update(`${transaction.length} `).update(transaction);
  return { ...parts, digest: new Uint8Array(hash.digest()) };
}

/** The header's time, with nanoseconds that mean nothing. */
function timestampOf({ timeMs, digest }: Pick<ChainBlock, 'timeMs' | 'digest'>) {
  const nanos = (timeMs % 1_000) * 1_000_000 + (digest[0] ?? 0) * 1_000;
  return { seconds: BigInt(Math.floor(timeMs / 1_000)), nanos };
}

/** What ProcessProposal, ExtendVote and FinalizeBlock have in common. */
export function requestOf(block: ChainBlock) {
  return {
    height: BigInt(block.height),
    time: timestampOf(block),
    txs: block.transactions.map((transaction) => transaction.slice()),
    hash: block.digest,
    misbehavior: block.misbehaviour.map(misbehaviorOf),
    nextValidatorsHash: NOTHING,
    proposerAddress: Uint8Array.of(block.proposer),
  };
}

/** As CometBFT says it. */
function misbehaviorOf({ address, voteHeight }: Misbehaviour): Requests['finalizeBlock']['misbehavior'][number] {
  const time = { seconds: BigInt(Math.floor(START_MS / 1_000)), nanos: 0 };
  const type = MisbehaviorType.DUPLICATE_VOTE;
  return {
    type,
    validator: { address, power: BigInt(VOTE_POWER) },
    height: BigInt(voteHeight),
    time,
    totalVotingPower: BigInt(4 * VOTE_POWER),
  };
}

/** What PrepareProposal is asked. */
export function proposalRequest(
  block: Pick<ChainBlock, 'height' | 'timeMs' | 'proposer' | 'transactions' | 'misbehaviour'>,
  sizeMax: number,
): Requests['prepareProposal'] {
  const { hash: _, ...request } = requestOf({ ...block, digest: NOTHING });
  return { ...request, maxTxBytes: BigInt(sizeMax), localLastCommit: { round: 0, votes: [] } };
}

/** What InitChain is asked. */
export function initRequest(chainId: string, keys: readonly Bytes[]): Requests['initChain'] {
  const time = { seconds: BigInt(Math.floor(START_MS / 1_000)), nanos: 1_000_000 };
  const validators = keys.map((ed25519) => ({ pubKey: { ed25519 }, power: BigInt(VOTE_POWER) }));
  return { chainId, time, initialHeight: 1n, validators, appStateBytes: NOTHING };
}

/** What a dishonest proposer makes of a block. One of a transaction that is too large must find no quorum. */
export function corrupt(block: ChainBlock, dice: Dice): ChainBlock {
  const { transactions } = block;
  const noise = createHash('sha512').update(block.digest).digest();
  const changed = dice.pick<() => readonly Bytes[]>([
    () => [...transactions, new Uint8Array(noise)],
    () => [...transactions, ...transactions],
    () => transactions.toReversed(),
    () => [...transactions, new Uint8Array(LIMITS.transactionSizeMax + 1)],
    () => [],
    () => transactions.map((transaction) => transaction.slice(0, -1)),
  ])();
  return makeBlock({ ...block, transactions: changed });
}

/** No correct validator accepts it. */
export function isOversized({ transactions }: ChainBlock): boolean {
  return transactions.some(({ length }) => length > LIMITS.transactionSizeMax);
}
