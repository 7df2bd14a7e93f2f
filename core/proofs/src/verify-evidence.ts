/**
 * Why to believe it. The top function is the policy of verification; each hop it names is one file or function below.
 *
 *   bytes → evidence → cosigned checkpoint → leaves in the block log → the fact itself
 *
 * Offline and pure: nothing is asked, nothing is known but the file and the policy. A report is OK only when every byte of the
 * file took part in a check that passed.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Evidence, parseEvidenceFile } from '@oppidum/formats/evidence';
import { type Findings, type Report, runVerification } from './report.ts';
import { openCheckpoint, type Trust } from './verify-checkpoint.ts';
import { verifyErased } from './verify-erased.ts';
import { verifyReading } from './verify-reading.ts';
import { verifyState } from './verify-state.ts';
import { verifyTransaction } from './verify-transaction.ts';

/**
 * Verifies one evidence file (CBOR or JSON form) under the verifier's own policies.
 * Never throws on bad input: the verdict says what is wrong, the steps say where.
 */
export function verifyEvidence(crypto: Crypto, file: Bytes, trust: Trust): Report {
  return runVerification((findings) => {
    findings.begin('format');
    const evidence = parseEvidenceFile(file);
    findings.pass(`evidence of ${FACT_WORDS[evidence.fact]}, version ${evidence.version}, ${file.length} bytes`);
    verifyFact(crypto, evidence, trust, findings);
  });
}

const FACT_WORDS = {
  reading: 'a reading',
  transaction: 'a transaction',
  state: 'records',
  erased: 'an erased reading',
} as const;

function verifyFact(crypto: Crypto, evidence: Evidence, trust: Trust, findings: Findings): void {
  const head = openCheckpoint(crypto, evidence, trust, findings);
  switch (evidence.fact) {
    case 'reading':
      return verifyReading(crypto, evidence, head, findings);
    case 'transaction':
      return verifyTransaction(crypto, evidence, head, findings);
    case 'state':
      return verifyState(crypto, evidence, head, findings);
    case 'erased':
      return verifyErased(crypto, evidence, head, findings);
  }
}
