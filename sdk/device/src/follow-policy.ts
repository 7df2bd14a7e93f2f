/**
 * How a device comes from the policy it was given to the one in force: its validators vouch for the next, and those for the one after.
 * Asking takes time, and what is trusted meanwhile may have moved on: so what was heard is held against what is trusted then, in one step.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';

/** Evidence of the changes, in their order, from anybody; none where it cannot be had. */
export async function hearSuccessors(ask: () => Promise<readonly Bytes[]>): Promise<readonly Bytes[]> {
  return ask().catch((error: unknown) => {
    if (error instanceof FormatError) return [];
    throw error;
  });
}

/** As far as the evidence leads from what is trusted. What proves nothing changes nothing. */
export function followPolicy(crypto: Crypto, trust: Trust, files: readonly Bytes[]): Trust {
  return files.reduce((known, file) => verifySuccessorPolicy(crypto, file, known).trust ?? known, trust);
}
