/**
 * A file that somebody gives to be verified, whichever of ours it is: evidence of one fact, a complete range of readings, an order to a
 * machine, or a fork.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { type CompactOrder, parseCompactOrder } from '@oppidum/formats/compact-order';
import { parseCompleteRange, startsAsCompleteRange } from '@oppidum/formats/complete-range';
import type { Crypto } from '@oppidum/formats/crypto';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { startsAsForkFile } from '@oppidum/formats/fork-proof';
import type { SeenHead, Trust } from './verify-checkpoint.ts';
import { type RangeReport, verifyCompleteRange } from './verify-complete-range.ts';
import { verifyEvidence } from './verify-evidence.ts';
import { verifyForkFile } from './verify-fork-file.ts';
import { startsAsOrder, verifyOrderFile } from './verify-order-file.ts';

/** `range` is null for what is none, and where something does not hold. Never throws on bad input. */
export function verifyFile(crypto: Crypto, file: Bytes, trust: Trust): RangeReport {
  if (startsAsCompleteRange(file)) return verifyCompleteRange(crypto, file, trust);
  if (startsAsOrder(file)) return { report: verifyOrderFile(crypto, file, trust, null), range: null };
  const verify = startsAsForkFile(file) ? verifyForkFile : verifyEvidence;
  return { report: verify(crypto, file, trust), range: null };
}

/** The newest heads of the city that a file leads to, as many as it holds evidence, in its order. Throws FormatError where it cannot be read. */
export function headsOf(file: Bytes): readonly SeenHead[] {
  if (startsAsOrder(file)) return headOfOrder(parseCompactOrder(file));
  const evidence = startsAsCompleteRange(file) ? parseCompleteRange(file).evidence : [file];
  return evidence.map((each) => {
    const { size, root } = parseCheckpointNote(parseEvidenceFile(each).checkpoint).checkpoint;
    return { size, root };
  });
}

/** Break-glass leads to none. */
function headOfOrder({ issuance }: CompactOrder): readonly SeenHead[] {
  if (issuance === null) return [];
  const { size, root } = issuance.checkpoint;
  return [{ size, root }];
}
