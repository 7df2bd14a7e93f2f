/**
 * The order in which an engine may call an application: ABCI 2.0, "CometBFT's expected behaviour" (v0.38), as a state machine.
 *
 *   start            = clean-start / recovery
 *   clean-start      = info init-chain exec / [info] state-sync exec
 *   state-sync       = *(offer-snapshot *apply-snapshot-chunk) offer-snapshot 1*apply-snapshot-chunk info
 *   recovery         = info [init-chain] exec
 *   exec             = *( *round finalize-block commit )
 *   round            = proposer / non-proposer
 *   proposer         = *got-vote [prepare-proposal [process-proposal]] [extend]
 *   non-proposer     = *got-vote [process-proposal] [extend]
 *   extend           = *got-vote extend-vote *got-vote                          got-vote = verify-vote-extension
 *
 * Rounds may be cut off anywhere, so any order of their four calls is some sequence of rounds. The calls of the mempool, query and
 * snapshot connections (checkTx, query, listSnapshots, loadSnapshotChunk) may come at any time and are not part of it; `info` may
 * come again at any time, and changes nothing.
 *
 * It is of one life of an engine beside one life of an application. Where either ends, what was finalized and not committed is void, and
 * what follows is another start.
 *
 * Where the text of v0.38 and its engine differ, this follows the engine, as later versions of the text do: the handshake begins with
 * Info, InitChain comes again after a crash before the first block was durable, and a node that syncs state is not asked InitChain.
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

/** Every phase × every call. */
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

/**
 * A call with the height it is about: of the last durable block for `info` (what it was answered), the first block of the chain for
 * `initChain`, the snapshot for `offerSnapshot` and `applySnapshotChunk`, the block for the rest, the one finalized for `commit`; null
 * where the call did not say.
 */
export type RecordedCall = { readonly call: EngineCall; readonly height: number | null };

/** Where and why a recording is no life of one process. */
export type RecordingFault = { readonly position: number; readonly why: string };

/**
 * Checks the calls that one engine made from its start to wherever it or the application stopped: their order, and that heights follow each other
 * without gap or repetition. Answers the first fault, or null.
 */
export function checkRecording(calls: readonly RecordedCall[]): RecordingFault | null {
  let at: Progress = { phase: 'started', durable: null, next: null };
  for (const [position, { call, height }] of calls.entries()) {
    const phase = phaseAfter(at.phase, call);
    if (phase === null) return { position, why: `${call} while ${at.phase}` };
    if (call === 'initChain' && at.durable !== 0)
      return { position, why: `initChain of an application that stands at ${at.durable}` };
    const want = wantedHeight(call, at);
    if (want !== null && height !== null && height !== want)
      return { position, why: `${call} of height ${height} where ${want} was due` };
    at = { phase, ...heightsAfter(call, height, at) };
  }
  return null;
}

/** `durable`: what Info must answer. `next`: the block that is due. Null while nobody has said. */
type Heights = { readonly durable: number | null; readonly next: number | null };
type Progress = Heights & { readonly phase: EnginePhase };

/** The height that a call must have, or null where any will do. */
function wantedHeight(call: EngineCall, { durable, next }: Heights): number | null {
  if (call === 'offerSnapshot' || call === 'initChain') return null;
  return call === 'info' || call === 'applySnapshotChunk' ? durable : next;
}

function heightsAfter(call: EngineCall, height: number | null, { durable, next }: Heights): Heights {
  if (call === 'info') return { durable: height, next: next ?? after(height) };
  if (call === 'initChain') return { durable, next: height };
  // From here on Info must say that the restored application stands where the snapshot was taken.
  if (call === 'offerSnapshot') return { durable: height, next: null };
  return call === 'commit' ? { durable: height, next: after(height) } : { durable, next };
}

function after(height: number | null): number | null {
  return height === null ? null : height + 1;
}
