/** Records of the ledger, as proven under the pinned policy: what the city merely tells is for showing, not for signing. */

import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import type { Json } from '@oppidum/formats/schema';
import { fetchBytes } from '../../api.ts';
import { judgeEvidence } from '../../check-evidence.ts';
import { pinnedPolicy, rememberHead } from '../../pinned-policy.ts';

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
  const seenSize = pinned.trust.seen?.at(-1)?.size ?? 0;
  const query = new URLSearchParams({ kind, segments: segments.join(',') });
  const file = await fetchBytes(`/api/v1/evidence/state?${query}`, 'application/cbor');
  // Under a former policy alone it is POLICY_STALE, and no answer about now.
  const { verdict, facts } = (await judgeEvidence(file, pinned)).report;
  // Evidence that something else is so would read like an answer.
  const isAsked = facts['fact'] === 'state' && facts['kind'] === kind && facts['about'] === segments.join(' ');
  if (verdict !== 'OK' || !isAsked) return { unproven: 'refuted' };
  const { checkpoint, prior } = parseEvidenceFile(file);
  const { size, root } = parseCheckpointNote(checkpoint).checkpoint;
  // With `prior` records are those of an older head, whatever the checkpoint is.
  if (prior !== undefined || size < seenSize) return { unproven: 'refuted' };
  rememberHead(pinned, { size, root });
  return { records: facts['records'] as unknown as readonly ProvenRecord[] };
}
