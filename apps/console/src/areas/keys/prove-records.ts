/** Records of the ledger, as proven under the pinned policy: what the city merely tells is for showing, not for signing. */

import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Json } from '@oppidum/formats/schema';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { fetchBytes } from '../../api.ts';
import { pinnedPolicy } from '../../pinned-policy.ts';

export type ProvenRecord = { readonly key: readonly Json[]; readonly value: { readonly [name: string]: Json } };

/** All records under these segments; or that nobody is trusted yet, or that the evidence does not hold. */
export type Proof = { readonly records: readonly ProvenRecord[] } | { readonly unproven: 'unpinned' | 'refuted' };

/** Fetches and judges evidence of records. Throws ApiProblem. */
export async function proveRecords(kind: string, segments: readonly (string | number)[]): Promise<Proof> {
  const pinned = pinnedPolicy();
  if (pinned === null) return { unproven: 'unpinned' };
  const query = new URLSearchParams({ kind, segments: segments.join(',') });
  const file = await fetchBytes(`/api/v1/evidence/state?${query}`, 'application/cbor');
  const { verdict, facts } = verifyEvidence(crypto, file, { policy: pinned.policy });
  // Evidence that something else is so would read like an answer.
  const isAsked = facts['fact'] === 'state' && facts['kind'] === kind && facts['about'] === segments.join(' ');
  if (verdict !== 'OK' || !isAsked) return { unproven: 'refuted' };
  return { records: facts['records'] as unknown as readonly ProvenRecord[] };
}
