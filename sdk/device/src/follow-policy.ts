/** How a device comes from the policy it was given to the one in force: its validators vouch for the next, and those for the one after. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';

/** `ask`: evidence of the changes, in their order, from anybody. What cannot be had or proven changes nothing. */
export async function followPolicy(crypto: Crypto, trust: Trust, ask: () => Promise<readonly Bytes[]>): Promise<Trust> {
  const files = await ask().catch((error: unknown) => {
    if (error instanceof FormatError) return [];
    throw error;
  });
  return files.reduce((known, file) => verifySuccessorPolicy(crypto, file, known).trust ?? known, trust);
}
