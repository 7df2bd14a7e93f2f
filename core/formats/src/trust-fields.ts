/** Bodies of the actions about how far devices are believed (specs/trust.md). */

import { id, reason, uint32 } from './common-schemas.ts';
import { demandFields, TOKEN_SIZE_MAX } from './eat.ts';
import { blob, bytes, oneOf, text, uint } from './schema.ts';
import { APPEAL_OUTCOMES, SCORE_MAX } from './state-trust.ts';

export const TRUST_FIELDS = {
  'device/vouch': { id: id(), owner: id() },
  'device/transfer': { id: id(), link: uint32(), owner: id() },
  'model/require-attestation': { id: id(), ...demandFields },
  'device/attest': { id: id(), token: blob(TOKEN_SIZE_MAX, 1) },
  'model/permit-firmware': { id: id(), digest: id(), name: text(128), version: text(32), size: uint({ min: 1 }), metadata: id() },
  'model/withdraw-firmware': { id: id(), digest: id(), reason: reason() },
  'device/report-firmware': { id: id(), digest: id(), counter: uint({ min: 1 }), proof: bytes(64) },
  'device/mark': { id: id(), evidence: id(), penalty: uint({ min: 1, max: SCORE_MAX }), reason: reason() },
  'device/appeal': { id: id(), evidence: id(), reason: reason() },
  'device/decide-appeal': { id: id(), evidence: id(), outcome: oneOf(...APPEAL_OUTCOMES), reason: reason() },
} as const;
