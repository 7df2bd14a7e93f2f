/**
 * Two signed heads of one log that cannot both be true: whoever signed both has told two stories (specs/forks.md). The log itself, by its
 * log key, or a validator or witness by its cosigner key.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Checkpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { ForkProof } from '@oppidum/formats/fork-proof';
import { evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { checkConsistency } from './merkle.ts';

/**
 * Null when it is shown that the key signed two histories of a log: the tree of `later` begins with another root than `earlier` has. The
 * log of a log key is the one it is named after; a cosigner may know many, so it is the one of `origin`, or of `earlier` without it.
 * Refuses, in this order: of `earlier`, then of `later` what the decoders throw, LOG_UNKNOWN (a head of another log), SIGNATURE_INVALID;
 * as `checkConsistency`; FORK_UNPROVEN (the one continues the other).
 */
export function checkFork(crypto: Crypto, key: VerifierKey, fork: ForkProof, origin?: string): Rejection | null {
  const { earlier, later, root, consistency } = fork;
  const first = openHead(crypto, key, earlier, origin);
  if ('code' in first) return first;
  const second = openHead(crypto, key, later, first.origin);
  if ('code' in second) return second;
  const claim = { size1: first.size, root1: root, size2: second.size, root2: second.root, proof: consistency };
  const refused = checkConsistency(crypto, claim);
  if (refused !== null) return refused;
  return equalBytes(root, first.root) ? reject('FORK_UNPROVEN', { size: first.size }) : null;
}

/** The keys of a policy that stand under both sides, logs first, each in the order of the policy; none where nothing is proven. */
export function forkedKeys(crypto: Crypto, policy: Policy, fork: ForkProof): readonly VerifierKey[] {
  const origin = policy.logs[0]?.key.name;
  const keys = [...policy.logs, ...policy.witnesses].map(({ key }) => key);
  return keys.filter((key) => checkFork(crypto, key, fork, origin) === null);
}

function openHead(crypto: Crypto, key: VerifierKey, note: Bytes, origin: string | undefined): Checkpoint | Rejection {
  try {
    const { checkpoint, logSignatures, cosignatures } = evaluatePolicy(crypto, policyOf(key), note);
    const isOther = key.algorithm === 'log' && checkpoint.origin !== key.name;
    if (isOther || checkpoint.origin !== (origin ?? checkpoint.origin))
      return reject('LOG_UNKNOWN', { origin: checkpoint.origin });
    const isSigned = logSignatures.length + cosignatures.length > 0;
    return isSigned ? checkpoint : reject('SIGNATURE_INVALID', { by: key.name });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

/** Nobody but this key counts. */
function policyOf(key: VerifierKey): Policy {
  const isLog = key.algorithm === 'log';
  const logs = isLog ? [{ key, url: null }] : [];
  const witnesses = isLog ? [] : [{ name: key.name, key, url: null }];
  return { logs, witnesses, groups: [], quorum: null };
}
