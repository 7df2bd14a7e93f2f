/**
 * How many order keys must sign an order, and how long it may be good for: one reckoning for the ledger, which issues it, and for the
 * machine, which obeys it.
 */

import type { Command } from '@oppidum/formats/command';
import { type Envelope, isSafe } from '@oppidum/formats/envelope';
import type { KeySet } from '@oppidum/formats/zone-statements';

/** True for a command that the envelope calls dangerous, unless it goes in a direction that is safe whatever is known. */
export function isDangerousOrder(envelope: Pick<Envelope, 'dangerous' | 'safe'>, given: Command): boolean {
  return envelope.dangerous.includes(given.command) && !isSafe(envelope, given);
}

/** How many different keys of the set must sign. */
export function signersNeeded(keySet: KeySet, envelope: Pick<Envelope, 'dangerous' | 'safe'>, given: Command): number {
  return isDangerousOrder(envelope, given) ? keySet.dangerousThreshold : keySet.threshold;
}

/** The longest lifetime that the envelope allows such an order, in milliseconds. */
export function lifetimeAllowedMs(envelope: Envelope, given: Command): number {
  return isDangerousOrder(envelope, given) ? envelope.dangerousLifetimeMsMax : envelope.lifetimeMsMax;
}
