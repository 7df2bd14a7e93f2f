/** The judgement of a page: a policy, the changes of policy since, and one piece of evidence. The verifier is the command line's. */

import type { Bytes } from '@oppidum/formats/bytes';
import { toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { describeError, FormatError } from '@oppidum/formats/errors';
import type { Report } from '@oppidum/proofs/report';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';

/** Whom the page believes; `problem` says why it believes nobody. `report`: of the successor that failed. */
export type Belief =
  | { readonly trust: Trust; readonly origin: string; readonly sha256: string; readonly followedCount: number }
  | { readonly problem: 'policyBad' | 'successorBad'; readonly detail: string; readonly report?: Report };

/** Reads the policy and follows its successors, oldest first. */
export function believe(crypto: Crypto, policyFile: Bytes, successors: readonly Bytes[]): Belief {
  let trust: Trust;
  try {
    trust = { policy: parseCityPolicy(crypto, policyFile) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { problem: 'policyBad', detail: describeError(error.code, error.details) };
  }
  let followedCount = 0;
  for (const file of successors) {
    const { report, trust: next } = verifySuccessorPolicy(crypto, file, trust);
    if (report.verdict !== 'OK') return { problem: 'successorBad', detail: report.steps.at(-1)?.detail ?? '', report };
    if (next === null) continue;
    trust = next;
    followedCount++;
  }
  return { trust, origin: originOf(trust.policy), sha256: toHex(crypto.sha256(policyFile)), followedCount };
}

/** As `verifyEvidence`. */
export function judge(crypto: Crypto, evidence: Bytes, trust: Trust): Report {
  return verifyEvidence(crypto, evidence, trust);
}
