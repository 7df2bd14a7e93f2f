/** A document that the machines of a zone work by gets its next version: a matrix, plans, a programme. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentAt, zoneKind } from '@oppidum/formats/state-orders';
import { checkStatement } from '@oppidum/formats/statement';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';
import { defineAction } from '@oppidum/ledger/action';
import { type DomainLookup, domainOf } from '../domains/domain.ts';
import { checkNext, keySetOf, openZone } from './zones.ts';

/**
 * Sets a document. As many keys sign it as sign what is dangerous: by two different engineers where that is two.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_UNKNOWN; codes of a document, DOCUMENT_UNKNOWN, WRONG_CITY,
 * ZONE_FOREIGN, VERSION_NOT_NEXT, KEY_UNKNOWN, SIGNATURE_INVALID, SIGNATURES_FEW; what the domain refuses.
 */
export const setDocument = (domains: DomainLookup) =>
  defineAction({
    kind: 'zone/set-document',
    body: ACTION_FIELDS['zone/set-document'],

    check({ zone: id, document: statement, signatures }, city) {
      const zone = openZone(city, id);
      if ('code' in zone) return zone;
      const document = parseZoneDocument(statement);
      const { name } = document;
      const { documents } = domainOf(domains, zone);
      const checkBody = Object.hasOwn(documents, name) ? documents[name] : undefined;
      if (checkBody === undefined) return reject('DOCUMENT_UNKNOWN', { domain: zone.record.domain, name });
      const before = city.read(zoneDocumentAt(city.crypto, id, name))?.version ?? 0;
      const { keys, dangerousThreshold } = keySetOf(city, zone);
      return (
        checkNext(city, id, document, before + 1) ??
        checkStatement(city.crypto, 'document', { statement, signatures }, { keys, count: dangerousThreshold }) ??
        checkBody(document.body, city, zone)
      );
    },

    // COMMIT POINT
    apply({ zone: id, document: statement, signatures }, city) {
      const { name, version } = parseZoneDocument(statement);
      const { keys } = city.get(at(zoneKind, id));
      const digest = city.crypto.sha256(statement);
      const record = { version, digest, statement, signatures, keys, from: city.height };
      city.write(zoneDocumentAt(city.crypto, id, name), record);
      city.emit('zone/document-set', { zone: id, name, version, digest });
    },
  });
