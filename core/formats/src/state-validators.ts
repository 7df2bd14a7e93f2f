/**
 * Records of area 0x01 about validators whose consensus keys the ledger knows: the set in force, every key they ever had, and what is
 * proven against them. A city that began without consensus keys has none of these until its council names them (specs/ledger.md §8).
 */

import type { Bytes } from './bytes.ts';
import { height, id } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { LIMITS } from './limits.ts';
import { bool, bytes, type Infer, list, oneOf, optional, struct, text } from './schema.ts';
import { defineKind } from './state-layout.ts';

const AREA = 0x01;
/** CometBFT names a validator by the first bytes of SHA-256 of its consensus key. */
const ADDRESS_SIZE = 20;

/** A validator: its name in `group validators`, and its Ed25519 keys, each with this one use. */
const validatorSchema = struct({ name: text(64), logKey: bytes(32), cosignerKey: bytes(32), consensusKey: bytes(32) });
export type Validator = Infer<typeof validatorSchema>;

/** The validators of a policy, in the order of its group. */
export const validatorList = () => list(validatorSchema, { min: 1, max: LIMITS.validatorCountMax });

/** The validators in force: they vote, one vote each, from two blocks after `from` on. */
export const validatorSetKind = defineKind({
  name: 'validatorSet',
  area: AREA,
  kind: 0x0c,
  segments: [],
  value: struct({ validators: validatorList(), from: height() }),
});

/** One key of a validator by its 32 bytes, append-only: `to` is set once. A key that was retired never comes back. */
export const validatorKeyKind = defineKind({
  name: 'validatorKey',
  area: AREA,
  kind: 0x0d,
  segments: ['id'],
  value: struct({ use: oneOf('log', 'cosigner', 'consensus'), validator: text(64), from: height(), to: optional(height()) }),
});
export type ValidatorKeyRecord = Infer<typeof validatorKeyKind.value>;

/** What is proven against a key of a validator, by the key: the first proof of it. */
export const misbehaviourKind = defineKind({
  name: 'misbehaviour',
  area: AREA,
  kind: 0x0e,
  segments: ['id'],
  value: struct({
    validator: text(64),
    kind: oneOf('duplicate-vote', 'light-client-attack', 'fork'),
    at: height(),
    /** Of the votes, where consensus proved it. */
    voteHeight: optional(height()),
    /** That carries the proof, where somebody reported it. */
    transaction: optional(id()),
    /** False where too few would have been left, or the validator had gone already. */
    removed: bool(),
  }),
});
export type MisbehaviourRecord = Infer<typeof misbehaviourKind.value>;

/** How consensus names the holder of a key: 20 bytes. */
export function consensusAddress(crypto: Crypto, consensusKey: Bytes): Bytes {
  return crypto.sha256(consensusKey).slice(0, ADDRESS_SIZE);
}

export const validatorKinds = [validatorSetKind, validatorKeyKind, misbehaviourKind] as const;
