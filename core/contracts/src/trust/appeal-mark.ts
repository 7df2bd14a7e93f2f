/** The owner of a device objects to what auditors found. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { auditCaseKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { readStanding } from '../devices/standing.ts';
import { ownerAccount } from './owners.ts';

/**
 * Appeals a case that counts, once. It counts on until the council decides.
 * Refuses, in this order: DEVICE_UNKNOWN, NOT_AUTHORIZED, CASE_UNKNOWN, APPEAL_EXISTS.
 */
export const appealMark = defineAction({
  kind: 'device/appeal',
  body: ACTION_FIELDS['device/appeal'],

  check({ id: device, evidence }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const refused = checkAccount(city, ownerAccount(city, device, standing));
    if (refused !== null) return refused;
    const known = city.read(at(auditCaseKind, device, evidence));
    if (known?.counted === undefined) return reject('CASE_UNKNOWN', { device: toHex(device), evidence: toHex(evidence) });
    return known.appeal === undefined ? null : reject('APPEAL_EXISTS', { at: known.appeal.at });
  },

  // COMMIT POINT
  apply({ id: device, evidence, reason }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) throw new Error('a device whose mark is appealed exists');
    const place = at(auditCaseKind, device, evidence);
    const by = ownerAccount(city, device, standing);
    city.write(place, { ...city.get(place), appeal: { by, reason, at: city.height } });
    city.emit('device/appealed', { device, evidence, reason });
  },
});
