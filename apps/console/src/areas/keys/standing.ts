/** What the ledger says of this browser's key: whether it stands there, may still sign, and what its account may do. */

import { encodeBase64 } from '@oppidum/formats/bytes';
import type { AccountDetailJson } from '@oppidum/gateway/api-types';
import { ApiProblem, fetchJson } from '../../api.ts';
import type { KeptAccount, KeptKey } from './key-store.ts';
import { proveRecords } from './prove-records.ts';

/**
 * `inForce`: it signs. `retired`, `closed`: it no longer does. `absent`: there is no such account, or key, or not yet.
 * `foreign`: another key stands there. `refuted`: the city gave evidence that does not hold.
 */
export type KeyState = 'inForce' | 'retired' | 'closed' | 'absent' | 'foreign' | 'refuted';

export type Standing = {
  readonly state: KeyState;
  readonly keyClass: 'everyday' | 'full' | null;
  readonly roles: readonly string[];
  /** By evidence under the pinned policy; else the city merely says so. */
  readonly isProven: boolean;
};

const of = (state: KeyState, isProven: boolean): Standing => ({ state, keyClass: null, roles: [], isProven });

/** The standing of a key at a place of the ledger. Throws ApiProblem. */
export async function loadStanding({ publicKey }: Pick<KeptKey, 'publicKey'>, account: KeptAccount): Promise<Standing> {
  const keys = await proveRecords('accountKey', [account.id, account.keyNumber]);
  if ('unproven' in keys) return keys.unproven === 'refuted' ? of('refuted', false) : tellStanding(publicKey, account);
  const [accounts, roles] = await Promise.all([proveRecords('account', [account.id]), proveRecords('role', [account.id])]);
  if ('unproven' in accounts || 'unproven' in roles) return of('refuted', false);
  const key = keys.records[0]?.value;
  if (key === undefined) return of('absent', true);
  return standingOf({
    isMine: key['publicKey'] === encodeBase64(publicKey),
    isClosed: accounts.records[0]?.value['to'] !== undefined,
    isRetired: key['to'] !== undefined,
    keyClass: key['class'] === 'full' ? 'full' : 'everyday',
    roles: roles.records.map(({ value }) => String(value['role'])),
    isProven: true,
  });
}

/** As the city tells it, where no policy is pinned. */
async function tellStanding(publicKey: Uint8Array, { id, keyNumber }: KeptAccount): Promise<Standing> {
  try {
    const account = await fetchJson<AccountDetailJson>(`/api/v1/accounts/${id}`);
    const key = account.keys.find(({ number }) => number === keyNumber);
    if (key === undefined) return of('absent', false);
    return standingOf({
      isMine: key.publicKey === encodeBase64(publicKey),
      isClosed: account.to !== null,
      isRetired: key.to !== null,
      keyClass: key.class,
      roles: account.roles.map(({ role }) => role),
      isProven: false,
    });
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'ACCOUNT_UNKNOWN') return of('absent', false);
    throw error;
  }
}

type Found = {
  readonly isMine: boolean;
  readonly isClosed: boolean;
  readonly isRetired: boolean;
  readonly keyClass: 'everyday' | 'full';
  readonly roles: readonly string[];
  readonly isProven: boolean;
};

function standingOf({ isMine, isClosed, isRetired, keyClass, roles, isProven }: Found): Standing {
  if (!isMine) return of('foreign', isProven);
  const state = isClosed ? 'closed' : isRetired ? 'retired' : 'inForce';
  return { state, keyClass, roles, isProven };
}
