/** Records of the ledger, as proven under the pinned policy: what the city merely tells is for showing, not for signing. */

import type { Json } from '@oppidum/formats/schema';
import { recordsOf } from '../../asked.ts';
import { checkEvidence } from '../../check-evidence.ts';
import { pinnedPolicy } from '../../pinned-policy.ts';

export type ProvenRecord = { readonly key: readonly Json[]; readonly value: { readonly [name: string]: Json } };

/** All records under these segments; or that nobody is trusted yet, or that the evidence does not hold. */
export type Proof = { readonly records: readonly ProvenRecord[] } | { readonly unproven: 'unpinned' | 'refuted' };

/**
 * Fetches and judges evidence of records. What is older than a head that this browser believed before it asked proves nothing: a key that
 * was retired since, or a right that was taken, would be in force. Throws ApiProblem.
 */
export async function proveRecords(kind: string, segments: readonly (string | number)[]): Promise<Proof> {
  const pinned = pinnedPolicy();
  if (pinned === null) return { unproven: 'unpinned' };
  const check = await checkEvidence(recordsOf(kind, ...segments.map(String)), pinned);
  // Under a former policy alone it is POLICY_STALE, and no answer about now.
  if (check.report.verdict !== 'OK' || !check.isAsked || check.older !== null) return { unproven: 'refuted' };
  return { records: check.report.facts['records'] as unknown as readonly ProvenRecord[] };
}
