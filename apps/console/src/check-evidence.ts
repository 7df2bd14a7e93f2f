/** "Check here": the browser fetches evidence and judges it itself, against the pinned policy, its proven successors and nothing else. */

import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Report } from '@oppidum/proofs/report';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { fetchBytes } from './api.ts';
import { type PinnedPolicy, rememberHead, rememberSuccessors } from './pinned-policy.ts';
import { followPolicies } from './succeed.ts';

/**
 * `isAsked` is false where true evidence is about something else: then nothing of what is shown is proven. `older`: the head it leads to,
 * and a larger one that this browser believed before it asked; null where it is as new.
 */
export type Check = {
  readonly report: Report;
  readonly file: Uint8Array;
  readonly isAsked: boolean;
  readonly older: { readonly size: number; readonly seenSize: number } | null;
  readonly way: Way;
};

/**
 * What came of looking for successors of the policy. `followedCount`: proven ones that were found on the way. `refusedBy`: the verdict on one
 * that is not proven, or null. `isLost`: evidence that a change of policy would explain, and none was found that does.
 */
export type Way = { readonly followedCount: number; readonly refusedBy: string | null; readonly isLost: boolean };

const STRAIGHT: Way = { followedCount: 0, refusedBy: null, isLost: false };

/** Verdicts that a change of policy explains. */
const BY_A_CHANGE: readonly string[] = ['QUORUM_MISSING', 'SIGNATURE_INVALID', 'WITNESS_MISSING'];

/** Fetches and judges evidence of a reading or transaction. Throws ApiProblem. */
export async function checkEvidence(id: string, pinned: PinnedPolicy): Promise<Check> {
  const seenSize = pinned.trust.seen?.at(-1)?.size ?? 0;
  const file = await fetchBytes(`/api/v1/evidence/${id}`, 'application/cbor');
  const { report, way } = await judgeEvidence(file, pinned);
  if (report.color === 'red') return { report, file, isAsked: true, older: null, way };
  const { size, root } = parseCheckpointNote(parseEvidenceFile(file).checkpoint).checkpoint;
  rememberHead(pinned, { size, root });
  const { facts } = report;
  const isAsked = facts['id'] === id || facts['entry'] === id;
  return { report, file, isAsked, older: size < seenSize ? { size, seenSize } : null, way };
}

/** The report under what is pinned and, where a change of policy may explain a refusal, under successors that are then fetched. */
export async function judgeEvidence(
  file: Uint8Array,
  pinned: PinnedPolicy,
): Promise<{ readonly report: Report; readonly way: Way }> {
  const report = verifyEvidence(crypto, file, pinned.trust);
  if (!BY_A_CHANGE.includes(report.verdict)) return { report, way: STRAIGHT };
  const found = await followPolicies(pinned.trust).catch(() => ({ files: [], trust: pinned.trust, refusedBy: null }));
  const { files, trust, refusedBy } = found;
  if (files.length > 0) rememberSuccessors(pinned, files);
  const again = files.length === 0 ? report : verifyEvidence(crypto, file, trust);
  const way = { followedCount: files.length, refusedBy, isLost: BY_A_CHANGE.includes(again.verdict) };
  return { report: again, way };
}
