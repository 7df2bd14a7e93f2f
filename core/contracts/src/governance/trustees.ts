/**
 * The trustees of a city: the body that admits makers, the roots of all devices. Two thirds of it decide, so more than a third of it
 * can keep a maker out.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City } from '@oppidum/ledger/city';

/** The version of the rules from which on a city may have trustees, and a member of any body may reject a proposal. */
export const TRUSTEES_SINCE = 2;

/** The smallest whole number that is at least two thirds of the members: ⌈2n/3⌉ = n − ⌊n/3⌋. */
export function twoThirdsOf(memberCount: number): number {
  return memberCount - Math.floor(memberCount / 3);
}

/** The body of the trustees, or null in a city that has none. */
export function trusteesOf(city: City): Bytes | null {
  return city.read(at(cityKind))?.trustees ?? null;
}

/** True where the trustees of the city decided this in a proposal. */
export function isByTrustees(city: City): boolean {
  const trustees = trusteesOf(city);
  return trustees !== null && 'body' in city.authority && equalBytes(city.authority.body, trustees);
}

/** Refuses a body that could not be of trustees: TRUSTEES_THRESHOLD. */
export function checkTwoThirds(body: Bytes, threshold: number, memberCount: number): Rejection | null {
  const want = twoThirdsOf(memberCount);
  return threshold === want ? null : reject('TRUSTEES_THRESHOLD', { body: toHex(body), want, got: threshold });
}
