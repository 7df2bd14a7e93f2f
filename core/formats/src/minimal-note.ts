/**
 * The signatures that evidence carries: one of the log and the fewest cosignatures that meet the quorum, in the policy's order.
 * Every bit of such a note matters: whatever is altered, dropped or added, it is refused.
 */

import { type Bytes, equalBytes } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { type Rejection, reject } from './errors.ts';
import { chooseCosigners, evaluatePolicy, type Policy, type PolicyReport, refusalOf } from './policy.ts';
import { encodeSignedNote, parseSignedNote } from './signed-note.ts';

/**
 * Drops every signature that the policy does not need. Throws as `evaluatePolicy` does.
 * Refuses as `refusalOf` does when the note is not to be believed under the policy.
 */
export function minimizeNote(crypto: Crypto, policy: Policy, note: Bytes): { readonly note: Bytes } | Rejection {
  const report = evaluatePolicy(crypto, policy, note);
  return refusalOf(report) ?? { note: minimalNote(policy, note, report) };
}

/** Refuses as `minimizeNote` does, or NOT_CANONICAL when the note carries more than the policy needs or in another order. */
export function checkMinimalNote(crypto: Crypto, policy: Policy, note: Bytes): Rejection | null {
  const report = evaluatePolicy(crypto, policy, note);
  return refusalOf(report) ?? checkNothingToSpare(policy, note, report);
}

/** Refuses NOT_CANONICAL as `checkMinimalNote` does; for callers that have the report of this believable note already. */
export function checkNothingToSpare(policy: Policy, note: Bytes, report: PolicyReport): Rejection | null {
  return equalBytes(minimalNote(policy, note, report), note)
    ? null
    : reject('NOT_CANONICAL', { want: 'one log signature and a minimal quorum, in the order of the policy' });
}

function minimalNote(policy: Policy, note: Bytes, report: PolicyReport): Bytes {
  const present = new Set(report.cosignatures.map(({ witness }) => witness.name));
  const chosen = policy.quorum === null ? [] : (chooseCosigners(policy, policy.quorum, present) ?? []);
  const logLines = policy.logs.flatMap((log) => report.logSignatures.filter((signature) => signature.log === log)).slice(0, 1);
  const cosigned = policy.witnesses.flatMap((witness) =>
    report.cosignatures.filter((signature) => signature.witness === witness),
  );
  const cosignatures = cosigned.filter(({ witness }) => chosen.includes(witness.name));
  const signatures = [...logLines, ...cosignatures].map(({ line }) => line);
  return encodeSignedNote({ text: parseSignedNote(note).text, signatures });
}
