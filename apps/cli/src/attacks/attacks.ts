/** The attacks that exist, in the order in which they are shown. */

import type { Attack } from './attack.ts';
import { CLONED_DEVICE, DOUBLE_SALE, WITHHELD_READINGS } from './device-attacks.ts';
import { FORGED_ORDER, REPLAYED_ORDER, STOLEN_KEY, TAMPERED_BROKER } from './order-attacks.ts';
import { STOLEN_POWER } from './power-attacks.ts';
import { EDITED_DATABASE, LYING_GATEWAY, WITHHELD_EVENTS } from './record-attacks.ts';
import { CONFLICTING_GREENS, HIJACKED_CONTROLLER } from './signal-attacks.ts';
import { CLONED_KEY, FALSE_READINGS, FIRMWARE_SWAP, FROZEN_DETECTOR } from './trust-attacks.ts';
import { EQUIVOCATING_OF_FOUR, EQUIVOCATING_VALIDATOR } from './validator-attacks.ts';

const SHARED: readonly Attack[] = [
  ...[FORGED_ORDER, REPLAYED_ORDER, STOLEN_KEY, TAMPERED_BROKER],
  ...[CLONED_DEVICE, CLONED_KEY, FIRMWARE_SWAP, DOUBLE_SALE],
  ...[FROZEN_DETECTOR, FALSE_READINGS, STOLEN_POWER, WITHHELD_READINGS],
  ...[LYING_GATEWAY, WITHHELD_EVENTS, EDITED_DATABASE],
  ...[CONFLICTING_GREENS, HIJACKED_CONTROLLER],
];

/** Those on a city of one validator, or of four. The last one there costs a validator its place. */
export function attacksOn(isCluster: boolean): readonly Attack[] {
  return [...SHARED, isCluster ? EQUIVOCATING_OF_FOUR : EQUIVOCATING_VALIDATOR];
}
