/** Are two heads of one history? Said by tiles that lead to the larger of them, from whoever serves such tiles; else it is not known. */

import { equalBytes } from '@oppidum/formats/bytes';
import type { SeenHead } from '@oppidum/proofs/verify-checkpoint';
import { describeFailure } from '../failure.ts';
import { fetchSpan, type LogSpan, type ServedLog } from '../log-proofs.ts';

/** A log at an address, up to the head that it shows now. */
export type LiveLog = ServedLog & { readonly source: string; readonly head: SeenHead };

/** Why a log did not help: it gives no tiles, or tiles of another log than the one it signs. */
export type LogFault = { readonly source: string; readonly kind: 'withheld' | 'false'; readonly why: string };

/**
 * `fork`: the tree of the larger head begins with `root` where the smaller one has another; `consistency` proves that.
 * `unknown`: nobody shows a tree that leads to the larger head.
 */
export type Comparison =
  | { readonly kind: 'agree' | 'unknown' }
  | { readonly kind: 'fork'; readonly root: Uint8Array; readonly consistency: readonly Uint8Array[] };

/** Compares two heads, the smaller first; `onFault` hears of logs that do not show what they sign. */
export async function compareHeads(
  earlier: SeenHead,
  later: SeenHead,
  logs: readonly LiveLog[],
  onFault: (fault: LogFault) => void,
): Promise<Comparison> {
  if (earlier.size === later.size) {
    if (equalBytes(earlier.root, later.root)) return { kind: 'agree' };
    return { kind: 'fork', root: later.root, consistency: [] };
  }
  // Everything continues the empty log.
  if (earlier.size === 0) return { kind: 'agree' };
  const isOwn = ({ head }: LiveLog): boolean => head.size === later.size && equalBytes(head.root, later.root);
  const able = logs.filter(({ head }) => head.size >= later.size);
  for (const log of [...able.filter(isOwn), ...able.filter((each) => !isOwn(each))]) {
    const span = await readSpan(log, earlier.size, later.size, onFault);
    if (span === null) continue;
    if (equalBytes(span.root2, later.root)) {
      if (equalBytes(span.root1, earlier.root)) return { kind: 'agree' };
      return { kind: 'fork', root: span.root1, consistency: span.consistency };
    }
    // Of another history than the larger head, or of no history at all.
    if (isOwn(log))
      onFault({ source: log.source, kind: 'false', why: `its tiles do not lead to the root of the head of size ${later.size}` });
  }
  return { kind: 'unknown' };
}

async function readSpan(log: LiveLog, size1: number, size2: number, onFault: (fault: LogFault) => void): Promise<LogSpan | null> {
  try {
    return await fetchSpan(log, size1, size2);
  } catch (error) {
    onFault({ source: log.source, kind: 'withheld', why: describeFailure(error).text });
    return null;
  }
}
