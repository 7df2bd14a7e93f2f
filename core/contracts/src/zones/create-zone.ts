/** A piece of the street comes under one set of order keys and one envelope. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import { defineAction } from '@oppidum/ledger/action';
import type { DomainLookup } from '../domains/domain.ts';
import { checkNewEnvelope } from './envelopes.ts';
import { checkNext, checkOrderKeys, checkZoneAuthority } from './zones.ts';

const NO_ENVELOPE = new Uint8Array(32);

/**
 * Creates a zone with its first key set and its first envelope.
 * Rule: the first key set is signed by nobody, since each device pins it by hand; that the envelope is signed by its keys shows that they
 * are held.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_EXISTS, DOMAIN_UNKNOWN; codes of a key set, WRONG_CITY, ZONE_FOREIGN,
 * VERSION_NOT_NEXT, KEY_IN_USE; codes of an envelope, WRONG_CITY, ZONE_FOREIGN, VERSION_NOT_NEXT, ENVELOPE_PREVIOUS, KEY_UNKNOWN,
 * SIGNATURE_INVALID, SIGNATURES_FEW, COMMAND_UNKNOWN, DANGER_UNDECLARED, DIRECTION_UNSAFE, ENVELOPE_CONTRADICTS,
 * ENVELOPE_SENSOR_UNKNOWN, SENSOR_DECIMALS, SENSORS_DEPENDENT.
 */
export const createZone = (domains: DomainLookup) =>
  defineAction({
    kind: 'zone/create',
    body: ACTION_FIELDS['zone/create'],

    check({ id: zone, domain: name, keySet: statement, envelope, signatures }, city) {
      const refused = checkZoneAuthority(city);
      if (refused !== null) return refused;
      if (city.read(at(zoneKind, zone)) !== null) return reject('ZONE_EXISTS', { zone: toHex(zone) });
      const domain = domains(name);
      if (domain === null) return reject('DOMAIN_UNKNOWN', { domain: name });
      const keySet = parseKeySet(statement);
      const unfit = checkNext(city, zone, keySet, 1) ?? checkOrderKeys(city, keySet);
      if (unfit !== null) return unfit;
      const place = { zone, domain, keySet, version: 1, previous: NO_ENVELOPE };
      return checkNewEnvelope(city, { statement: envelope, signatures }, place);
    },

    // COMMIT POINT
    apply({ id: zone, name, domain, keySet, envelope, signatures }, city) {
      const from = city.height;
      city.write(at(zoneKind, zone), { name, domain, keys: 1, envelope: 1, deviceCount: 0, from });
      city.write(at(zoneKeysKind, zone, 1), { statement: keySet, from });
      city.write(at(zoneEnvelopeKind, zone, 1), { statement: envelope, signatures, from });
      city.emit('zone/created', { zone, domain });
    },
  });
