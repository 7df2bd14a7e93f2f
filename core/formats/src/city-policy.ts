/**
 * The profile of a city's trust root, `city.policy` (specs/notes-and-policy.md): one origin, one log key and one cosigner per validator,
 * `group validators k …` with k = ⌊2n/3⌋ + 1, and a quorum that nobody can meet without that group.
 */

import { type Bytes, equalBytes, toHex } from './bytes.ts';
import type { Crypto } from './crypto.ts';
import { formatError, type Rejection, reject } from './errors.ts';
import { LIMITS } from './limits.ts';
import { chooseCosigners, encodePolicy, type Policy, type PolicyGroup, parsePolicy } from './policy.ts';

/** The group that must have cosigned whatever a city says. */
export const VALIDATORS = 'validators';

/** A validator's name and its two Ed25519 keys, 32 bytes each. */
export type PolicyValidator = { readonly name: string; readonly logKey: Bytes; readonly cosignerKey: Bytes };

/** Validators that must cosign: more than two thirds, ⌊2n/3⌋ + 1. */
export function validatorThreshold(count: number): number {
  return Math.floor((2 * count) / 3) + 1;
}

/** The policy of a validator set under one origin, without outside witnesses. */
export function policyOfValidators(origin: string, validators: readonly PolicyValidator[]): Policy {
  return {
    logs: validators.map(({ logKey }) => ({ key: { name: origin, algorithm: 'log', publicKey: logKey }, url: null })),
    witnesses: validators.map(({ name, cosignerKey }) => ({
      name,
      key: { name, algorithm: 'cosignature', publicKey: cosignerKey },
      url: null,
    })),
    groups: [{ name: VALIDATORS, threshold: validatorThreshold(validators.length), members: validators.map(({ name }) => name) }],
    quorum: VALIDATORS,
  };
}

/** The policy without one validator, whose log key is this one, and with the threshold of those who are left; it may break a rule. */
export function policyWithout(policy: Policy, name: string, logKey: Bytes): Policy {
  const groups = policy.groups.map((group): PolicyGroup => {
    if (group.name !== VALIDATORS) return group;
    const members = group.members.filter((member) => member !== name);
    return { ...group, threshold: validatorThreshold(members.length), members };
  });
  const logs = policy.logs.filter(({ key }) => !equalBytes(key.publicKey, logKey));
  return { ...policy, logs, witnesses: policy.witnesses.filter((witness) => witness.name !== name), groups };
}

/** The origin of the city. Call after `checkCityPolicy`, which makes sure there is exactly one. */
export function originOf(policy: Policy): string {
  const [first] = policy.logs;
  if (first === undefined) throw new Error('a checked city policy has a log');
  return first.key.name;
}

/** Parses a `city.policy` strictly. Throws as `parsePolicy` does, then NOT_CANONICAL, POLICY_INVALID as `checkCityPolicyFile`. */
export function parseCityPolicy(crypto: Crypto, file: Bytes): Policy {
  const policy = parsePolicy(crypto, file);
  const refusal = checkCityPolicyFile(crypto, file, policy);
  if (refusal !== null) throw formatError(refusal.code, refusal.details);
  return policy;
}

/** Refuses bytes that are not the canonical rendering of a city policy: NOT_CANONICAL, then as `checkCityPolicy`. */
export function checkCityPolicyFile(crypto: Crypto, file: Bytes, policy: Policy): Rejection | null {
  if (!equalBytes(encodePolicy(crypto, policy), file)) return reject('NOT_CANONICAL', { want: 'the canonical rendering' });
  return checkCityPolicy(policy);
}

/** Refuses POLICY_INVALID with the rule that is broken; the rules are numbered in specs/notes-and-policy.md. */
export function checkCityPolicy(policy: Policy): Rejection | null {
  const rule = brokenRule(policy);
  return rule === null ? null : reject('POLICY_INVALID', { rule });
}

function brokenRule(policy: Policy): string | null {
  const group = policy.groups.find(({ name }) => name === VALIDATORS);
  if (new Set(policy.logs.map(({ key }) => key.name)).size !== 1) return 'one origin';
  if (group === undefined) return 'a group named validators';
  if (!group.members.every((member) => policy.witnesses.some(({ name }) => name === member)))
    return 'validators are witnesses, not groups';
  const count = group.members.length;
  if (count === 2 || count > LIMITS.validatorCountMax) return '1 or 3 to 15 validators';
  if (group.threshold !== validatorThreshold(count)) return 'more than two thirds of the validators, k = floor(2n/3) + 1';
  if (policy.logs.length !== count) return 'one log key per validator';
  const keys = [...policy.logs, ...policy.witnesses].map(({ key }) => toHex(key.publicKey));
  if (new Set(keys).size !== keys.length) return 'no key has two uses';
  if (policy.quorum === null) return 'a quorum';
  if (!demands(policy, policy.quorum, group)) return 'a quorum that contains the validators';
  const all = new Set(policy.witnesses.map(({ name }) => name));
  const minimal = chooseCosigners(policy, policy.quorum, all);
  if (minimal === null || 1 + minimal.length > LIMITS.noteSignatureCountMax) return 'a quorum that one note can carry';
  return null;
}

/** True when nothing witnesses `name` unless the validators do. */
function demands(policy: Policy, name: string, validators: PolicyGroup): boolean {
  if (name === validators.name) return true;
  const group = policy.groups.find((candidate) => candidate.name === name);
  if (group === undefined) return false;
  // Without the members that demand the validators too few are left.
  const free = group.members.filter((member) => !demands(policy, member, validators));
  return free.length < group.threshold;
}
