/** A zone gets the next version of its envelope. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { at } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind, zoneKind } from '@oppidum/formats/state-orders';
import { defineAction } from '@oppidum/ledger/action';
import { type DomainLookup, domainOf } from '../domains/domain.ts';
import { checkNewEnvelope } from './envelopes.ts';
import { keySetOf, openZone } from './zones.ts';

/**
 * Sets the envelope of a zone. Orders that named the one before and are not issued yet never are.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_UNKNOWN; codes of an envelope, WRONG_CITY, ZONE_FOREIGN,
 * VERSION_NOT_NEXT, ENVELOPE_PREVIOUS, KEY_UNKNOWN, SIGNATURE_INVALID, SIGNATURES_FEW, COMMAND_UNKNOWN, DANGER_UNDECLARED,
 * DIRECTION_UNSAFE, ENVELOPE_CONTRADICTS, ENVELOPE_SENSOR_UNKNOWN, SENSOR_DECIMALS, SENSORS_DEPENDENT.
 */
export const setEnvelope = (domains: DomainLookup) =>
  defineAction({
    kind: 'zone/set-envelope',
    body: ACTION_FIELDS['zone/set-envelope'],

    check({ zone: id, envelope: statement, signatures }, city) {
      const zone = openZone(city, id);
      if ('code' in zone) return zone;
      const { envelope: version } = zone.record;
      const previous = city.crypto.sha256(city.get(at(zoneEnvelopeKind, id, version)).statement);
      const place = { zone: id, domain: domainOf(domains, zone), keySet: keySetOf(city, zone), version: version + 1, previous };
      return checkNewEnvelope(city, { statement, signatures }, place);
    },

    // COMMIT POINT
    apply({ zone: id, envelope: statement, signatures }, city) {
      const record = city.get(at(zoneKind, id));
      const version = record.envelope + 1;
      city.write(at(zoneKind, id), { ...record, envelope: version });
      city.write(at(zoneEnvelopeKind, id, version), { statement, signatures, from: city.height });
      city.emit('zone/envelope-set', { zone: id, version });
    },
  });
