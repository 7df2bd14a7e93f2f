/**
 * How a verifier comes to trust the next policy: by evidence under the one it trusts.
 *
 * A policy decided at height d stands in `policyEffective` from block d + 1 on, and that block is the last one the old set cosigns. So
 * the successor is proven by the state of a block of the trusted set which already names another policy as effective.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Evidence, POLICY_CLAIM, parseEvidenceFile, type StateEvidence } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { parseState } from '@oppidum/formats/state-layout';
import { Refuted, type Report, runVerification } from './report.ts';
import { openCheckpoint, type Trust } from './verify-checkpoint.ts';
import { verifyState } from './verify-state.ts';

/** A policy that the trusted one proves to be its successor; `file` is its canonical rendering. */
export type Successor = { readonly policy: Policy; readonly file: Bytes };

/** `trust` is what to keep from now on: the successor, with the policy trusted so far as the newest former one. Null unless OK. */
export type SuccessorReport = { readonly report: Report; readonly successor: Successor | null; readonly trust: Trust | null };

/**
 * Verifies evidence of the record `policyEffective` and takes the successor from it.
 * Besides what `verifyEvidence` says of state evidence: UNREADABLE (evidence of something else, or the policy in it is no city policy),
 * POLICY_STALE (proven under a former policy, or by a block of another period: nobody goes back), NOT_OURS (another origin).
 * The verdict is OK with `successor` null when the record holds the trusted policy itself.
 */
export function verifySuccessorPolicy(crypto: Crypto, file: Bytes, trust: Trust): SuccessorReport {
  let successor: Successor | null = null;
  const report = runVerification((findings) => {
    findings.begin('format');
    const evidence = requirePolicyEvidence(parseEvidenceFile(file));
    findings.pass('evidence of the policy in force');
    const head = openCheckpoint(crypto, evidence, trust, findings);
    verifyState(crypto, evidence, head, findings);

    findings.begin('successor');
    const found = openPolicy(crypto, evidence);
    if (originOf(found.policy) !== originOf(trust.policy)) throw new Refuted('NOT_OURS', 'the policy is of another origin');
    const trusted = encodePolicy(crypto, trust.policy);
    if (equalBytes(found.file, trusted)) {
      findings.pass('the trusted policy is in force');
      return;
    }
    if (!equalBytes(evidence.state.validatorSetDigest, crypto.sha256(trusted)))
      throw new Refuted('POLICY_STALE', 'the block is not of the validators of the trusted policy');
    successor = found;
    findings.pass('the validators of the trusted policy state its successor');
  });
  if (report.verdict !== 'OK' || successor === null) return { report, successor: null, trust: null };
  return { report, successor, trust: succeed(trust, successor) };
}

function succeed(trust: Trust, successor: Successor): Trust {
  return { ...trust, policy: successor.policy, former: [trust.policy, ...(trust.former ?? [])] };
}

/** Only the whole record proves a policy: not a part of a larger claim. */
function requirePolicyEvidence(evidence: Evidence): StateEvidence {
  if (evidence.fact === 'state' && evidence.claim.kind === POLICY_CLAIM.kind) return evidence;
  throw new Refuted('UNREADABLE', 'this is not evidence of the policy in force');
}

function openPolicy(crypto: Crypto, evidence: StateEvidence): Successor {
  const [value] = evidence.state.values;
  if (value === undefined) throw new Refuted('UNREADABLE', 'the ledger has no policy in force');
  const file = parseState(policyEffectiveKind, value).policy;
  return { policy: parseCityPolicy(crypto, file), file };
}
