/** Verifying a `.tlog-proof` (C2SP tlog-proof): the entry is in a log that the policy trusts. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { ErrorCode } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy, refusalOf } from '@oppidum/formats/policy';
import { parseTlogProof } from '@oppidum/formats/tlog-proof';
import type { Verdict } from '@oppidum/formats/verdicts';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';
import { type Report, refuteIf, runVerification } from './report.ts';

/** `proof` is the bytes of the file, `entry` the bytes whose RFC 6962 leaf hash is claimed to stand in the log. */
export type TlogProofClaim = { readonly policy: Policy; readonly proof: Bytes; readonly entry: Bytes };

/**
 * Verifies an entry by its proof and a policy, offline.
 * Verdicts: OK, UNREADABLE, UNSUPPORTED_VERSION, NOT_OURS (a log the policy does not list), SIGNATURE_INVALID (log or known cosigner),
 * QUORUM_MISSING, NOT_IN_LOG. Facts: origin, size, index, cosigners with the times they state. Extra data is never looked at.
 */
export function verifyTlogProof(crypto: Crypto, claim: TlogProofClaim): Report {
  return runVerification((findings) => {
    findings.begin('format');
    const { index, proof, note, checkpoint } = parseTlogProof(claim.proof);
    const { origin, size, root } = checkpoint;
    findings.pass(`entry ${index} of ${size} in ${origin}`);

    findings.begin('checkpoint');
    const report = evaluatePolicy(crypto, claim.policy, note);
    refuteIf(refusalOf(report), verdictOf);
    const cosigners = report.cosignatures.map(({ witness, timeS }) => ({ name: witness.name, timeS }));
    findings.pass(
      `signed by the log, cosigned by ${cosigners.length === 0 ? 'nobody: the policy asks for none' : cosigners.map(({ name }) => name).join(', ')}`,
    );

    findings.begin('entry in log');
    refuteIf(checkInclusion(crypto, { index, size, leafHash: leafHash(crypto, claim.entry), proof, root }), 'NOT_IN_LOG');
    findings.pass(`${proof.length} hashes lead from the entry to the root`);

    Object.assign(findings.facts, { origin, size, index, cosigners });
  });
}

function verdictOf(code: ErrorCode): Verdict {
  if (code === 'LOG_UNKNOWN') return 'NOT_OURS';
  return code === 'QUORUM_MISSING' ? 'QUORUM_MISSING' : 'SIGNATURE_INVALID';
}
