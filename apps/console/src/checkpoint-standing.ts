/** What a checkpoint is worth under a policy, signer by signer: who cosigned, as what, and whether that counts. */

import type { Bytes } from '@oppidum/formats/bytes';
import { VALIDATORS } from '@oppidum/formats/city-policy';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { evaluatePolicy, type Policy, type PolicyGroup, refusalOf } from '@oppidum/formats/policy';

export type Cosigner = {
  readonly name: string;
  readonly part: 'validator' | 'witness' | 'stranger';
  /** When it says that it cosigned, verified; null where it did not. */
  readonly cosignedMs: number | null;
  readonly isInQuorum: boolean;
};

/** `refusal`: the code for which it is not to be believed, or null. */
export type Standing = {
  readonly origin: string;
  readonly size: number;
  readonly cosigners: readonly Cosigner[];
  /** Null where the policy is not known. */
  readonly validators: ValidatorCount | null;
  readonly refusal: string | null;
};

/** Of `count` validators `needed` must cosign, `cosigned` did; while no more than `faultsMax` fail or lie, the city decides, and rightly. */
export type ValidatorCount = {
  readonly count: number;
  readonly needed: number;
  readonly cosigned: number;
  readonly faultsMax: number;
};

/** Verifies the note's signatures under the policy. Never throws for what the note holds. */
export function standingOf(policy: Policy, note: Bytes): Standing {
  try {
    const report = evaluatePolicy(crypto, policy, note);
    const validators = new Set(membersOf(policy, VALIDATORS));
    const quorum = new Set(policy.quorum === null ? [] : membersOf(policy, policy.quorum));
    const cosigners = policy.witnesses.map(({ name }) => {
      const cosignature = report.cosignatures.find(({ witness }) => witness.name === name);
      return {
        name,
        part: validators.has(name) ? ('validator' as const) : ('witness' as const),
        cosignedMs: cosignature === undefined ? null : 1_000 * cosignature.timeS,
        isInQuorum: quorum.has(name),
      };
    });
    const { origin, size } = report.checkpoint;
    const group = policy.groups.find(({ name }) => name === VALIDATORS);
    const counts = group === undefined ? null : countValidators(group, cosigners);
    return { origin, size, cosigners, validators: counts, refusal: refusalOf(report)?.code ?? null };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { origin: '', size: 0, cosigners: [], validators: null, refusal: error.code };
  }
}

function countValidators({ threshold, members }: PolicyGroup, cosigners: readonly Cosigner[]): ValidatorCount {
  const cosigned = cosigners.filter(({ part, cosignedMs }) => part === 'validator' && cosignedMs !== null).length;
  // Fewer than a third (specs/notes-and-policy.md): so many can neither stop nor forge.
  return { count: members.length, needed: threshold, cosigned, faultsMax: members.length - threshold };
}

/** All witnesses below a name of the policy. */
function membersOf(policy: Policy, name: string): readonly string[] {
  const group = policy.groups.find((each) => each.name === name);
  return group === undefined ? [name] : group.members.flatMap((member) => membersOf(policy, member));
}
