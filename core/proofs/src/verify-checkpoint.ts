/** Whom to believe: a checkpoint is the city's when the policy's quorum cosigned it. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { originOf, VALIDATORS } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Evidence } from '@oppidum/formats/evidence';
import { checkNothingToSpare } from '@oppidum/formats/minimal-note';
import { chooseCosigners, evaluatePolicy, type Policy, type PolicyReport } from '@oppidum/formats/policy';
import type { Verdict } from '@oppidum/formats/verdicts';
import { checkConsistency } from './merkle.ts';
import { type Findings, Refuted, refuteIf } from './report.ts';

/**
 * What the verifier brings along; all policies passed `parseCityPolicy`. `former`: policies of the same city that it has seen succeeded
 * (`verifySuccessorPolicy`), newest first. `seen`: heads that it believed before; a verifier never goes back behind them.
 */
export type Trust = { readonly policy: Policy; readonly former?: readonly Policy[]; readonly seen?: readonly SeenHead[] };

/** Size and root of a head of the city's block log. */
export type SeenHead = { readonly size: number; readonly root: Bytes };

/** A head of a city's block log that is cosigned, or that a cosigned one extends. */
export type CityHead = SeenHead & { readonly origin: string };

type Unbelieved = { readonly verdict: Verdict; readonly detail: string };

/**
 * The head that the evidence's hops lead to. Refutes NOT_OURS, SIGNATURE_INVALID, QUORUM_MISSING, WITNESS_MISSING, LOG_INCONSISTENT;
 * throws NOT_CANONICAL for a note with anything to spare. Under a former policy alone: amber POLICY_STALE.
 */
export function openCheckpoint(
  crypto: Crypto,
  evidence: Pick<Evidence, 'checkpoint' | 'prior'>,
  trust: Trust,
  findings: Findings,
): CityHead {
  findings.begin('checkpoint');
  const { policy, report } = believe(crypto, evidence.checkpoint, trust);
  refuteIf(checkNothingToSpare(policy, evidence.checkpoint, report), 'UNREADABLE');
  const { origin, size, root } = report.checkpoint;
  if (report.checkpoint.extensions.length > 0) throw new Refuted('UNREADABLE', 'a checkpoint of a city has no extension lines');
  requireSeen(trust, { size, root });
  const cosigners = report.cosignatures.map(({ witness }) => witness.name).join(', ');
  findings.pass(`size ${size} of ${origin}, signed by the log, cosigned by ${cosigners}`);
  if (policy !== trust.policy) {
    findings.note('the policy under which this was cosigned has a successor');
    findings.outcome = 'POLICY_STALE';
  }
  return evidence.prior === undefined ? { origin, size, root } : openPrior(crypto, evidence.prior, report, trust, findings);
}

/** The newest policy under which the note is to be believed; refutes with what the newest one of all says when there is none. */
function believe(crypto: Crypto, note: Bytes, trust: Trust): { readonly policy: Policy; readonly report: PolicyReport } {
  const report = evaluatePolicy(crypto, trust.policy, note);
  const refusal = refuse(trust.policy, report);
  if (refusal === null) return { policy: trust.policy, report };
  for (const policy of trust.former ?? []) {
    const formerly = evaluatePolicy(crypto, policy, note);
    if (originOf(policy) === originOf(trust.policy) && refuse(policy, formerly) === null) return { policy, report: formerly };
  }
  throw new Refuted(refusal.verdict, refusal.detail);
}

/** Why a note is not to be believed under a policy, or null. */
function refuse(policy: Policy, report: PolicyReport): Unbelieved | null {
  const { checkpoint, broken, cosignatures } = report;
  if (report.origin === 'unknown') return { verdict: 'NOT_OURS', detail: `of ${checkpoint.origin}, not of ${originOf(policy)}` };
  if (broken[0] !== undefined) return { verdict: 'SIGNATURE_INVALID', detail: `the line of ${broken[0]} does not verify` };
  const present = new Set(cosignatures.map(({ witness }) => witness.name));
  const cosigned = `cosigned by ${present.size === 0 ? 'nobody the policy knows' : [...present].join(', ')}`;
  if (chooseCosigners(policy, VALIDATORS, present) === null) return { verdict: 'QUORUM_MISSING', detail: cosigned };
  if (report.logSignatures.length === 0) return { verdict: 'SIGNATURE_INVALID', detail: 'no key of the log signed' };
  return report.quorum === 'met' ? null : { verdict: 'WITNESS_MISSING', detail: cosigned };
}

/** An older head that the cosigned one extends. */
function openPrior(
  crypto: Crypto,
  prior: NonNullable<Evidence['prior']>,
  report: PolicyReport,
  trust: Trust,
  findings: Findings,
): CityHead {
  findings.begin('older head');
  const { origin, size, root } = report.checkpoint;
  if (prior.size >= size) throw new Refuted('UNREADABLE', `a head of size ${prior.size} is not older than one of size ${size}`);
  const claim = { size1: prior.size, root1: prior.root, size2: size, root2: root, proof: prior.consistency };
  refuteIf(checkConsistency(crypto, claim), 'LOG_INCONSISTENT');
  requireSeen(trust, prior);
  findings.pass(`the log of size ${size} begins with the one of size ${prior.size}`);
  return { origin, size: prior.size, root: prior.root };
}

/** Refutes a head of a size that the verifier has seen with another root: one log told two stories. */
export function requireSeen(trust: Trust, head: SeenHead): void {
  const seen = (trust.seen ?? []).find(({ size }) => size === head.size);
  if (seen !== undefined && !equalBytes(seen.root, head.root))
    throw new Refuted('LOG_INCONSISTENT', `another head of size ${head.size} was believed before`);
}
