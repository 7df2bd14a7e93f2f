/** Records of area 0x02 that say how far a device is believed: whose it is, what it attested, what runs on it, what auditors found. */

import { height, id, reason, timeMs } from './common-schemas.ts';
import { demandFields } from './eat.ts';
import { type Infer, list, oneOf, optional, struct, text, uint } from './schema.ts';
import { defineKind } from './state-layout.ts';

const AREA = 0x02;

/** Points that auditors may take from a device at once, and that it has at most. */
export const SCORE_MAX = 1_000;

/** A device keeps so many counted marks; where one more counts, the one that weighs least by then goes. */
export const MARK_COUNT_MAX = 32;

/** Signed marks that one case may gather before it counts. */
export const QUORUM_MAX = 16;

/** What becomes of a case that was appealed: it stands, or counts no more. */
export const APPEAL_OUTCOMES = ['confirmed', 'reversed'] as const;

const penalty = () => uint({ min: 1, max: SCORE_MAX });

/** What an auditors' quorum took, at a block time; it halves from there. */
const countedMark = struct({ evidence: id(), penalty: penalty(), atMs: timeMs() });
export type CountedMark = Infer<typeof countedMark>;

/** What a device says it runs, and what auditors took from it. */
export const deviceTrustKind = defineKind({
  name: 'deviceTrust',
  area: AREA,
  kind: 0x09,
  segments: ['id'],
  value: struct({
    /** The newest signed report: the digest of the image, and a number that only rises. */
    firmware: optional(struct({ digest: id(), counter: uint({ min: 1 }), from: height() })),
    marks: list(countedMark, { max: MARK_COUNT_MAX }),
  }),
});
export type DeviceTrustRecord = Infer<typeof deviceTrustKind.value>;

/** One link of a device's voucher, by its number from 0: never changed, never removed. */
export const voucherLinkKind = defineKind({
  name: 'voucherLink',
  area: AREA,
  kind: 0x0a,
  segments: ['id', 'number'],
  value: struct({
    /** Digest of the link before; zeros in the first. */
    previous: id(),
    seller: id(),
    owner: id(),
    from: height(),
  }),
});
export type VoucherLinkRecord = Infer<typeof voucherLinkKind.value>;

/** Whose a device is: the newest link of its voucher. */
export const deviceOwnerKind = defineKind({
  name: 'deviceOwner',
  area: AREA,
  kind: 0x0b,
  segments: ['id'],
  value: struct({ owner: id(), linkCount: uint({ min: 1, max: 0xffffffff }), newest: id() }),
});

/** What the city asks a device of a model to attest before it is believed. */
export const modelAttestationKind = defineKind({
  name: 'modelAttestation',
  area: AREA,
  kind: 0x0c,
  segments: ['id'],
  value: struct({ ...demandFields, from: height() }),
});
export type ModelAttestationRecord = Infer<typeof modelAttestationKind.value>;

/** The newest attestation that a device passed. */
export const attestationKind = defineKind({
  name: 'attestation',
  area: AREA,
  kind: 0x0d,
  segments: ['id'],
  value: struct({
    /** SHA-256 of the token, and the transaction that carried it: the next challenge follows from that. */
    token: id(),
    transaction: id(),
    by: oneOf('device', 'attester'),
    at: height(),
  }),
});

/** An image that devices of a model may run; the second segment is its SHA-256. */
export const firmwareKind = defineKind({
  name: 'firmware',
  area: AREA,
  kind: 0x0e,
  segments: ['id', 'id'],
  value: struct({
    name: text(128),
    version: text(32),
    size: uint({ min: 1 }),
    /** SHA-256 of the signed TUF targets metadata that names it. */
    metadata: id(),
    from: height(),
    to: optional(height()),
    reason: optional(reason()),
  }),
});

/** What auditors found of a device; the second segment is SHA-256 of the evidence they saw. */
export const auditCaseKind = defineKind({
  name: 'auditCase',
  area: AREA,
  kind: 0x0f,
  segments: ['id', 'id'],
  value: struct({
    marks: list(struct({ auditor: id(), penalty: penalty(), reason: reason() }), { min: 1, max: QUORUM_MAX }),
    /** Set when enough auditors had signed: from then on it counts. */
    counted: optional(struct({ penalty: penalty(), at: height(), atMs: timeMs() })),
    appeal: optional(struct({ by: id(), reason: reason(), at: height() })),
    outcome: optional(struct({ outcome: oneOf(...APPEAL_OUTCOMES), reason: reason(), at: height() })),
  }),
});
export type AuditCaseRecord = Infer<typeof auditCaseKind.value>;

export const trustKinds = [
  deviceTrustKind,
  voucherLinkKind,
  deviceOwnerKind,
  modelAttestationKind,
  attestationKind,
  firmwareKind,
  auditCaseKind,
] as const;
