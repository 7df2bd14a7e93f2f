/** An owner sells a device on: one more link, and only one from each. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { deviceOwnerKind, voucherLinkKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { readStanding } from '../devices/standing.ts';
import { checkOpen } from '../governance/account-keys.ts';
import { applyHandover } from './handover.ts';
import { checkInUse } from './owners.ts';

/**
 * Extends link number `link` of a device's voucher to `owner`.
 * Rule: who owns by that link signs with a full key. A link is extended once: the second buyer is refused, and sees that it was sold.
 * Refuses, in this order: DEVICE_UNKNOWN, VOUCHER_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, VOUCHER_SPENT, DEVICE_REVOKED,
 * ACCOUNT_UNKNOWN, ACCOUNT_CLOSED.
 */
export const transferDevice = defineAction({
  kind: 'device/transfer',
  body: ACTION_FIELDS['device/transfer'],

  check({ id: device, link, owner }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const extended = city.read(at(voucherLinkKind, device, link));
    if (extended === null) return reject('VOUCHER_UNKNOWN', { device: toHex(device), link });
    const refused = checkAccount(city, extended.owner, 'full');
    if (refused !== null) return refused;
    const { linkCount } = city.get(at(deviceOwnerKind, device));
    if (link + 1 < linkCount) return reject('VOUCHER_SPENT', { device: toHex(device), link, linkCount });
    return checkInUse(standing, device) ?? checkOpen(city, owner);
  },

  // COMMIT POINT
  apply({ id: device, link, owner }, city) {
    applyHandover(city, device, { seller: city.get(at(voucherLinkKind, device, link)).owner, owner });
  },
});
