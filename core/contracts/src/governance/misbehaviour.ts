/**
 * What follows when a validator is proven to have misbehaved: it is on the ledger for good, and the validator loses its place, by the
 * same change that a decision of the council makes. The council need not meet, and cannot prevent it.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { checkCityPolicy, policyWithout } from '@oppidum/formats/city-policy';
import { encodePolicy, parsePolicy } from '@oppidum/formats/policy';
import { policyEffectiveKind, policyPendingKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import {
  consensusAddress,
  type MisbehaviourRecord,
  misbehaviourKind,
  validatorKeyKind,
  validatorSetKind,
} from '@oppidum/formats/state-validators';
import type { City } from '@oppidum/ledger/city';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';

/** What consensus proved: of keys that the city knows, once for each; of anybody else's nothing follows. */
export function recordMisbehaviour(city: City, { kind, address, voteHeight }: Misbehaviour): void {
  const known = city.scan(validatorKeyKind).find(({ segments, value }) => {
    return value.use === 'consensus' && equalBytes(consensusAddress(city.crypto, segments[0] as Bytes), address);
  });
  if (known === undefined) return;
  const key = known.segments[0] as Bytes;
  if (city.read(at(misbehaviourKind, key)) === null) convict(city, key, known.value.validator, { kind, voteHeight });
}

/** Puts a proof against a key on the ledger and removes the validator that has it; answers whether it did. */
export function convict(
  city: City,
  key: Bytes,
  validator: string,
  proof: Pick<MisbehaviourRecord, 'kind' | 'voteHeight' | 'transaction'>,
): boolean {
  const removed = removeValidator(city, key, validator);
  city.write(at(misbehaviourKind, key), { validator, ...proof, at: city.height, removed });
  return removed;
}

/**
 * Decides the policy without this validator, from what is decided already where that is. False where the key is not of the validator's
 * present ones, or where those who are left are no set: one, or three to fifteen.
 */
function removeValidator(city: City, key: Bytes, validator: string): boolean {
  const pending = city.read(at(policyPendingKind));
  const file = (pending ?? city.get(at(policyEffectiveKind))).policy;
  const validators = pending?.validators ?? city.read(at(validatorSetKind))?.validators ?? [];
  const guilty = validators.find(({ name }) => name === validator);
  if (guilty === undefined) return false;
  const isPresent = [guilty.logKey, guilty.cosignerKey, guilty.consensusKey].some((present) => equalBytes(present, key));
  if (!isPresent) return false;
  const policy = policyWithout(parsePolicy(city.crypto, file), validator, guilty.logKey);
  if (checkCityPolicy(policy) !== null) return false;
  const rest = validators.filter((other) => other !== guilty);
  city.write(at(policyPendingKind), { policy: encodePolicy(city.crypto, policy), decidedAt: city.height, validators: rest });
  return true;
}
