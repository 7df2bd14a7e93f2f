/**
 * The order in which an engine may call the application: ABCI 2.0, "CometBFT's expected behaviour", as a state machine.
 *
 *   start       = info (init-chain | ε) exec | [info] state-sync exec
 *   state-sync  = *(offer-snapshot *apply-snapshot-chunk) offer-snapshot 1*apply-snapshot-chunk info
 *   exec        = *( *round finalize-block commit )        round: prepare-, process-proposal, extend-vote, verify-vote-extension
 *
 * Rounds may be cut off anywhere, so any order of their four calls is some sequence of rounds. The calls of the mempool, query and
 * snapshot connections (checkTx, query, listSnapshots, loadSnapshotChunk) may come at any time and are not part of it.
 */

/** A call that has a place in the order. */
export type EngineCall =
  | 'info'
  | 'initChain'
  | 'offerSnapshot'
  | 'applySnapshotChunk'
  | 'prepareProposal'
  | 'processProposal'
  | 'extendVote'
  | 'verifyVoteExtension'
  | 'finalizeBlock'
  | 'commit';

/** Where an engine stands after its latest call. */
export type EnginePhase = 'started' | 'informed' | 'offered' | 'applying' | 'deciding' | 'finalized';

type Row = Readonly<Record<EngineCall, EnginePhase | null>>;

const NOTHING: Row = {
  info: null,
  initChain: null,
  offerSnapshot: null,
  applySnapshotChunk: null,
  prepareProposal: null,
  processProposal: null,
  extendVote: null,
  verifyVoteExtension: null,
  finalizeBlock: null,
  commit: null,
};

const ROUNDS: Row = {
  ...NOTHING,
  prepareProposal: 'deciding',
  processProposal: 'deciding',
  extendVote: 'deciding',
  verifyVoteExtension: 'deciding',
  finalizeBlock: 'finalized',
};

/** Every phase × every call. `info` may also be asked again at any time: it changes nothing. */
const NEXT: Readonly<Record<EnginePhase, Row>> = {
  started: { ...NOTHING, info: 'informed', offerSnapshot: 'offered' },
  informed: { ...ROUNDS, info: 'informed', initChain: 'deciding', offerSnapshot: 'offered' },
  offered: { ...NOTHING, offerSnapshot: 'offered', applySnapshotChunk: 'applying' },
  applying: { ...NOTHING, offerSnapshot: 'offered', applySnapshotChunk: 'applying', info: 'deciding' },
  deciding: { ...ROUNDS, info: 'deciding' },
  finalized: { ...NOTHING, info: 'finalized', commit: 'deciding' },
};

/** The phase after a call, or null where the call is not allowed. */
export function phaseAfter(phase: EnginePhase, call: EngineCall): EnginePhase | null {
  return NEXT[phase][call];
}

/** Where a sequence of calls breaks the order, or null. */
export function checkCalls(calls: readonly EngineCall[]): { readonly position: number; readonly phase: EnginePhase } | null {
  let phase: EnginePhase = 'started';
  for (const [position, call] of calls.entries()) {
    const next = phaseAfter(phase, call);
    if (next === null) return { position, phase };
    phase = next;
  }
  return null;
}
