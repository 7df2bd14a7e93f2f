/** The judgement of a page: a policy, the changes of policy since, and one piece of evidence. The verifier is the command line's. */

import type { Bytes } from '@oppidum/formats/bytes';
import { toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import type { Report } from '@oppidum/proofs/report';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';

/** Whom the page believes; `problem` says why it believes nobody. `report`: of the successor that failed. */
export type Belief =
  | { readonly trust: Trust; readonly origin: string; readonly sha256: string; readonly followedCount: number }
  | { readonly problem: 'policyBad' | 'successorBad'; readonly detail: string; readonly report?: Report };

/** Changes of policy that are followed at once; a city has a few a year. */
const SUCCESSOR_COUNT_MAX = 200;

/**
 * Reads the policy and follows its successors, in whichever order they are given: each is proven under the one before it. Each file is
 * verified once, in the order of the heights that they say: where one lies about its height it proves nothing.
 */
export function believe(crypto: Crypto, policyFile: Bytes, successors: readonly Bytes[]): Belief {
  let trust: Trust;
  try {
    trust = { policy: parseCityPolicy(crypto, policyFile) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { problem: 'policyBad', detail: describeError(error.code, error.details) };
  }
  if (successors.length > SUCCESSOR_COUNT_MAX)
    return { problem: 'successorBad', detail: `${successors.length} files, of at most ${SUCCESSOR_COUNT_MAX}` };
  let followedCount = 0;
  for (const file of successors.toSorted((a, b) => heightOf(a) - heightOf(b))) {
    const { report, trust: next } = verifySuccessorPolicy(crypto, file, trust);
    if (report.verdict !== 'OK') return { problem: 'successorBad', detail: report.steps.at(-1)?.detail ?? '', report };
    // Else it proves that the trusted policy is in force.
    if (next === null) continue;
    trust = next;
    followedCount++;
  }
  return { trust, origin: originOf(trust.policy), sha256: toHex(crypto.sha256(policyFile)), followedCount };
}

/** The height that evidence of records says to be of; what says none comes last. */
function heightOf(file: Bytes): number {
  try {
    const evidence = parseEvidenceFile(file);
    return evidence.fact === 'state' ? evidence.state.height : Number.MAX_SAFE_INTEGER;
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}
