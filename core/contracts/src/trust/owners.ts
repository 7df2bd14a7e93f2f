/** Whose a device is: the account of its voucher's newest link, or its maker's while nobody vouched. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { deviceOwnerKind, type VoucherLinkRecord, voucherLinkKind } from '@oppidum/formats/state-trust';
import { NO_LINK, voucherLinkDigest } from '@oppidum/formats/voucher';
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

/** Adds a link to a voucher: from now on `owner` owns the device. */
export function applyLink(city: City, device: Bytes, { seller, owner }: Pick<VoucherLinkRecord, 'seller' | 'owner'>): void {
  const held = city.read(at(deviceOwnerKind, device));
  const [number, previous] = [held?.linkCount ?? 0, held?.newest ?? NO_LINK];
  const newest = voucherLinkDigest(city.crypto, { genesis: city.genesis, device, number, previous, seller, owner });
  city.write(at(voucherLinkKind, device, number), { previous, seller, owner, from: city.height });
  city.write(at(deviceOwnerKind, device), { owner, linkCount: number + 1, newest });
  city.emit('device/owned', { device, link: number, seller, owner });
}

/** What a device that is at its end refuses: DEVICE_REVOKED. */
export function checkInUse({ device }: Pick<Standing, 'device'>, id: Bytes): Rejection | null {
  return device.to === undefined ? null : reject('DEVICE_REVOKED', { device: toHex(id), revokedAt: device.to });
}
