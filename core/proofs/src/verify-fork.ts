/** Two signed heads of one log that cannot both be true: whoever signed both has told two stories (specs/telemetry.md, `report-fork`). */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Checkpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { checkConsistency } from './merkle.ts';

/** Notes as signed. `consistency` (RFC 9162 §2.1.4) leads from (size of `earlier`, `root`) to `later`. */
export type ForkProof = {
  readonly earlier: Bytes;
  readonly later: Bytes;
  readonly root: Bytes;
  readonly consistency: readonly Bytes[];
};

/**
 * Null when it is shown that the key signed two histories of its log: the tree of `later` begins with another root than `earlier` has.
 * Refuses, in this order: what the decoders throw, LOG_UNKNOWN (a head of another log), SIGNATURE_INVALID; as `checkConsistency`;
 * FORK_UNPROVEN (the one continues the other).
 */
export function checkFork(crypto: Crypto, key: VerifierKey, { earlier, later, root, consistency }: ForkProof): Rejection | null {
  const [first, second] = [openHead(crypto, key, earlier), openHead(crypto, key, later)];
  if ('code' in first) return first;
  if ('code' in second) return second;
  const claim = { size1: first.size, root1: root, size2: second.size, root2: second.root, proof: consistency };
  const refused = checkConsistency(crypto, claim);
  if (refused !== null) return refused;
  return equalBytes(root, first.root) ? reject('FORK_UNPROVEN', { size: first.size }) : null;
}

function openHead(crypto: Crypto, key: VerifierKey, note: Bytes): Checkpoint | Rejection {
  const policy: Policy = { logs: [{ key, url: null }], witnesses: [], groups: [], quorum: null };
  try {
    const { origin, checkpoint, logSignatures } = evaluatePolicy(crypto, policy, note);
    if (origin === 'unknown') return reject('LOG_UNKNOWN', { origin: checkpoint.origin });
    return logSignatures.length === 0 ? reject('SIGNATURE_INVALID', { by: checkpoint.origin }) : checkpoint;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}
