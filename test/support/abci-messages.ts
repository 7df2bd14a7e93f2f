/** Any request and any response of each method of ABCI 2.0, with every field that the protocol has. */

import type { Method } from '@oppidum/abci/methods';
import {
  CheckTxType,
  MisbehaviorType,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';

/** Numbers of each kind; small ones, zero and the ends come often. */
const int32 = fc.integer();
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 200 });
const few = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 4 });
const perhaps = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const oneOf = (kinds: object): fc.Arbitrary<number> =>
  fc.constantFrom(...Object.values(kinds).filter((kind): kind is number => typeof kind === 'number' && kind >= 0));

const time = fc.record({ seconds: int64, nanos: fc.nat(999_999_999) });
const duration = time;
const validator = fc.record({ address: bytes, power: int64 });
const key = fc.oneof(fc.record({ ed25519: bytes }), fc.record({ secp256k1: bytes }));
const update = fc.record({ pubKey: key, power: int64 });
const blockIdFlag = fc.integer({ min: 0, max: 3 });
const lastCommit = fc.record({ round: int32, votes: few(fc.record({ validator, blockIdFlag })) });
const extendedVote = fc.record({ validator, voteExtension: bytes, extensionSignature: bytes, blockIdFlag });
const extendedCommit = fc.record({ round: int32, votes: few(extendedVote) });
const misbehavior = few(fc.record({ type: oneOf(MisbehaviorType), validator, height: int64, time, totalVotingPower: int64 }));
const snapshot = fc.record({ height: uint64, format: uint32, chunks: uint32, hash: bytes, metadata: bytes });
const parameters = fc.record({
  block: perhaps(fc.record({ maxBytes: int64, maxGas: int64 })),
  evidence: perhaps(fc.record({ maxAgeNumBlocks: int64, maxAgeDuration: duration, maxBytes: int64 })),
  validator: perhaps(fc.record({ pubKeyTypes: few(text) })),
  version: perhaps(fc.record({ app: uint64 })),
  abci: perhaps(fc.record({ voteExtensionsEnableHeight: int64 })),
});
const event = fc.record({ type: text, attributes: few(fc.record({ key: text, value: text, index: fc.boolean() })) });
const result = fc.record({
  code: uint32,
  data: bytes,
  log: text,
  info: text,
  gasWanted: int64,
  gasUsed: int64,
  events: few(event),
  codespace: text,
});
const block = { txs: few(bytes), misbehavior, height: int64, time, nextValidatorsHash: bytes, proposerAddress: bytes };
const nothing = fc.constant({});

/** The parts of a request, as `fromPartial` of its type takes them. */
export const REQUESTS: Readonly<Record<Method, fc.Arbitrary<object>>> = {
  echo: fc.record({ message: text }),
  flush: nothing,
  info: fc.record({ version: text, blockVersion: uint64, p2pVersion: uint64, abciVersion: text }),
  initChain: fc.record({
    time,
    chainId: text,
    consensusParams: perhaps(parameters),
    validators: few(update),
    appStateBytes: bytes,
    initialHeight: int64,
  }),
  query: fc.record({ data: bytes, path: text, height: int64, prove: fc.boolean() }),
  checkTx: fc.record({ tx: bytes, type: oneOf(CheckTxType) }),
  commit: nothing,
  listSnapshots: nothing,
  offerSnapshot: fc.record({ snapshot: perhaps(snapshot), appHash: bytes }),
  loadSnapshotChunk: fc.record({ height: uint64, format: uint32, chunk: uint32 }),
  applySnapshotChunk: fc.record({ index: uint32, chunk: bytes, sender: text }),
  prepareProposal: fc.record({ ...block, maxTxBytes: int64, localLastCommit: extendedCommit }),
  processProposal: fc.record({ ...block, hash: bytes, proposedLastCommit: lastCommit }),
  extendVote: fc.record({ ...block, hash: bytes, proposedLastCommit: lastCommit }),
  verifyVoteExtension: fc.record({ hash: bytes, validatorAddress: bytes, height: int64, voteExtension: bytes }),
  finalizeBlock: fc.record({ ...block, hash: bytes, decidedLastCommit: lastCommit }),
};

/** The parts of a response. */
export const RESPONSES: Readonly<Record<Method, fc.Arbitrary<object>>> = {
  echo: fc.record({ message: text }),
  flush: nothing,
  info: fc.record({ data: text, version: text, appVersion: uint64, lastBlockHeight: int64, lastBlockAppHash: bytes }),
  initChain: fc.record({ consensusParams: perhaps(parameters), validators: few(update), appHash: bytes }),
  query: fc.record({
    code: uint32,
    log: text,
    info: text,
    index: int64,
    key: bytes,
    value: bytes,
    proofOps: perhaps(fc.record({ ops: few(fc.record({ type: text, key: bytes, data: bytes })) })),
    height: int64,
    codespace: text,
  }),
  checkTx: result,
  commit: fc.record({ retainHeight: int64 }),
  listSnapshots: fc.record({ snapshots: few(snapshot) }),
  offerSnapshot: fc.record({ result: oneOf(ResponseOfferSnapshot_Result) }),
  loadSnapshotChunk: fc.record({ chunk: bytes }),
  applySnapshotChunk: fc.record({
    result: oneOf(ResponseApplySnapshotChunk_Result),
    refetchChunks: few(uint32),
    rejectSenders: few(text),
  }),
  prepareProposal: fc.record({ txs: few(bytes) }),
  processProposal: fc.record({ status: oneOf(ResponseProcessProposal_ProposalStatus) }),
  extendVote: fc.record({ voteExtension: bytes }),
  verifyVoteExtension: fc.record({ status: oneOf(ResponseVerifyVoteExtension_VerifyStatus) }),
  finalizeBlock: fc.record({
    events: few(event),
    txResults: few(result),
    validatorUpdates: few(update),
    consensusParamUpdates: perhaps(parameters),
    appHash: bytes,
  }),
};
