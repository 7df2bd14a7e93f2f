/** The attacks that exist, in the order in which they are shown. */

import type { Attack } from './attack.ts';
import { CLONED_DEVICE, DOUBLE_SALE, WITHHELD_READINGS } from './device-attacks.ts';
import { FORGED_ORDER, REPLAYED_ORDER, STOLEN_KEY, TAMPERED_BROKER } from './order-attacks.ts';
import { EDITED_DATABASE, EQUIVOCATING_VALIDATOR, LYING_GATEWAY } from './record-attacks.ts';
import { CONFLICTING_GREENS, HIJACKED_CONTROLLER } from './signal-attacks.ts';

export const ATTACKS: readonly Attack[] = [
  ...[FORGED_ORDER, REPLAYED_ORDER, STOLEN_KEY, TAMPERED_BROKER],
  ...[CLONED_DEVICE, DOUBLE_SALE, WITHHELD_READINGS],
  ...[LYING_GATEWAY, EQUIVOCATING_VALIDATOR, EDITED_DATABASE],
  ...[CONFLICTING_GREENS, HIJACKED_CONTROLLER],
];
