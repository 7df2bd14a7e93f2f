/** The cabinets of a lighting zone as two engineers signed them, from the state itself. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseHex } from '@oppidum/formats/bytes';
import { LIGHTING_CABINETS, type LightingCabinets, parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentAt, zoneKind } from '@oppidum/formats/state-orders';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';
import type { NodeClient } from '@oppidum/node/client';

export const LIGHTING = 'lighting';

export type CabinetsDocument = { readonly version: number; readonly body: Bytes; readonly cabinets: LightingCabinets };

/** The document in force of the zone with this id (hex); null where there is none, or no such lighting zone. */
export function zoneCabinets(node: Pick<NodeClient, 'read'>, id: string): CabinetsDocument | null {
  const zone = node.read(at(zoneKind, parseHex(id)));
  const record = zone?.domain === LIGHTING ? node.read(zoneDocumentAt(nativeCrypto, parseHex(id), LIGHTING_CABINETS)) : null;
  if (record === null) return null;
  const { body } = parseZoneDocument(record.statement);
  const cabinets = parseLightingCabinets(body);
  if ('code' in cabinets) throw new Error(`cabinets were set that are refused: ${cabinets.code}`);
  return { version: record.version, body, cabinets };
}
