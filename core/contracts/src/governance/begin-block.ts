/**
 * What happens at the beginning of a block: a policy that was decided earlier comes into force, then what the engine proved against
 * validators has its consequence. The set that a policy names cosigns from the next block on, so that the block which announces it is
 * still vouched for by the set that decided it; its validators vote from the block after that, the first whose votes cosign for them.
 */

import { policyEffectiveKind, policyPendingKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { isFirstOfSet } from '@oppidum/ledger/first-of-set';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import { recordMisbehaviour } from './misbehaviour.ts';
import { enactValidators } from './validators.ts';

/** Puts a policy decided at an earlier height into force, and records what was proven. */
export function beginBlock(city: City, misbehaviour: readonly Misbehaviour[]): void {
  enactPolicy(city);
  for (const proven of misbehaviour) recordMisbehaviour(city, proven);
}

function enactPolicy(city: City): void {
  const pending = city.read(at(policyPendingKind));
  if (pending === null || pending.decidedAt >= city.height) return;
  city.write(at(policyEffectiveKind), { policy: pending.policy, from: city.height });
  city.remove(at(policyPendingKind));
  if (pending.validators !== undefined) enactValidators(city, pending.validators);
}

/** True when a decided policy waits for a block, or a new set for one to cosign, even without transactions. */
export function hasPendingWork(city: Pick<City, 'read' | 'height'>): boolean {
  return city.read(at(policyPendingKind)) !== null || isFirstOfSet(city, city.height);
}
