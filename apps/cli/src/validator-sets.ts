/** The next validators of a city and the policy that goes with them: what a proposal carries, from what the ledger proves. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { originOf, policyWithout, VALIDATORS, validatorThreshold } from '@oppidum/formats/city-policy';
import type { Policy, PolicyGroup } from '@oppidum/formats/policy';
import type { Validator } from '@oppidum/formats/state-validators';
import { usageFailure } from './failure.ts';

/** A policy and its validators, in the order of its group. */
export type ValidatorSet = { readonly policy: Policy; readonly validators: readonly Validator[] };

/** With these, last in the group. Throws exit code 2 where a name is taken. */
export function withAdded(set: ValidatorSet, added: readonly Validator[]): ValidatorSet {
  return added.reduce(addOne, set);
}

function addOne({ policy, validators }: ValidatorSet, one: Validator): ValidatorSet {
  if (policy.witnesses.some(({ name }) => name === one.name) || policy.groups.some(({ name }) => name === one.name))
    throw usageFailure(`The policy has somebody of the name ${one.name} already`, 'Choose another with --name');
  const lastValidator = policy.witnesses.findLastIndex(({ name }) => validators.some((other) => other.name === name));
  const witness = {
    name: one.name,
    key: { name: one.name, algorithm: 'cosignature', publicKey: one.cosignerKey },
    url: null,
  } as const;
  const log = { key: { name: originOf(policy), algorithm: 'log', publicKey: one.logKey }, url: null } as const;
  const groups = policy.groups.map((group) => (group.name === VALIDATORS ? resized(group, [...group.members, one.name]) : group));
  return {
    policy: {
      ...policy,
      logs: [...policy.logs, log],
      witnesses: policy.witnesses.toSpliced(lastValidator + 1, 0, witness),
      groups,
    },
    validators: [...validators, one],
  };
}

function resized(group: PolicyGroup, members: readonly string[]): PolicyGroup {
  return { ...group, threshold: validatorThreshold(members.length), members };
}

/** Without this one. Throws exit code 2 where there is none of the name. */
export function withRemoved({ policy, validators }: ValidatorSet, name: string): ValidatorSet {
  const { logKey } = findValidator(validators, name);
  return { policy: policyWithout(policy, name, logKey), validators: validators.filter((other) => other.name !== name) };
}

/** With other keys for this one. Throws exit code 2 where there is none of the name. */
export function withRotated({ policy, validators }: ValidatorSet, next: Validator): ValidatorSet {
  const present = findValidator(validators, next.name);
  const is = (key: Bytes, other: Bytes): boolean => equalBytes(key, other);
  const logs = policy.logs.map((log) =>
    is(log.key.publicKey, present.logKey) ? { ...log, key: { ...log.key, publicKey: next.logKey } } : log,
  );
  const witnesses = policy.witnesses.map((witness) =>
    witness.name === next.name ? { ...witness, key: { ...witness.key, publicKey: next.cosignerKey } } : witness,
  );
  return { policy: { ...policy, logs, witnesses }, validators: validators.map((other) => (other === present ? next : other)) };
}

function findValidator(validators: readonly Validator[], name: string): Validator {
  const found = validators.find((other) => other.name === name);
  if (found !== undefined) return found;
  const names = validators.map((other) => other.name).join(', ');
  throw usageFailure(`No validator has the name ${name}`, `Name one of ${names}`);
}

/** How many must cosign, and how many may fail, in words. */
export function toleranceText(count: number): string {
  const threshold = validatorThreshold(count);
  const spare = count - threshold;
  const words = spare === 0 ? 'no fault is tolerated' : spare === 1 ? 'one may fail' : `${spare} may fail`;
  return `${threshold} of ${count} must cosign: ${words}`;
}
