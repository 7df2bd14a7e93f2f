/**
 * What was decided earlier and comes into force at the beginning of a block: a policy. The set it names cosigns from the next block on,
 * so that the block which announces it is still vouched for by the set that decided it.
 */

import { policyEffectiveKind, policyPendingKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';

/** Puts a policy decided at an earlier height into force. */
export function beginBlock(city: City): void {
  const pending = city.read(at(policyPendingKind));
  if (pending === null || pending.decidedAt >= city.height) return;
  city.write(at(policyEffectiveKind), { policy: pending.policy, from: city.height });
  city.remove(at(policyPendingKind));
}

/** True when a decided policy waits for a block, even one without transactions. */
export function hasPendingWork(city: Pick<City, 'read'>): boolean {
  return city.read(at(policyPendingKind)) !== null;
}
