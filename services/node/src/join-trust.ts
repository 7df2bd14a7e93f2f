/**
 * From a policy to a header of CometBFT: the policy's quorum cosigned a head of the block log; a header carries as app hash a root of that
 * log, of as many leaves or fewer; and the validators of that header, and of the next, are those that the ledger names under the same head,
 * in force since before it. So whoever follows the chain from there follows validators that the policy vouches for.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { parseEvidenceFile, type StateClaim, type StateEvidence } from '@oppidum/formats/evidence';
import { evaluatePolicy, type Policy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import { parseState } from '@oppidum/formats/state-layout';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import { checkConsistency } from '@oppidum/proofs/merkle';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { type CometHeader, validatorsHashOf } from './comet-header.ts';
import type { CometSync } from './comet-home.ts';
import type { HeaderProof, JoinAnswer } from './join-wire.ts';
import { askHeader } from './light-client.ts';

export type TrustOptions = {
  readonly crypto: Crypto;
  /** Light doors, the first preferred. */
  readonly doors: readonly string[];
  /** Bytes of a policy file of the city, from somebody who is trusted. */
  readonly policy: Bytes;
};

/** `isBound`: false where the ledger names no consensus keys, so that only the app hash is proven. */
export type TrustedHeader = Pick<CometSync, 'trustHeight' | 'trustHash'> & {
  readonly checkpoint: Checkpoint;
  readonly isBound: boolean;
};

/** The record of the validators in force. */
export const VALIDATORS_CLAIM: StateClaim = { kind: 'validatorSet', segments: [] };

type Found = { readonly answer: JoinAnswer; readonly door: string; readonly note: Bytes; readonly trust: HeaderProof };

/**
 * The header that CometBFT's light client begins with, alike at every door. Throws CHECKPOINT_MISSING, HEADER_UNPROVEN, JOIN_ANSWER_INVALID,
 * DOOR_SILENT, ENGINE_ANSWER_INVALID, and what refuses the checkpoint under the policy.
 */
export async function openTrust(options: TrustOptions, answers: readonly JoinAnswer[]): Promise<TrustedHeader> {
  const { crypto, doors } = options;
  const policy = parsePolicy(crypto, options.policy);
  const found = findCheckpoint(answers, doors);
  const report = evaluatePolicy(crypto, policy, found.note);
  const refusal = refusalOf(report);
  if (refusal !== null) throw formatError(refusal.code, refusal.details);
  const { checkpoint } = report;
  const { height } = found.trust;
  const headers = await Promise.all(doors.map((door) => askHeader(crypto, door, height)));
  const [header] = headers as [CometHeader];
  for (const [i, { hash }] of headers.entries())
    requireEqual(hash, header.hash, { field: 'hash', door: doors[i] as string, height });
  requireUnder(crypto, checkpoint, found, header.appHash);
  const validators = openValidators(crypto, policy, found, checkpoint.size);
  if (validators !== null) {
    const want = validatorsHashOf(crypto, validators);
    for (const [field, got] of Object.entries({
      validators_hash: header.validatorsHash,
      next_validators_hash: header.nextValidatorsHash,
    }))
      requireEqual(got, want, { field, door: found.door, height });
  }
  return { checkpoint, isBound: validators !== null, trustHeight: height, trustHash: header.hash };
}

function findCheckpoint(answers: readonly JoinAnswer[], doors: readonly string[]): Found {
  for (const [i, answer] of answers.entries()) {
    const { checkpoint: note, trust } = answer;
    if (note !== null && trust !== null) return { answer, door: doors[i] as string, note, trust };
  }
  throw formatError('CHECKPOINT_MISSING', { doors: doors.join(' ') });
}

/** Consensus keys in force at the header and after it, or null where the ledger proves that it names none. */
function openValidators(
  crypto: Crypto,
  policy: Policy,
  { answer, door, trust: { height } }: Found,
  size: number,
): readonly Bytes[] | null {
  const file = answer.validators;
  const wrong = (why: string): Error => formatError('JOIN_ANSWER_INVALID', { from: door, field: 'validators', why });
  if (file === null) throw wrong('absent');
  const { verdict } = verifyEvidence(crypto, file, { policy });
  if (verdict !== 'OK') throw wrong(verdict);
  const evidence = parseEvidenceFile(file);
  if (!isAboutHead(evidence, size)) throw wrong('about something else than the validators under the checkpoint');
  const [value] = evidence.state.values;
  if (value === undefined) return null;
  const { validators, from } = parseState(validatorSetKind, value);
  // A set votes from two blocks after the one that names it: of one that came later the header does not speak.
  if (from >= height - 1) throw formatError('CHECKPOINT_MISSING', { why: 'the validators have just changed', height });
  return validators.map(({ consensusKey }) => consensusKey);
}

function isAboutHead(evidence: ReturnType<typeof parseEvidenceFile>, size: number): evidence is StateEvidence {
  if (evidence.fact !== 'state' || evidence.claim.kind !== VALIDATORS_CLAIM.kind) return false;
  return parseCheckpointNote(evidence.checkpoint).checkpoint.size === size;
}

/** The app hash of the header must be a root of the log under the checkpoint. */
function requireUnder(crypto: Crypto, { size, root }: Checkpoint, { trust, door }: Found, appHash: Bytes): void {
  const claim = { size1: trust.size, root1: appHash, size2: size, root2: root, proof: trust.proof };
  const refusal = checkConsistency(crypto, claim);
  if (refusal !== null)
    throw formatError('HEADER_UNPROVEN', {
      field: 'app_hash',
      door,
      height: trust.height,
      got: toHex(appHash),
      because: refusal.code,
    });
}

function requireEqual(got: Bytes, want: Bytes, where: Readonly<Record<string, string | number>>): void {
  if (!equalBytes(got, want)) throw formatError('HEADER_UNPROVEN', { ...where, want: toHex(want), got: toHex(got) });
}
