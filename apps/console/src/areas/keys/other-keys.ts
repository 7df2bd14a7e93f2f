/** Keys of an account beside the one in this browser: whoever holds one of them acts in the account's name as well. */

import { parseBase64 } from '@oppidum/formats/bytes';
import { EDDSA, ES256, type PublicKey } from '@oppidum/formats/ids';
import type { AccountDetailJson } from '@oppidum/gateway/api-types';
import { ApiProblem, fetchJson } from '../../api.ts';
import type { KeptAccount } from './key-store.ts';
import { proveRecords } from './prove-records.ts';

/** A key that signs for the account; `isProven` by evidence under the pinned policy, else the city merely says so. */
export type OtherKey = { readonly number: number; readonly key: PublicKey; readonly isProven: boolean };

/** All of them that were not retired. Throws ApiProblem, also where the city gives evidence that does not hold. */
export async function loadOtherKeys({ id, keyNumber }: KeptAccount): Promise<readonly OtherKey[]> {
  const proof = await proveRecords('accountKey', [id]);
  if ('unproven' in proof && proof.unproven === 'refuted') throw new ApiProblem('UNREADABLE', 'the evidence does not hold');
  const isProven = 'records' in proof;
  const found = isProven
    ? proof.records.map(({ key, value }) => ({
        number: Number(key.at(-1)),
        algorithm: String(value['algorithm']),
        publicKey: String(value['publicKey']),
        isRetired: value['to'] !== undefined,
      }))
    : (await fetchJson<AccountDetailJson>(`/api/v1/accounts/${id}`)).keys.map((key) => ({ ...key, isRetired: key.to !== null }));
  return found
    .filter(({ number, isRetired }) => number !== keyNumber && !isRetired)
    .map(({ number, algorithm, publicKey }) => ({
      number,
      key: { algorithm: /^(ES256|-7)$/.test(algorithm) ? ES256 : EDDSA, publicKey: parseBase64(publicKey) },
      isProven,
    }));
}
