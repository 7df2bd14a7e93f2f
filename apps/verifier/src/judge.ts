/** The judgement of a page: a policy, the changes of policy since, and one piece of evidence. The verifier is the command line's. */

import type { Bytes } from '@oppidum/formats/bytes';
import { toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import type { Report } from '@oppidum/proofs/report';
import type { SeenHead, Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';

/** Whom the page believes; `problem` says why it believes nobody. `report`: of the successor that failed. */
export type Belief =
  | { readonly trust: Trust; readonly origin: string; readonly sha256: string; readonly followedCount: number }
  | { readonly problem: 'policyBad' | 'successorBad'; readonly detail: string; readonly report?: Report };

/** Reads the policy and follows its successors, in whichever order they are given: each is proven under the one before it. */
export function believe(crypto: Crypto, policyFile: Bytes, successors: readonly Bytes[]): Belief {
  let trust: Trust;
  try {
    trust = { policy: parseCityPolicy(crypto, policyFile) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { problem: 'policyBad', detail: describeError(error.code, error.details) };
  }
  let followedCount = 0;
  for (let waiting = successors; waiting.length > 0; ) {
    const tried = waiting.map((file) => verifySuccessorPolicy(crypto, file, trust));
    const found = tried.findIndex(({ report, trust: next }) => report.verdict === 'OK' && next !== null);
    const next = tried[found]?.trust ?? null;
    if (next === null) {
      const failed = tried.find(({ report }) => report.verdict !== 'OK')?.report;
      // What is left proves that the trusted policy is in force.
      if (failed === undefined) break;
      return { problem: 'successorBad', detail: failed.steps.at(-1)?.detail ?? '', report: failed };
    }
    trust = next;
    followedCount++;
    waiting = waiting.filter((_file, place) => place !== found);
  }
  return { trust, origin: originOf(trust.policy), sha256: toHex(crypto.sha256(policyFile)), followedCount };
}

/** The head that evidence leads to: of its newest checkpoint. Throws FormatError where it cannot be read. */
export function checkpointOf(evidence: Bytes): SeenHead {
  const { size, root } = parseCheckpointNote(parseEvidenceFile(evidence).checkpoint).checkpoint;
  return { size, root };
}

/** As `verifyEvidence`. */
export function judge(crypto: Crypto, evidence: Bytes, trust: Trust): Report {
  return verifyEvidence(crypto, evidence, trust);
}
