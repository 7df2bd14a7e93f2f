/**
 * The shape of every action's body, by kind: the contracts that run actions and the pages that show them before somebody signs read the
 * same table. What an action does and refuses is in `@oppidum/contracts`.
 */

import { ANCHOR_ACTION, anchorFields, ERASURE_ACTION, erasureFields } from './action-bodies.ts';
import { ALARM_ACTIONS } from './alarm-actions.ts';
import { grade, height, id, idSet, keyClass, merklePath, publicKeySchema, reason, timeMs, uint32 } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { descriptionFields } from './model-description.ts';
import { ORDER_ACTIONS } from './order-actions.ts';
import { blob, bool, bytes, list, oneOf, optional, type Schema, struct, text, uint } from './schema.ts';
import { laterVersion } from './state-upgrades.ts';
import { type Action, actionList } from './transaction.ts';
import { TRUST_FIELDS } from './trust-fields.ts';

/** A device to be registered: its id follows from the key, so nobody can take the id of a key that they do not name. */
export const newDeviceFields = { id: id(), key: publicKeySchema, grade: grade(), label: optional(text(64)) } as const;

/** The longest note of a shard's checkpoint, in bytes. */
const SHARD_NOTE_SIZE_MAX = 4_096;

/** A head the shard stands by, exactly one of the two: a note that its log key signed, or the size of a kept anchor. */
export const shardHead = struct({ note: optional(blob(SHARD_NOTE_SIZE_MAX, 1)), anchored: optional(uint()) });

/** The longest note of a fork by a validator, in bytes: the lines of others may be left out. */
const FORK_NOTE_SIZE_MAX = 4_096;

/** A validator of a new policy: the cosigner's key stands in the policy under this name. */
const namedValidator = struct({ name: text(64), logKey: bytes(32), consensusKey: bytes(32) });

const threshold = (): Schema<number> => uint({ min: 1, max: 64 });

export const ACTION_FIELDS = {
  'account/create': {
    id: id(),
    holder: oneOf('organisation', 'person', 'service'),
    name: optional(text(128)),
    key: publicKeySchema,
    class: keyClass(),
  },
  'account/close': { account: id() },
  'account/add-key': { account: id(), key: publicKeySchema, class: keyClass() },
  'account/retire-key': { account: id(), keyNumber: uint32() },
  'role/grant': { account: id(), role: text(64, 3) },
  'role/revoke': { account: id(), role: text(64, 3) },
  'body/create': { id: id(), name: text(64), threshold: threshold(), members: idSet(64, 1) },
  'body/change': { id: id(), name: optional(text(64)), threshold: threshold(), members: idSet(64, 1) },
  'trustees/appoint': { body: id() },
  'parameter/set': { name: text(64, 3), value: uint() },
  'policy/change': {
    policy: blob(LIMITS.policyChangeSizeMax, 1),
    validators: optional(list(namedValidator, { min: 1, max: LIMITS.validatorCountMax })),
  },
  'upgrade/plan': { version: laterVersion(), height: height() },
  'upgrade/cancel': {},
  'validator/report-fork': {
    key: text(400),
    earlier: blob(FORK_NOTE_SIZE_MAX, 1),
    later: blob(FORK_NOTE_SIZE_MAX, 1),
    root: id(),
    consistency: merklePath(),
  },
  'proposal/create': { id: id(), body: id(), actions: actionList(), expiresMs: timeMs() },
  'proposal/approve': { id: id() },
  'proposal/reject': { id: id(), reason: reason() },
  'proposal/withdraw': { id: id() },
  'manufacturer/create': { id: id(), name: text(128), account: id() },
  'manufacturer/revoke': { id: id(), reason: reason() },
  'model/create': { id: id(), manufacturer: id(), name: text(128), deviceType: text(64), personal: bool(), simulated: bool() },
  'model/revoke': { id: id(), reason: reason() },
  'model/describe': { id: id(), ...descriptionFields },
  'device/register': { ...newDeviceFields, model: id() },
  'device/register-many': { model: id(), devices: list(struct(newDeviceFields), { min: 1, max: LIMITS.bulkRegisterCountMax }) },
  'device/activate': { id: id(), proof: bytes(64) },
  'device/rotate-key': { id: id(), key: publicKeySchema, grade: grade(), oldProof: bytes(64), newProof: bytes(64) },
  'device/suspend': { id: id(), reason: reason() },
  'device/resume': { id: id() },
  'device/quarantine': { id: id(), reason: reason() },
  'device/release': { id: id() },
  'device/revoke': { id: id(), reason: reason() },
  'device/report-clone': { first: blob(LIMITS.readingSizeMax, 1), second: blob(LIMITS.readingSizeMax, 1) },
  ...TRUST_FIELDS,
  'shard/declare': { id: id(), number: uint({ max: 9_999 }), logKey: bytes(32), receiptKey: bytes(32), operator: id() },
  'shard/retire': { id: id(), reason: reason() },
  [ANCHOR_ACTION]: anchorFields,
  'telemetry/declare-sensor': { device: id(), name: text(64), decimals: uint({ max: 9 }) },
  'telemetry/report-fork': { shard: id(), later: shardHead, earlier: shardHead, root: id(), consistency: merklePath() },
  [ERASURE_ACTION]: erasureFields,
  ...ORDER_ACTIONS,
  ...ALARM_ACTIONS,
} as const;

export type ActionKind = keyof typeof ACTION_FIELDS;

/** What asks for the council: it runs only inside an approved proposal (specs/ledger.md §5). */
export const DANGEROUS_ACTIONS: ReadonlySet<ActionKind> = new Set<ActionKind>([
  'account/close',
  'role/grant',
  'role/revoke',
  'body/create',
  'body/change',
  'trustees/appoint',
  'parameter/set',
  'policy/change',
  'upgrade/plan',
  'upgrade/cancel',
  'device/decide-appeal',
]);

/** True for the kinds there are. */
export function isActionKind(kind: string): kind is ActionKind {
  return Object.hasOwn(ACTION_FIELDS, kind);
}

/** The kind of an action whose body has its shape. Throws FormatError: ACTION_UNKNOWN or what the body's schema says. */
export function requireActionShape({ kind, body }: Action): ActionKind {
  if (!isActionKind(kind)) throw formatError('ACTION_UNKNOWN', { kind });
  (struct(ACTION_FIELDS[kind]) as Schema<unknown>).parse(body, '');
  return kind;
}
