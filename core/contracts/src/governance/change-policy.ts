/** The city changes whom its verifiers trust: another validator set, other witnesses. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import type { Bytes } from '@oppidum/formats/bytes';
import { checkCityPolicyFile, originOf } from '@oppidum/formats/city-policy';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { parsePolicy } from '@oppidum/formats/policy';
import { cityKind, policyPendingKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkCouncil } from '../authority.ts';
import { checkValidators } from './validators.ts';

/**
 * Decides a whole new `city.policy`, and who votes: `validators` are the members of its group `validators`, in order. The next block puts
 * both into force; the set that it names cosigns the block after that.
 * Rule: canonical bytes, the profile of city policies, the city's own origin, one change at a time. Without `validators` they are those
 * in force, by name and log key; a city that knows no consensus keys may name them with any change.
 * Refuses, in this order: NOT_AUTHORIZED, POLICY_PENDING, what `parsePolicy` throws (POLICY_MALFORMED, POLICY_KEY_TWICE, POLICY_THRESHOLD …),
 * NOT_CANONICAL, POLICY_INVALID, VALIDATORS_MISMATCH, KEY_INVALID, KEY_IN_USE, KEY_REVOKED.
 */
export const changePolicy = defineAction({
  kind: 'policy/change',
  body: ACTION_FIELDS['policy/change'],
  dangerous: true,

  check(body, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    const pending = city.read(at(policyPendingKind));
    if (pending !== null) return reject('POLICY_PENDING', { decidedAt: pending.decidedAt });
    const unfit = checkPolicy(city, body.policy);
    if (unfit !== null) return unfit;
    const validators = checkValidators(city, parsePolicy(city.crypto, body.policy), body.validators);
    return validators !== null && 'code' in validators ? validators : null;
  },

  // COMMIT POINT
  apply({ policy, validators: named }, city) {
    const validators = checkValidators(city, parsePolicy(city.crypto, policy), named);
    if (validators !== null && 'code' in validators) throw new Error('the check found validators');
    const decided = { policy, decidedAt: city.height };
    city.write(at(policyPendingKind), validators === null ? decided : { ...decided, validators: [...validators] });
    city.emit('policy/decided', { digest: city.crypto.sha256(policy) });
  },
});

function checkPolicy(city: City, file: Bytes): Rejection | null {
  const policy = parsePolicy(city.crypto, file);
  const refused = checkCityPolicyFile(city.crypto, file, policy);
  if (refused !== null) return refused;
  const { origin } = city.get(at(cityKind));
  return originOf(policy) === origin ? null : reject('POLICY_INVALID', { rule: 'the origin of this city', want: origin });
}
