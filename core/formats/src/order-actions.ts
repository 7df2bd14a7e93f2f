/** Bodies of the actions about zones and orders; statements stand in them as signed, and are read by their own parsers. */

import { id, idSet } from './common-schemas.ts';
import { LIMITS } from './limits.ts';
import { blob, text } from './schema.ts';
import { statementSignatures } from './statement.ts';

const keySet = () => blob(LIMITS.keySetSizeMax, 1);
const envelope = () => blob(LIMITS.envelopeSizeMax, 1);
const zoneDevices = () => idSet(LIMITS.zoneDeviceBulkCountMax, 1);
const signedOrder = { statement: blob(LIMITS.orderStatementSizeMax, 1), signatures: statementSignatures() } as const;

export const ORDER_ACTIONS = {
  /** The first key set, and the first envelope with the signatures of these keys. */
  'zone/create': {
    id: id(),
    name: text(64),
    domain: text(32),
    keySet: keySet(),
    envelope: envelope(),
    signatures: statementSignatures(),
  },
  'zone/add-devices': { zone: id(), devices: zoneDevices() },
  'zone/remove-devices': { zone: id(), devices: zoneDevices() },
  /** `signatures`: of the keys in force under the new key set; `envelopeSignatures`: of the new keys under the envelope in force. */
  'zone/replace-keys': {
    zone: id(),
    keySet: keySet(),
    signatures: statementSignatures(),
    envelopeSignatures: statementSignatures(),
  },
  'zone/set-envelope': { zone: id(), envelope: envelope(), signatures: statementSignatures() },
  'zone/set-document': {
    zone: id(),
    document: blob(LIMITS.zoneDocumentStatementSizeMax, 1),
    signatures: statementSignatures(),
  },
  'order/issue': signedOrder,
  'order/approve': { id: id(), signatures: statementSignatures() },
  'order/cancel': { id: id() },
  'order/report': signedOrder,
} as const;
