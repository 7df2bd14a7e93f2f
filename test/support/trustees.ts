/** A small city in which trustees admit the makers of devices. */

import { TRUSTEES_SINCE, twoThirdsOf } from '@oppidum/contracts/governance/trustees';
import { cityRegistry } from '@oppidum/contracts/registry';
import { DEFAULT_ACCOUNTS, makeCity, type TestAccount, type TestCity } from './ledger.ts';

/** Accounts there are, trustees or not. */
export const TRUSTEE_COUNT_MAX = 7;

/** Account of a trustee, by number from 0. */
export const trusteeName = (member: number): string => `trustee-${member}`;

export const trusteeNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, member) => trusteeName(member));

/** The usual city with an account `maker`, and a body `trustees` of this size; `isAppointed`: genesis names it. */
export function makeTrusteeCity(count: number, isAppointed = true): TestCity {
  const everybody = trusteeNames(TRUSTEE_COUNT_MAX).map((name): [string, TestAccount] => [name, { holder: 'person' }]);
  const bodies = {
    council: { threshold: 2, members: ['anna', 'ben', 'clara'] },
    trustees: { threshold: twoThirdsOf(count), members: trusteeNames(count) },
  };
  const accounts = { ...DEFAULT_ACCOUNTS, maker: {}, ...Object.fromEntries(everybody) };
  return makeCity({
    registry: cityRegistry,
    rulesVersion: TRUSTEES_SINCE,
    accounts,
    bodies,
    ...(isAppointed ? { trustees: 'trustees' } : {}),
  });
}
