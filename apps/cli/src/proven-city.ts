/** The record of the city, proven: nobody proposes to whom an address merely names. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { formatError } from '@oppidum/formats/errors';
import type { Infer } from '@oppidum/formats/schema';
import { cityKind } from '@oppidum/formats/state-governance';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { Cli } from './cli.ts';
import { fetchRecords, findPolicy } from './evidence-files.ts';
import { usageFailure } from './failure.ts';

/** The record under the policy at hand. `need`: what asks for it. Throws exit code 2 without a policy, EVIDENCE_REFUSED. */
export async function readProvenCity(
  cli: Cli,
  options: { readonly policy?: string },
  need: string,
): Promise<Infer<typeof cityKind.value>> {
  const policy = await findPolicy(cli, options);
  if (policy === null) throw usageFailure(`${need} needs the policy of the city`, 'Name it with --policy FILE');
  const { verdict, facts } = verifyEvidence(nativeCrypto, await fetchRecords(cli, { kind: cityKind.name, segments: [] }), {
    policy,
  });
  const [record] = (facts['records'] ?? []) as readonly { readonly value: never }[];
  if (verdict !== 'OK' || record === undefined)
    throw formatError('EVIDENCE_REFUSED', { want: 'the record of the city', verdict });
  return cityKind.value.fromJson(record.value, '');
}
