/**
 * The validators whose consensus keys the city knows: one list with the policy, one change with it. A key has one use and one holder, and
 * once retired it never comes back, as a witness's neither: its holder was told to destroy it, and whoever copied it must not vote again.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { VALIDATORS } from '@oppidum/formats/city-policy';
import { checkEd25519PublicKey } from '@oppidum/formats/ed25519';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Policy } from '@oppidum/formats/policy';
import { at } from '@oppidum/formats/state-layout';
import { type Validator, type ValidatorKeyRecord, validatorKeyKind, validatorSetKind } from '@oppidum/formats/state-validators';
import type { City } from '@oppidum/ledger/city';

/** A validator as a change of policy names it: its cosigner's key stands in the policy. */
export type NamedValidator = Omit<Validator, 'cosignerKey'>;

/** Of a witness: outside of the group `validators`. */
type KeyUse = ValidatorKeyRecord['use'] | 'witness';
type UsedKey<U extends KeyUse = KeyUse> = { readonly use: U; readonly publicKey: Bytes; readonly validator: string };

/**
 * The validators of a policy that passed its own rules: those named, else those in force with the cosigner keys of the policy; null where
 * the city knows no consensus keys and none are named.
 * Refuses, in this order: VALIDATORS_MISMATCH, KEY_INVALID (a consensus key), KEY_IN_USE (another use, another validator), KEY_REVOKED.
 */
export function checkValidators(
  city: City,
  policy: Policy,
  named: readonly NamedValidator[] | undefined,
): readonly Validator[] | Rejection | null {
  const present = city.read(at(validatorSetKind))?.validators ?? null;
  const candidates = named ?? present;
  if (candidates === null) return null;
  const validators = joinPolicy(policy, candidates);
  if (validators === null) return reject('VALIDATORS_MISMATCH', { want: memberNames(policy).join(' ') });
  return checkConsensusKeys(policy, validators) ?? checkHistory(city, policy, validators) ?? validators;
}

/** The members of the group `validators`, in its order. */
function memberNames(policy: Policy): readonly string[] {
  return policy.groups.find(({ name }) => name === VALIDATORS)?.members ?? [];
}

/** These validators with the policy's cosigner keys; null unless they are its members in order, and their log keys its logs. */
function joinPolicy(policy: Policy, validators: readonly NamedValidator[]): readonly Validator[] | null {
  const members = memberNames(policy);
  const cosignerOf = (member: string) => policy.witnesses.find(({ name }) => name === member)?.key.publicKey;
  const joined = validators.flatMap(({ name, logKey, consensusKey }, i): Validator[] => {
    const cosignerKey = members[i] === name ? cosignerOf(name) : undefined;
    return cosignerKey === undefined ? [] : [{ name, logKey, cosignerKey, consensusKey }];
  });
  const logs = policy.logs.map(({ key }) => toHex(key.publicKey));
  const named = new Set(joined.map(({ logKey }) => toHex(logKey)));
  const isWhole = joined.length === members.length && named.size === logs.length && logs.every((key) => named.has(key));
  return isWhole && joined.length === validators.length ? joined : null;
}

/** Refuses a consensus key that is none (KEY_INVALID), or that has another use in this policy (KEY_IN_USE). */
export function checkConsensusKeys(policy: Policy, validators: readonly Validator[]): Rejection | null {
  const used = new Set([...policy.logs, ...policy.witnesses].map(({ key }) => toHex(key.publicKey)));
  for (const { name, consensusKey } of validators) {
    if (!checkEd25519PublicKey(consensusKey)) return reject('KEY_INVALID', { validator: name, use: 'consensus' });
    if (used.has(toHex(consensusKey))) return reject('KEY_IN_USE', { validator: name, use: 'consensus' });
    used.add(toHex(consensusKey));
  }
  return null;
}

/** Refuses a key that another validator or another use has (KEY_IN_USE), or that was retired (KEY_REVOKED), witnesses' keys included. */
function checkHistory(city: City, policy: Policy, validators: readonly Validator[]): Rejection | null {
  for (const { use, publicKey, validator } of [...validators.flatMap(keysOfValidator), ...outsideKeys(policy)]) {
    const known = city.read(at(validatorKeyKind, publicKey));
    if (known === null) continue;
    if (known.to !== undefined) return reject('KEY_REVOKED', { validator, use, retiredAt: known.to });
    if (known.use !== use || known.validator !== validator) return reject('KEY_IN_USE', { validator, use, by: known.validator });
  }
  return null;
}

/** Puts these validators into force: their keys begin, keys that none of them has any more end. */
export function enactValidators(city: City, validators: readonly Validator[]): void {
  const before = (city.read(at(validatorSetKind))?.validators ?? []).flatMap(keysOfValidator);
  const after = validators.flatMap(keysOfValidator);
  const isIn = (keys: readonly UsedKey[], key: UsedKey) => keys.some((other) => equalBytes(other.publicKey, key.publicKey));
  for (const key of before) {
    const place = at(validatorKeyKind, key.publicKey);
    if (!isIn(after, key)) city.write(place, { ...city.get(place), to: city.height });
  }
  for (const key of after) {
    const { use, validator } = key;
    if (!isIn(before, key)) city.write(at(validatorKeyKind, key.publicKey), { use, validator, from: city.height });
  }
  city.write(at(validatorSetKind), { validators: [...validators], from: city.height });
}

function outsideKeys(policy: Policy): readonly UsedKey[] {
  const members = memberNames(policy);
  const outside = policy.witnesses.filter(({ name }) => !members.includes(name));
  return outside.map(({ name, key }) => ({ use: 'witness', publicKey: key.publicKey, validator: name }));
}

function keysOfValidator({ name, logKey, cosignerKey, consensusKey }: Validator): readonly UsedKey<ValidatorKeyRecord['use']>[] {
  return [
    { use: 'log', publicKey: logKey, validator: name },
    { use: 'cosigner', publicKey: cosignerKey, validator: name },
    { use: 'consensus', publicKey: consensusKey, validator: name },
  ];
}
