/**
 * Who is able to decide. An account is able while it is open and has a full key in force; a body must keep at least as many able
 * members as its threshold, or it could never decide again, and neither could anybody repair it.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { accountKind, bodyKind, memberKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';
import { checkOpen, fullKeysOf } from './account-keys.ts';

/** True while the account is open and has a full key in force. */
export function isAble(city: City, account: Bytes): boolean {
  const record = city.read(at(accountKind, account));
  if (record === null || record.to !== undefined) return false;
  return fullKeysOf(city, account).length > 0;
}

/** The members of a body, ascending. */
export function membersOf(city: City, body: Bytes): readonly Bytes[] {
  return city.scan(memberKind, body).map(({ segments }) => segments[1] as Bytes);
}

/** Refuses a body of these members that could not reach its threshold: GOVERNANCE_DEADLOCK. */
export function checkAbleMembers(city: City, body: Bytes, threshold: number, members: readonly Bytes[]): Rejection | null {
  const ableCount = members.filter((member) => isAble(city, member)).length;
  return ableCount >= threshold ? null : reject('GOVERNANCE_DEADLOCK', { body: toHex(body), threshold, ableCount });
}

/** Refuses what cannot be the members of a body: ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, GOVERNANCE_DEADLOCK. */
export function checkMembers(city: City, body: Bytes, threshold: number, members: readonly Bytes[]): Rejection | null {
  for (const member of members) {
    const refused = checkOpen(city, member);
    if (refused !== null) return refused;
  }
  return checkAbleMembers(city, body, threshold, members);
}

/** Refuses to lose an account without which one of its bodies could not reach its threshold: GOVERNANCE_DEADLOCK. */
export function checkLossOf(city: City, account: Bytes): Rejection | null {
  for (const { segments, value } of city.scan(bodyKind)) {
    const body = segments[0] as Bytes;
    if (city.read(at(memberKind, body, account)) === null) continue;
    const others = membersOf(city, body).filter((member) => !equalBytes(member, account));
    const refused = checkAbleMembers(city, body, value.threshold, others);
    if (refused !== null) return refused;
  }
  return null;
}
