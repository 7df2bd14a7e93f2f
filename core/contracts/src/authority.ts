/**
 * Who may do what. Every check reads the running state, so authority lost earlier in a block is lost at once.
 * Deny by default: an action that asks nobody's authority does not exist.
 */

import { type Bytes, encodeUtf8, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { accountKeyKind, accountKind, cityKind, roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City, VerifiedSigner } from '@oppidum/ledger/city';

/** The roles there are. `registrar`: accounts, manufacturers. `operator`: devices in service. `data-protection`: erasures. `auditor`: marks. */
export const ROLES = ['registrar', 'operator', 'data-protection', 'auditor'] as const;
export type Role = (typeof ROLES)[number];
type KeyClass = VerifiedSigner['class'];

/** True for the roles there are. */
export function isRole(name: string): name is Role {
  return ROLES.some((role) => role === name);
}

/** The state key segment of a role: SHA-256 of its name. Nobody writes to it. */
export function roleId(city: Pick<City, 'crypto'>, role: string): Bytes {
  const known = ROLE_IDS.get(role);
  if (known !== undefined) return known;
  const id = city.crypto.sha256(encodeUtf8(role));
  if (isRole(role)) ROLE_IDS.set(role, id);
  return id;
}

/** Asked for with nearly every action. */
const ROLE_IDS = new Map<string, Bytes>();

/** The signers whose account and key are still in force in the running state. */
export function ableSigners(city: City): readonly VerifiedSigner[] {
  if ('body' in city.authority) return [];
  return city.authority.signers.filter((signer) => {
    const key = city.read(at(accountKeyKind, signer.account, signer.keyNumber));
    return city.read(at(accountKind, signer.account))?.to === undefined && key !== null && key.to === undefined;
  });
}

/** The signers who hold the role, in the order of the transaction. */
export function holdersOf(city: City, role: Role): readonly VerifiedSigner[] {
  const segment = roleId(city, role);
  return ableSigners(city).filter((signer) => city.read(at(roleKind, signer.account, segment)) !== null);
}

/** Refuses unless a signer holds the role (NOT_AUTHORIZED), with a full key where asked (KEY_CLASS_TOO_LOW). */
export function checkRole(city: City, role: Role, keyClass: KeyClass = 'everyday'): Rejection | null {
  const holders = holdersOf(city, role);
  if (holders.length === 0) return reject('NOT_AUTHORIZED', { needs: `role ${role}` });
  return checkClass(holders, keyClass);
}

/** Refuses unless anybody able signed: for acts that prove themselves, so that nobody is asked who they are. NOT_AUTHORIZED. */
export function checkAnybody(city: City): Rejection | null {
  return ableSigners(city).length > 0 ? null : reject('NOT_AUTHORIZED', { needs: 'a signer' });
}

/** Refuses unless the account itself signed (NOT_AUTHORIZED), with a full key where asked (KEY_CLASS_TOO_LOW). */
export function checkAccount(city: City, account: Bytes, keyClass: KeyClass = 'everyday'): Rejection | null {
  const signed = ableSigners(city).filter((signer) => equalBytes(signer.account, account));
  if (signed.length === 0) return reject('NOT_AUTHORIZED', { needs: `account ${toHex(account)}` });
  return checkClass(signed, keyClass);
}

function checkClass(signers: readonly VerifiedSigner[], keyClass: KeyClass): Rejection | null {
  const suffices = keyClass === 'everyday' || signers.some((signer) => signer.class === 'full');
  return suffices ? null : reject('KEY_CLASS_TOO_LOW', { needs: 'full' });
}

/** Refuses unless the council decided this in a proposal: NOT_AUTHORIZED. Dangerous actions only ever run so. */
export function checkCouncil(city: City): Rejection | null {
  const { council } = city.get(at(cityKind));
  const decided = 'body' in city.authority && equalBytes(city.authority.body, council);
  return decided ? null : reject('NOT_AUTHORIZED', { needs: `body ${toHex(council)}` });
}
