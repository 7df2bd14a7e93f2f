/** A maker loses the trust of the city, and with it every device it made. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { manufacturerKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import { isByTrustees } from '../governance/trustees.ts';

/**
 * Revokes a manufacturer for good. Its models and devices need no record of their own: whoever asks whether a device is entitled reads
 * this one too (core/proofs/src/entitlement.ts). What was anchored before stays true.
 * Rule: an operator alone may, for trust that was misplaced has to end at once; so may the trustees of the city.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, MANUFACTURER_UNKNOWN, MANUFACTURER_REVOKED.
 */
export const revokeManufacturer = defineAction({
  kind: 'manufacturer/revoke',
  body: ACTION_FIELDS['manufacturer/revoke'],

  check({ id: manufacturer }, city) {
    const refused = isByTrustees(city) ? null : checkRole(city, 'operator', 'full');
    if (refused !== null) return refused;
    const record = city.read(at(manufacturerKind, manufacturer));
    if (record === null) return reject('MANUFACTURER_UNKNOWN', { manufacturer: toHex(manufacturer) });
    return record.to === undefined ? null : reject('MANUFACTURER_REVOKED', { revokedAt: record.to });
  },

  // COMMIT POINT
  apply({ id: manufacturer, reason }, city) {
    const place = at(manufacturerKind, manufacturer);
    city.write(place, { ...city.get(place), to: city.height });
    city.emit('manufacturer/revoked', { manufacturer, reason });
  },
});
