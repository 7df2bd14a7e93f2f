/** Bodies of the actions that evidence opens: the contracts that run them and the verifier that reads them share one shape. */

import { id, merklePath } from './common-schemas.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, oneOf, struct, uint } from './schema.ts';

/** `telemetry/anchor`: a shard's signed checkpoint, its consistency with the last anchored one, and interlock readings. */
export const ANCHOR_ACTION = 'telemetry/anchor';
export const anchorFields = {
  shard: id(),
  /** C2SP signed note, exactly one signature, by the shard's log key. */
  checkpoint: blob(4_096, 1),
  /** RFC 9162 §2.1.4 proof from the last anchored size; empty for the first anchor. */
  consistency: merklePath(),
  sensors: list(struct({ envelope: blob(LIMITS.interlockEnvelopeSizeMax, 1), index: uint(), path: merklePath() }), { max: 64 }),
} as const;
export const anchorBody = struct(anchorFields);
export type AnchorBody = Infer<typeof anchorBody>;

/** Why an erasure was owed. */
export const LEGAL_BASES = [
  'consent-withdrawn',
  'objection',
  'unlawful',
  'legal-obligation',
  'purpose-ended',
  'request',
] as const;

/** `erasure/record`: the RFC 6962 root over `count` salted (shard, index) leaves; names no subject. */
export const ERASURE_ACTION = 'erasure/record';
export const erasureFields = { id: id(), root: id(), count: uint({ min: 1 }), legalBasis: oneOf(...LEGAL_BASES) } as const;
export const erasureBody = struct(erasureFields);
