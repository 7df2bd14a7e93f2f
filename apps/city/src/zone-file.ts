/**
 * The zones of a town whose order keys were pinned by hand, and the documents that these keys signed:
 *
 *   zones/<name>.zone     the key set, as whoever made the zone put it here      zones.json   what the town would like to have (`zone-drafts.ts`)
 *   orders/<label>.cbor   what a machine knows of its zone and of orders         signals/     documents and latch of a junction
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type OrderStore, openOrderState, pinZone } from '@oppidum/device/orders/order-state';
import { ledgerSource } from '@oppidum/device/orders/order-trust';
import { followZone, type ZonePins } from '@oppidum/device/orders/zone-pins';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { zoneDocumentKind } from '@oppidum/formats/state-orders';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import { type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { ZoneName } from './zone-drafts.ts';

/** The key set of a zone as it was pinned, or null: nobody made the zone yet. Throws FormatError for bytes that are none. */
export async function readZoneFile(folder: string, name: ZoneName): Promise<KeySet | null> {
  const bytes = await readFile(join(folder, 'zones', `${name}.zone`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return bytes === null ? null : parseKeySet(new Uint8Array(bytes));
}

/** The state of a machine that takes orders; at the first time its zone is pinned. */
export async function openMachine(folder: string, label: string, pins: ZonePins): Promise<OrderStore> {
  const path = join(folder, 'orders', `${label}.cbor`);
  try {
    return openOrderState(path);
  } catch (error) {
    if (!(error instanceof FormatError) || error.code !== 'ZONE_UNPINNED') throw error;
  }
  await pinZone(path, pins);
  return openOrderState(path);
}

/** A document of a zone as its keys signed it, or null: there is none, or none that they signed. Throws as `ProvenRecords` does. */
export async function readSigned(
  records: ProvenRecords,
  pins: ZonePins,
  name: string,
): Promise<(SignedStatement & { readonly keys: KeySet }) | null> {
  const { zone } = pins.keys;
  const record = await records.read(zoneDocumentKind, [zone, nativeCrypto.sha256(encodeUtf8(name))]);
  if (record === null) return null;
  const followed = await followZone(nativeCrypto, pins, { keys: record.keys, envelope: 0 }, ledgerSource(records));
  if ('code' in followed) return null;
  const { keys } = followed;
  const { statement, signatures } = record;
  const need = { keys: keys.keys, count: keys.dangerousThreshold };
  const rejection = checkStatement(nativeCrypto, 'document', { statement, signatures }, need);
  return rejection === null ? { statement, signatures, keys } : null;
}
