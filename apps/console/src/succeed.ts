/** From the policy that is trusted to its successors: each proven under the one before it (specs/evidence.md §6), by files that the city only hands out. */

import { type Bytes, encodeUtf8, equalBytes } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import type { SuccessorJson } from '@oppidum/gateway/api-types';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { fetchBytes, fetchJson, type Page } from './api.ts';

/** Changes of policy that are followed at once; a city has a few a year. */
const CHANGE_COUNT_MAX = 1_000;

/** What was found on the way: files of successors, oldest first, and the verdict of a change that did not hold. */
export type Following = { readonly files: readonly Bytes[]; readonly trust: Trust; readonly refusedBy: string | null };

/** Trust after a successor that was proven before. */
export function succeedBy(trust: Trust, file: string): Trust {
  return { ...trust, policy: parseCityPolicy(crypto, encodeUtf8(file)), former: [trust.policy, ...(trust.former ?? [])] };
}

/** Follows what the city has evidence of. Throws ApiProblem. */
export async function followPolicies(trusted: Trust, signal?: AbortSignal): Promise<Following> {
  const page = await fetchJson<Page<SuccessorJson>>(`/api/v1/policies?limit=${CHANGE_COUNT_MAX}`, signal);
  const evidence: Bytes[] = [];
  for (const { height } of page.items) evidence.push(await fetchBytes(`/api/v1/policies/${height}`, 'application/cbor', signal));
  return follow(trusted, evidence);
}

/** As far as the evidence leads, oldest first; what is of the time before the trusted policy is passed over. */
export function follow(trusted: Trust, evidence: readonly Bytes[]): Following {
  let trust = trusted;
  const files: Bytes[] = [];
  for (const file of evidence) {
    if (!leadsOnFrom(trust.policy, file)) continue;
    const { report, successor, trust: next } = verifySuccessorPolicy(crypto, file, trust);
    if (report.verdict !== 'OK') return { files, trust, refusedBy: report.verdict };
    if (successor === null || next === null) continue;
    files.push(successor.file);
    trust = next;
  }
  return { files, trust, refusedBy: null };
}

/** False for evidence that says of itself to be of the term of another policy. */
function leadsOnFrom(policy: Policy, file: Bytes): boolean {
  try {
    const parsed = parseEvidenceFile(file);
    return parsed.fact !== 'state' || equalBytes(parsed.state.validatorSetDigest, crypto.sha256(encodePolicy(crypto, policy)));
  } catch {
    return true;
  }
}
