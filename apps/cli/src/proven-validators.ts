/** What the ledger says of validators and of the rules they execute by, verified under the policy at hand before anything follows from it. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import type { Policy } from '@oppidum/formats/policy';
import type { Json, Schema } from '@oppidum/formats/schema';
import { cityKind, policyEffectiveKind } from '@oppidum/formats/state-governance';
import { FIRST_VERSION, rulesVersionKind, upgradePlanKind } from '@oppidum/formats/state-upgrades';
import {
  type MisbehaviourRecord,
  misbehaviourKind,
  type Validator,
  type ValidatorKeyRecord,
  validatorKeyKind,
  validatorSetKind,
} from '@oppidum/formats/state-validators';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { CityCalls } from './api.ts';
import { type Cli, COMMAND, noPolicyAtHand } from './cli.ts';
import { fetchRecords, findPolicy } from './evidence-files.ts';
import { CliFailure, EXIT } from './failure.ts';
import { awaitsFirst } from './policy-walk.ts';
import type { ValidatorSet } from './validator-sets.ts';

type PolicyOption = { readonly policy?: string };
/** The keys of records as they are shown: ids in hex. */
type Proven<V> = readonly { readonly key: readonly string[]; readonly value: V }[];

/** The policy in force, its validators (null where the city names no consensus keys), and whom to ask for a change. */
export type ProvenSet = {
  readonly policy: Policy;
  readonly set: ValidatorSet | null;
  readonly from: number;
  readonly council: Bytes;
  readonly genesis: Bytes;
};

async function requirePolicy(cli: Cli, options: PolicyOption): Promise<Policy> {
  const policy = await findPolicy(cli, options);
  if (policy === null) throw noPolicyAtHand();
  return policy;
}

/** Reads records of a kind. Throws EVIDENCE_REFUSED (exit code 3) where they are not proven by the newest policy at hand. */
async function readProven<V>(
  cli: Cli,
  policy: Policy,
  kind: { readonly name: string; readonly value: Schema<V> },
  segments: readonly string[] = [],
): Promise<Proven<V>> {
  const file = await fetchRecords(cli, { kind: kind.name, segments });
  const { verdict, means, facts } = verifyEvidence(nativeCrypto, file, { policy });
  if (verdict === 'NOT_OURS') throw otherCity(cli, policy, file);
  if (verdict !== 'OK') {
    const { checkpoint: note } = parseEvidenceFile(file);
    const early = await awaitsFirst(new CityCalls(cli.api), policy, { verdict, note });
    if (early !== null) throw early;
    throw new CliFailure(`What the city says is not proven: ${verdict}: ${means}`, {
      exitCode: EXIT.unverified,
      code: 'EVIDENCE_REFUSED',
      action: `If the policy was changed, run \`${COMMAND} policy follow\` first; otherwise do not trust this address`,
    });
  }
  const records = facts['records'] as readonly { readonly key: readonly string[]; readonly value: Json }[];
  return records.map(({ key, value }) => ({ key, value: kind.value.fromJson(value, '') }));
}

/** Two cities on one machine are no attack: which one answered is said. */
function otherCity({ api }: Cli, policy: Policy, file: Uint8Array): CliFailure {
  const { origin } = parseCheckpointNote(parseEvidenceFile(file).checkpoint).checkpoint;
  return new CliFailure(`At ${api} another city answers, ${origin}, than your policy is of, ${originOf(policy)}`, {
    exitCode: EXIT.unverified,
    code: 'EVIDENCE_REFUSED',
    action: 'Name the address of yours with --api; whoever started it was told',
  });
}

/** Who votes and cosigns now. */
export async function readValidators(cli: Cli, options: PolicyOption): Promise<ProvenSet> {
  const policy = await requirePolicy(cli, options);
  const [city] = await readProven(cli, policy, cityKind);
  const [effective] = await readProven(cli, policy, policyEffectiveKind);
  const [record] = await readProven(cli, policy, validatorSetKind);
  if (city === undefined || effective === undefined) throw new Error('every city has these records');
  const inForce = parseCityPolicy(nativeCrypto, effective.value.policy);
  const set = record === undefined ? null : { policy: inForce, validators: record.value.validators };
  const { council, genesis } = city.value;
  return { policy: inForce, set, from: effective.value.from, council, genesis };
}

/** The version of the rules in force, since which block, and the one that is planned. */
export async function readUpgrades(cli: Cli, options: PolicyOption) {
  const policy = await requirePolicy(cli, options);
  const [inForce] = await readProven(cli, policy, rulesVersionKind);
  const [planned] = await readProven(cli, policy, upgradePlanKind);
  const { version, from } = inForce?.value ?? { version: FIRST_VERSION, from: 0 };
  return { version, from, plan: planned?.value ?? null };
}

/** What is proven against keys of validators, by the key in hex. */
export async function readMisbehaviour(cli: Cli, options: PolicyOption): Promise<Proven<MisbehaviourRecord>> {
  const policy = await requirePolicy(cli, options);
  return readProven(cli, policy, misbehaviourKind);
}

/** Which of these keys the ledger has retired. */
export async function retiredAmong(
  cli: Cli,
  options: PolicyOption,
  keys: readonly Bytes[],
): Promise<readonly { readonly key: Bytes; readonly record: ValidatorKeyRecord }[]> {
  const policy = await requirePolicy(cli, options);
  const known = await readProven(cli, policy, validatorKeyKind);
  return known.flatMap(({ key: [hex = ''], value }) => {
    const key = keys.find((candidate) => toHex(candidate) === hex);
    return key === undefined || value.to === undefined ? [] : [{ key, record: value }];
  });
}

/** True when two validators have all keys in common. */
export function sameKeys(a: Validator, b: Validator): boolean {
  return equalBytes(a.logKey, b.logKey) && equalBytes(a.cosignerKey, b.cosignerKey) && equalBytes(a.consensusKey, b.consensusKey);
}
