/** A maker hands a device over to its first owner: the voucher begins. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { deviceOwnerKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { checkMade } from '../devices/makers.ts';
import { readStanding } from '../devices/standing.ts';
import { checkOpen } from '../governance/account-keys.ts';
import { applyHandover } from './handover.ts';
import { checkInUse } from './owners.ts';

/**
 * Writes link 0 of a device's voucher, from its maker to `owner`. From then on the owner, and the maker no more, is heard about it.
 * Refuses, in this order: DEVICE_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED,
 * VOUCHER_SPENT, ACCOUNT_UNKNOWN, ACCOUNT_CLOSED.
 */
export const vouchDevice = defineAction({
  kind: 'device/vouch',
  body: ACTION_FIELDS['device/vouch'],

  check({ id: device, owner }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const refused = checkAccount(city, standing.manufacturer.account, 'full') ?? checkMade(standing);
    if (refused !== null) return refused;
    const held = city.read(at(deviceOwnerKind, device));
    const spent = held === null ? null : reject('VOUCHER_SPENT', { linkCount: held.linkCount });
    return checkInUse(standing, device) ?? spent ?? checkOpen(city, owner);
  },

  // COMMIT POINT
  apply({ id: device, owner }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) throw new Error('a device that is vouched for exists');
    applyHandover(city, device, { seller: standing.manufacturer.account, owner });
  },
});
