/**
 * What CometBFT says when it decides nothing more. Its process stays: RPC and peers answer on, and no vote is given until it is started
 * again. Where what it cannot agree with is our own result, starting again helps nobody.
 */

/** `stuck`: started again it goes on. `diverged`: this node computed another state than the others agreed on. */
export type CometHalt = 'stuck' | 'diverged';

/** As `consensus/state.go` of v0.38 logs what its routine panicked with. At the start of a line: what peers sent stands later. */
const FAILURE = /^E\[[^\]]*\] CONSENSUS FAILURE!!! /;
/** `state/validation.go`: the header of a decided block has another hash than follows from our results. */
const OTHER_HASH = /wrong Block\.Header\.(AppHash|LastResultsHash)\. /;
/** `consensus/replay.go`: the same when it starts. */
const OTHER_START = /^panic: (state|block)\.AppHash does not match AppHash after replay/;
const REASON_LENGTH_MAX = 300;

/** Whether a line of CometBFT says that it halted, and how. */
export function readHalt(line: string): CometHalt | null {
  if (OTHER_START.test(line)) return 'diverged';
  if (!FAILURE.test(line)) return null;
  return OTHER_HASH.test(reasonOf(line)) ? 'diverged' : 'stuck';
}

/** What it panicked with, without the stack. */
export function reasonOf(line: string): string {
  const [, reason = line] = /\berr="(.*?)" stack=/.exec(line) ?? [];
  return reason.slice(0, REASON_LENGTH_MAX);
}
