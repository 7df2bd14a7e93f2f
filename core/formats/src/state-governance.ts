/** Records of area 0x01: who may do what in the city. Persons appear only as random ids, never by name. */

import { algorithm, height, id, keyClass, reason, timeMs, uint32 } from './common-schemas.ts';
import { LIMITS } from './limits.ts';
import { blob, bool, type Infer, oneOf, optional, struct, text, uint } from './schema.ts';
import { defineKind } from './state-layout.ts';
import { validatorList } from './state-validators.ts';

const AREA = 0x01;

/** The city itself: one record. `trustees`: the body that admits makers, where one was named. */
export const cityKind = defineKind({
  name: 'city',
  area: AREA,
  kind: 0x01,
  segments: [],
  value: struct({
    name: text(64),
    genesis: id(),
    origin: text(200),
    createdMs: timeMs(),
    council: id(),
    trustees: optional(id()),
  }),
});

/** An account: an organisation (may be named), a person (never named) or a service of the city. `keyCount` numbers its keys from 0. */
export const accountKind = defineKind({
  name: 'account',
  area: AREA,
  kind: 0x02,
  segments: ['id'],
  value: struct({
    holder: oneOf('organisation', 'person', 'service'),
    name: optional(text(128)),
    keyCount: uint32(),
    from: height(),
    to: optional(height()),
  }),
});
export type AccountRecord = Infer<typeof accountKind.value>;

/** One key of an account, append-only: `to` is set once, when it is retired. */
export const accountKeyKind = defineKind({
  name: 'accountKey',
  area: AREA,
  kind: 0x03,
  segments: ['id', 'number'],
  value: struct({ algorithm: algorithm(), publicKey: blob(33, 32), class: keyClass(), from: height(), to: optional(height()) }),
});
export type AccountKeyRecord = Infer<typeof accountKeyKind.value>;

/** A body decides by `threshold` of its members. */
export const bodyKind = defineKind({
  name: 'body',
  area: AREA,
  kind: 0x04,
  segments: ['id'],
  value: struct({ name: text(64), threshold: uint({ min: 1, max: 64 }), memberCount: uint({ min: 1, max: 64 }) }),
});

/** Membership of an account in a body. */
export const memberKind = defineKind({
  name: 'member',
  area: AREA,
  kind: 0x05,
  segments: ['id', 'id'],
  value: struct({ from: height() }),
});

/** A role held by an account; the second segment is SHA-256 of the role's name. */
export const roleKind = defineKind({
  name: 'role',
  area: AREA,
  kind: 0x06,
  segments: ['id', 'id'],
  value: struct({ role: text(64, 3), from: height() }),
});

/** A proposal of dangerous actions; `actions` is the CBOR of [[kind, body] …]. */
export const proposalKind = defineKind({
  name: 'proposal',
  area: AREA,
  kind: 0x07,
  segments: ['id'],
  value: struct({
    body: id(),
    proposer: id(),
    actions: blob(LIMITS.proposalActionsSizeMax),
    createdMs: timeMs(),
    expiresMs: timeMs(),
    /** All approvals not taken back; those that do not stand any more do not count towards the threshold. */
    approvalCount: uint(),
    executed: bool(),
    withdrawn: bool(),
    /** At which height so many rejected it that it can never be approved. */
    rejected: optional(height()),
  }),
});
export type ProposalRecord = Infer<typeof proposalKind.value>;

/** An approval of a proposal by a member; it stands while the key that made it is in force and its account stays a member. */
export const approvalKind = defineKind({
  name: 'approval',
  area: AREA,
  kind: 0x08,
  segments: ['id', 'id'],
  value: struct({ at: height(), keyNumber: uint32() }),
});
export type ApprovalRecord = Infer<typeof approvalKind.value>;

/** A rejection of a proposal by a member, who then does not approve it; it stands as an approval does. */
export const rejectionKind = defineKind({
  name: 'rejection',
  area: AREA,
  kind: 0x11,
  segments: ['id', 'id'],
  value: struct({ at: height(), keyNumber: uint32(), reason: reason() }),
});

/** A parameter of the city; the segment is SHA-256 of its name. */
export const parameterKind = defineKind({
  name: 'parameter',
  area: AREA,
  kind: 0x09,
  segments: ['id'],
  value: struct({ name: text(64, 3), value: uint(), from: height() }),
});

/** The bytes of `city.policy` in force: the set named here cosigns every block after `from`. */
export const policyEffectiveKind = defineKind({
  name: 'policyEffective',
  area: AREA,
  kind: 0x0a,
  segments: [],
  value: struct({ policy: blob(LIMITS.policyChangeSizeMax), from: height() }),
});

/**
 * A policy decided and not yet in force: the next block writes it to `policyEffective`, and its validators, where the city knows their
 * consensus keys, to `validatorSet`.
 */
export const policyPendingKind = defineKind({
  name: 'policyPending',
  area: AREA,
  kind: 0x0b,
  segments: [],
  value: struct({ policy: blob(LIMITS.policyChangeSizeMax), decidedAt: height(), validators: optional(validatorList()) }),
});

export const governanceKinds = [
  cityKind,
  accountKind,
  accountKeyKind,
  bodyKind,
  memberKind,
  roleKind,
  proposalKind,
  approvalKind,
  rejectionKind,
  parameterKind,
  policyEffectiveKind,
  policyPendingKind,
] as const;
