/** Whose a device is: the account of its voucher's newest link, or its maker's while nobody vouched. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { deviceOwnerKind } from '@oppidum/formats/state-trust';
import type { City, VerifiedSigner } from '@oppidum/ledger/city';
import { checkAccount, checkRole } from '../authority.ts';
import type { Standing } from '../devices/standing.ts';

/** The account that owns a device. */
export function ownerAccount(city: Pick<City, 'read'>, device: Bytes, { manufacturer }: Pick<Standing, 'manufacturer'>): Bytes {
  return city.read(at(deviceOwnerKind, device))?.owner ?? manufacturer.account;
}

/** Refuses unless the operator or the device's owner signed (NOT_AUTHORIZED), with a key of this class (KEY_CLASS_TOO_LOW). */
export function checkOperatorOrOwner(
  city: City,
  device: Bytes,
  standing: Standing,
  keyClass: VerifiedSigner['class'],
): Rejection | null {
  const asOperator = checkRole(city, 'operator', keyClass);
  if (asOperator === null) return null;
  const asOwner = checkAccount(city, ownerAccount(city, device, standing), keyClass);
  if (asOwner === null) return null;
  // Who may, but with another key, is told so.
  return asOperator.code === 'KEY_CLASS_TOO_LOW' ? asOperator : asOwner;
}

/** Refuses unless the owner of a device that has a voucher signed: NOT_AUTHORIZED. Of others nobody is asked. */
export function checkOwnerAgrees(city: City, device: Bytes): Rejection | null {
  const held = city.read(at(deviceOwnerKind, device));
  return held === null ? null : checkAccount(city, held.owner);
}

/** What a device that is at its end refuses: DEVICE_REVOKED. */
export function checkInUse({ device }: Pick<Standing, 'device'>, id: Bytes): Rejection | null {
  return device.to === undefined ? null : reject('DEVICE_REVOKED', { device: toHex(id), revokedAt: device.to });
}
