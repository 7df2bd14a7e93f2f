/** Bringing evidence under a newer head, so that whoever trusts only the newest policy can verify it. */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import type { Evidence } from '@oppidum/formats/evidence';
import { minimizeNote } from '@oppidum/formats/minimal-note';
import type { Policy } from '@oppidum/formats/policy';
import { checkConsistency } from './merkle.ts';

/** A cosigned head of the same log and the RFC 9162 §2.1.4 proof from the head that the evidence's hops lead to (`headOf`). */
export type NewerHead = { readonly note: Bytes; readonly consistency: readonly Bytes[] };

/** Size and root of the head that the evidence's hops lead to. Throws FormatError when its note cannot be read. */
export function headOf(evidence: Evidence): { readonly size: number; readonly root: Bytes } {
  return evidence.prior ?? parseCheckpointNote(evidence.checkpoint).checkpoint;
}

/**
 * The same fact and hops under the newer head. Throws FormatError for notes that cannot be read.
 * Refuses as `minimizeNote` does when the policy does not believe the newer note, then as `checkConsistency`.
 */
export function refreshEvidence(
  crypto: Crypto,
  evidence: Evidence,
  policy: Policy,
  newer: NewerHead,
): { readonly evidence: Evidence } | Rejection {
  const minimal = minimizeNote(crypto, policy, newer.note);
  if ('code' in minimal) return minimal;
  const { size, root } = headOf(evidence);
  const head = parseCheckpointNote(minimal.note).checkpoint;
  const claim = { size1: size, root1: root, size2: head.size, root2: head.root, proof: newer.consistency };
  const refusal = checkConsistency(crypto, claim);
  if (refusal !== null) return refusal;
  const { prior: _, ...rest } = evidence;
  const refreshed = { ...rest, checkpoint: minimal.note };
  // The same head under another note needs no older one.
  if (head.size === size) return { evidence: refreshed };
  return { evidence: { ...refreshed, prior: { size, root, consistency: [...newer.consistency] } } };
}
