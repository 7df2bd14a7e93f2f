/** "Check here": the browser fetches evidence and judges it itself, against the pinned policy, its proven successors and nothing else. */

import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { RangeReport } from '@oppidum/proofs/verify-complete-range';
import { headsOf, verifyFile } from '@oppidum/proofs/verify-file';
import { fetchBytes } from './api.ts';
import { type Asked, evidencePathOf, isAbout } from './asked.ts';
import { type PinnedPolicy, rememberHead, rememberSuccessors } from './pinned-policy.ts';
import { followPolicies } from './succeed.ts';

/**
 * `isAsked` is false where true evidence is about something else: then nothing of what is shown is proven. `older`: the head it leads to,
 * and a larger one that this browser believed before it asked; null where it is as new. `range`: of a range of readings alone.
 */
export type Check = RangeReport & {
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

/** Fetches and judges evidence of what is asked. Throws ApiProblem. */
export async function checkEvidence(asked: Asked, pinned: PinnedPolicy): Promise<Check> {
  const { path, type } = evidencePathOf(asked);
  const check = await judgeEvidence(await fetchBytes(path, type), pinned);
  const { report, file, older } = check;
  if (report.color === 'red') return check;
  const isAsked = isAbout(asked, file, report.facts);
  if (!isAsked || asked.by !== 'records' || older !== null) return { ...check, isAsked };
  // Led to a newer head since, records are still those of the older one, and no answer about now.
  const { prior } = parseEvidenceFile(file);
  const [newest = { size: 0 }] = headsOf(file);
  return { ...check, isAsked, older: prior === undefined ? null : { size: prior.size, seenSize: newest.size } };
}

/**
 * Judges a file under what is pinned and, where a change of policy may explain a refusal, under successors that are then fetched. Its heads
 * are remembered where it holds. What it is about only its reader knows.
 */
export async function judgeEvidence(file: Uint8Array, pinned: PinnedPolicy): Promise<Check> {
  const seenSize = pinned.trust.seen?.at(-1)?.size ?? 0;
  const { found, way } = await judgeOnTheWay(file, pinned);
  if (found.report.color === 'red') return { ...found, file, isAsked: true, older: null, way };
  const heads = headsOf(file);
  for (const head of heads) rememberHead(pinned, head);
  const size = Math.max(...heads.map((head) => head.size));
  // A range of no readings leads to no head.
  const isOlder = heads.length > 0 && size < seenSize;
  return { ...found, file, isAsked: true, older: isOlder ? { size, seenSize } : null, way };
}

async function judgeOnTheWay(
  file: Uint8Array,
  pinned: PinnedPolicy,
): Promise<{ readonly found: RangeReport; readonly way: Way }> {
  const found = verifyFile(crypto, file, pinned.trust);
  if (!BY_A_CHANGE.includes(found.report.verdict)) return { found, way: STRAIGHT };
  const followed = await followPolicies(pinned.trust).catch(() => ({ files: [], trust: pinned.trust, refusedBy: null }));
  const { files, trust, refusedBy } = followed;
  if (files.length > 0) rememberSuccessors(pinned, files);
  const again = files.length === 0 ? found : verifyFile(crypto, file, trust);
  const isLost = BY_A_CHANGE.includes(again.report.verdict);
  return { found: again, way: { followedCount: files.length, refusedBy, isLost } };
}
