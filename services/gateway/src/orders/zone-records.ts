/** What was in force in a zone when an order was signed, from the records of the ledger. */

import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import type { Order } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { NodeClient } from '@oppidum/node/client';
import { signersNeeded } from '@oppidum/proofs/order-signers';

/** A zone as an order sees it. `needed`: keys that must sign it. */
export type ZoneAt = { readonly name: string; readonly keySet: KeySet; readonly envelope: Envelope; readonly needed: number };

/** The zone of an order with the key set and the envelope that it names, or null where there are none such. */
export function readZoneAt(
  node: Pick<NodeClient, 'read'>,
  order: Pick<Order, 'zone' | 'keys' | 'envelope' | 'command' | 'arguments'>,
): ZoneAt | null {
  const zone = node.read(at(zoneKind, order.zone));
  const keys = node.read(at(zoneKeysKind, order.zone, order.keys));
  const envelopes = node.read(at(zoneEnvelopeKind, order.zone, order.envelope));
  if (zone === null || keys === null || envelopes === null) return null;
  const [keySet, envelope] = [parseKeySet(keys.statement), parseEnvelope(envelopes.statement)];
  return { name: zone.name, keySet, envelope, needed: signersNeeded(keySet, envelope, order) };
}
