/** The keys of accounts: append-only records, so that whoever signed long ago can still be told. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type AccountKeyRecord, accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';

/** A key of an account with its number. */
export type NumberedKey = { readonly keyNumber: number; readonly key: AccountKeyRecord };

/** All keys an account ever had, by number: they are numbered from 0 without gaps. */
export function keysOf(city: City, account: Bytes): readonly NumberedKey[] {
  const count = city.read(at(accountKind, account))?.keyCount ?? 0;
  return Array.from({ length: count }, (_, keyNumber) => ({ keyNumber, key: city.get(at(accountKeyKind, account, keyNumber)) }));
}

/** The full keys of an account that are in force. */
export function fullKeysOf(city: City, account: Bytes): readonly NumberedKey[] {
  return keysOf(city, account).filter(({ key }) => key.class === 'full' && key.to === undefined);
}

/** Refuses unless the account exists and is open: ACCOUNT_UNKNOWN, ACCOUNT_CLOSED. */
export function checkOpen(city: City, account: Bytes): Rejection | null {
  const record = city.read(at(accountKind, account));
  if (record === null) return reject('ACCOUNT_UNKNOWN', { account: toHex(account) });
  return record.to === undefined ? null : reject('ACCOUNT_CLOSED', { account: toHex(account), closedAt: record.to });
}
