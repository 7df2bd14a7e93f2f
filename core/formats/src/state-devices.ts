/** Records of area 0x02: who makes devices, which models exist, which devices and which keys speak for them. */

import { algorithm, grade, height, id, reason, uint32 } from './common-schemas.ts';
import { descriptionFields } from './model-description.ts';
import { blob, bool, type Infer, list, oneOf, optional, struct, text } from './schema.ts';
import { defineKind } from './state-layout.ts';

const AREA = 0x02;

/** A maker of devices, acting through `account`. Revoking it revokes its models and devices from that height on. */
export const manufacturerKind = defineKind({
  name: 'manufacturer',
  area: AREA,
  kind: 0x01,
  segments: ['id'],
  value: struct({ name: text(128), account: id(), from: height(), to: optional(height()) }),
});
export type ManufacturerRecord = Infer<typeof manufacturerKind.value>;

/** A model of device. `personal`: its readings are about people; `simulated`: no machine stands behind it. */
export const modelKind = defineKind({
  name: 'model',
  area: AREA,
  kind: 0x02,
  segments: ['id'],
  value: struct({
    manufacturer: id(),
    name: text(128),
    deviceType: text(64),
    personal: bool(),
    simulated: bool(),
    from: height(),
    to: optional(height()),
  }),
});
export type ModelRecord = Infer<typeof modelKind.value>;

/** Who set a device apart: the city or its owner by hand, or a rule about its firmware. */
const quarantineCause = () => oneOf('manual', 'firmware');

/** A quarantine: its readings are taken and marked, no interlock counts them, no order goes to it; from `from` until before `to`. */
const quarantineSpan = struct({ from: height(), to: optional(height()), cause: quarantineCause(), reason: reason() });
export type Quarantine = Infer<typeof quarantineSpan>;

/** A device keeps so many quarantines; then its two oldest become one. */
export const QUARANTINE_COUNT_MAX = 16;

/** A device: registered by its maker, active once its key proved possession, until suspended or revoked. */
export const deviceKind = defineKind({
  name: 'device',
  area: AREA,
  kind: 0x03,
  segments: ['id'],
  value: struct({
    model: id(),
    label: optional(text(64)),
    status: oneOf('registered', 'active', 'suspended', 'revoked'),
    keyCount: uint32(),
    /** Id of the transaction that registered it: the activation challenge follows from it. */
    registration: id(),
    from: height(),
    /** Set at revocation: not entitled at this height and after. */
    to: optional(height()),
    reason: optional(reason()),
    /** Ascending and apart; only the last may be open. In the record itself, so that evidence of a reading always shows them. */
    quarantines: optional(list(quarantineSpan, { min: 1, max: QUARANTINE_COUNT_MAX })),
  }),
});
export type DeviceRecord = Infer<typeof deviceKind.value>;

/** One key of a device, append-only and provable at any later root: entitled at height h iff from ≤ h and (no `to` or h < to). */
export const deviceKeyKind = defineKind({
  name: 'deviceKey',
  area: AREA,
  kind: 0x04,
  segments: ['id', 'number'],
  value: struct({
    algorithm: algorithm(),
    publicKey: blob(33, 32),
    grade: grade(),
    from: optional(height()),
    to: optional(height()),
  }),
});
export type DeviceKeyRecord = Infer<typeof deviceKeyKind.value>;

/** A suspension, by the height it began: not entitled from there until before `to`. */
export const suspensionKind = defineKind({
  name: 'suspension',
  area: AREA,
  kind: 0x05,
  segments: ['id', 'number'],
  value: struct({ reason: reason(), to: optional(height()) }),
});
export type SuspensionRecord = Infer<typeof suspensionKind.value>;

/** Which device a public key belongs to; the segment is SHA-256 of the key. One key never speaks for two devices. */
export const keyOwnerKind = defineKind({
  name: 'keyOwner',
  area: AREA,
  kind: 0x06,
  segments: ['id'],
  value: struct({ device: id() }),
});

/** A proven clone: two readings of one device, key number and sequence number with different payloads. Each counts once. */
export const cloneKind = defineKind({
  name: 'clone',
  area: AREA,
  kind: 0x07,
  segments: ['id', 'number', 'number'],
  /** Digests of the two envelopes, as reported. */
  value: struct({ first: id(), second: id(), at: height() }),
});

/** What devices of a model can be asked to do, and what they measure. */
export const modelCommandsKind = defineKind({
  name: 'modelCommands',
  area: AREA,
  kind: 0x08,
  segments: ['id'],
  value: struct({ ...descriptionFields, from: height() }),
});

export const deviceKinds = [
  manufacturerKind,
  modelKind,
  deviceKind,
  deviceKeyKind,
  suspensionKind,
  keyOwnerKind,
  cloneKind,
  modelCommandsKind,
] as const;
