/** A zone changes its order keys: those in force hand over to the next. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { at } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { checkStatement } from '@oppidum/formats/statement';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import { defineAction } from '@oppidum/ledger/action';
import { checkNext, checkOrderKeys, keySetOf, openZone } from './zones.ts';

/**
 * Replaces the key set of a zone by its next version.
 * Rule: as many of the keys in force sign it as sign what is dangerous. As many of the new ones sign the envelope in force: so they are
 * held by somebody, and a device that knows the new keys alone believes the envelope.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_UNKNOWN; codes of a key set, WRONG_CITY, ZONE_FOREIGN, VERSION_NOT_NEXT,
 * KEY_IN_USE; KEY_UNKNOWN, SIGNATURE_INVALID, SIGNATURES_FEW (of the keys in force), KEY_UNKNOWN, SIGNATURE_INVALID, SIGNATURES_FEW (of
 * the new ones).
 */
export const replaceKeys = defineAction({
  kind: 'zone/replace-keys',
  body: ACTION_FIELDS['zone/replace-keys'],

  check({ zone: id, keySet: statement, signatures, envelopeSignatures }, city) {
    const zone = openZone(city, id);
    if ('code' in zone) return zone;
    const before = keySetOf(city, zone);
    const next = parseKeySet(statement);
    const unfit = checkNext(city, id, next, before.version + 1) ?? checkOrderKeys(city, next);
    if (unfit !== null) return unfit;
    const envelope = city.get(at(zoneEnvelopeKind, id, zone.record.envelope)).statement;
    const byOld = { keys: before.keys, count: before.dangerousThreshold };
    const byNew = { keys: next.keys, count: next.dangerousThreshold };
    return (
      checkStatement(city.crypto, 'keys', { statement, signatures }, byOld) ??
      checkStatement(city.crypto, 'envelope', { statement: envelope, signatures: envelopeSignatures }, byNew)
    );
  },

  // COMMIT POINT
  apply({ zone: id, keySet, signatures, envelopeSignatures }, city) {
    const record = city.get(at(zoneKind, id));
    const version = record.keys + 1;
    const envelope = city.get(at(zoneEnvelopeKind, id, record.envelope));
    city.write(at(zoneKind, id), { ...record, keys: version });
    city.write(at(zoneKeysKind, id, version), { statement: keySet, signatures, from: city.height });
    city.write(at(zoneEnvelopeKind, id, record.envelope), { ...envelope, signatures: envelopeSignatures });
    city.emit('zone/keys-replaced', { zone: id, version });
  },
});
