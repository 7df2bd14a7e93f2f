/**
 * Whether a break-glass order is one that its devices would obey: they decide by themselves, but whoever gives it in a hurry should hear what is
 * wrong with it at once. No ledger is written for it, so it works while none can be.
 */

import { equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { isSafe } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Order } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind, zoneKind } from '@oppidum/formats/state-orders';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import type { NodeClient } from '@oppidum/node/client';
import { checkLifetime } from '@oppidum/proofs/verify-order';
import { readZoneAt } from './zone-records.ts';

/**
 * Refuses, in this order: WRONG_CITY, ORDER_MODE, ZONE_UNKNOWN, ZONE_KEYS_VERSION, ZONE_ENVELOPE_VERSION; KEY_UNKNOWN, SIGNATURE_INVALID,
 * SIGNATURES_FEW; LIFETIME_TOO_LONG, DIRECTION_UNSAFE; EXPIRED (once reported, everybody can read it on the ledger and give it again for
 * ever; a clock that is wrong by one lifetime is forgiven); DEVICE_NOT_IN_ZONE.
 */
export function checkBreakGlass(
  crypto: Crypto,
  node: Pick<NodeClient, 'read' | 'genesisHash'>,
  order: Order,
  signed: SignedStatement,
  nowMs: number,
): Rejection | null {
  if (!equalBytes(order.city, node.genesisHash)) return reject('WRONG_CITY', { city: toHex(order.city) });
  if (order.mode !== 'break-glass') return reject('ORDER_MODE', { want: 'break-glass', got: order.mode });
  const record = node.read(at(zoneKind, order.zone));
  if (record === null) return reject('ZONE_UNKNOWN', { zone: toHex(order.zone) });
  if (order.keys !== record.keys) return reject('ZONE_KEYS_VERSION', { want: record.keys, got: order.keys });
  if (order.envelope !== record.envelope) return reject('ZONE_ENVELOPE_VERSION', { want: record.envelope, got: order.envelope });
  const zone = readZoneAt(node, order);
  if (zone === null) throw new Error('a zone has the keys and the envelope that are in force there');
  const refused =
    checkStatement(crypto, 'order', signed, { keys: zone.keySet.keys, count: zone.needed }) ??
    checkLifetime(zone.envelope, order);
  if (refused !== null) return refused;
  if (!isSafe(zone.envelope, order)) return reject('DIRECTION_UNSAFE', { command: order.command });
  const { expiresMs, lifetimeMs } = order;
  if (expiresMs + lifetimeMs <= nowMs) return reject('EXPIRED', { expiresMs, timeMs: nowMs });
  if (!('device' in order.target)) return null;
  const { device } = order.target;
  const home = node.read(at(deviceZoneKind, device));
  if (home !== null && equalBytes(home.zone, order.zone)) return null;
  return reject('DEVICE_NOT_IN_ZONE', { device: toHex(device) });
}
