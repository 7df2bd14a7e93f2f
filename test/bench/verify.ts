/** Bench `verify`: one full evidence file of a reading, cosigned by four validators, from bytes to verdict. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeEvidence, type ReadingEvidence } from '@oppidum/formats/evidence';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { EvidenceCity } from '../support/evidence.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

/** Of five validators four must cosign. */
const VALIDATOR_COUNT = 5;
const COSIGNER_COUNT = 4;
/** Readings in the shard and records beside the device's: paths as long as those of a small city. */
const READING_COUNT = 1_000;
const WARM_UP = 200;

/** `nodeMs`: median with native cryptography; `nobleMs`: with pure code, as browsers run it; `evidenceBytes`: size of the file. */
export async function benchVerify({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const { file, trust } = makeEvidence();
  say(`evidence of ${file.length} bytes`);
  const nodeMs = measure(nativeCrypto, file, trust, seconds / 2);
  say(`native: ${nodeMs.toFixed(3)} ms`);
  const nobleMs = measure(nobleCrypto, file, trust, seconds / 2);
  return { nodeMs, nobleMs, evidenceBytes: file.length };
}

function makeEvidence(): { readonly file: Bytes; readonly trust: Trust } {
  const city = new EvidenceCity({ validatorCount: VALIDATOR_COUNT });
  for (let n = 1; n <= READING_COUNT; n++) city.keep(city.sign(n));
  const evidence: ReadingEvidence = city.proveReading(READING_COUNT / 2, city.anchor());
  const lineCount = parseSignedNote(evidence.checkpoint).signatures.length;
  if (lineCount !== 1 + COSIGNER_COUNT) throw new Error(`${lineCount} signature lines`);
  return { file: encodeEvidence(evidence), trust: { policy: city.policy } };
}

/** Median milliseconds of one verification: what else the machine does meanwhile is not the verifier's time. */
function measure(crypto: Crypto, file: Bytes, trust: Trust, seconds: number): number {
  const verify = (): void => {
    const { verdict } = verifyEvidence(crypto, file, trust);
    if (verdict !== 'OK') throw new Error(`the evidence is ${verdict}`);
  };
  const endMs = performance.now() + 1000 * seconds;
  for (let n = 0; n < WARM_UP && performance.now() < endMs; n++) verify();
  const samples: number[] = [];
  do {
    const startMs = performance.now();
    verify();
    samples.push(performance.now() - startMs);
  } while (performance.now() < endMs);
  return percentile(samples, 0.5);
}
