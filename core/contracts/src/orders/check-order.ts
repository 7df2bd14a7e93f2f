/** What an order must be to be issued, and how many keys it lacks until then. */

import { equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Envelope } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type Order, parseOrder } from '@oppidum/formats/order-statement';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import type { City } from '@oppidum/ledger/city';
import { isDangerousOrder, signersNeeded } from '@oppidum/proofs/order-signers';
import { checkLifetime } from '@oppidum/proofs/verify-order';
import { ableSigners } from '../authority.ts';
import { type DomainLookup, domainOf, type Zone } from '../domains/domain.ts';
import { checkInterlocks } from '../safety/check-interlocks.ts';
import { envelopeOf, keySetOf, readZone } from '../zones/zones.ts';
import { checkTarget, checkUnspent } from './targets.ts';

/** The zone of an order with what is in force there, if the order was signed for exactly that. */
type Standing = { readonly zone: Zone; readonly keySet: KeySet; readonly envelope: Envelope };

/** An order of this city in this mode. Refuses WRONG_CITY, ORDER_MODE; throws what the decoder throws. */
export function openOrder(city: City, statement: SignedStatement['statement'], mode: Order['mode']): Order | Rejection {
  const order = parseOrder(statement);
  if (!equalBytes(order.city, city.genesis)) return reject('WRONG_CITY', { city: toHex(order.city) });
  return order.mode === mode ? order : reject('ORDER_MODE', { want: mode, got: order.mode });
}

/**
 * Refuses, in this order: ZONE_UNKNOWN, ZONE_KEYS_VERSION, ZONE_ENVELOPE_VERSION; per signature KEY_UNKNOWN, SIGNATURE_INVALID;
 * KEY_CLASS_TOO_LOW (of whoever sends a dangerous one); EXPIRED, NOT_YET_VALID (issued later than its lifetime); as `checkTarget`; what the
 * domain refuses; LIFETIME_TOO_LONG; CHALLENGE_SPENT; once enough keys signed as `checkInterlocks`.
 */
export function checkOrder(city: City, domains: DomainLookup, order: Order, signed: SignedStatement): Rejection | null {
  const standing = readZoneOf(city, order);
  if ('code' in standing) return standing;
  const { zone, keySet, envelope } = standing;
  const domain = domainOf(domains, zone);
  return (
    checkStatement(city.crypto, 'order', signed, { keys: keySet.keys, count: 1 }) ??
    checkSender(city, envelope, order) ??
    checkTime(city, order) ??
    checkTarget(city, zone, domain, order) ??
    domain.checkOrder(city, zone, order) ??
    checkLifetime(envelope, order) ??
    checkUnspent(city, order) ??
    (signed.signatures.length < signersNeeded(keySet, envelope, order) ? null : checkInterlocks(city, envelope, order))
  );
}

/** True when enough keys signed an order that was checked. */
export function isFullySigned(city: City, order: Order, signed: SignedStatement): boolean {
  const standing = readZoneOf(city, order);
  if ('code' in standing) throw new Error('a checked order has its zone');
  return signed.signatures.length >= signersNeeded(standing.keySet, standing.envelope, order);
}

function readZoneOf(city: City, order: Order): Standing | Rejection {
  const zone = readZone(city, order.zone);
  if ('code' in zone) return zone;
  const { keys, envelope } = zone.record;
  if (order.keys !== keys) return reject('ZONE_KEYS_VERSION', { want: keys, got: order.keys });
  if (order.envelope !== envelope) return reject('ZONE_ENVELOPE_VERSION', { want: envelope, got: order.envelope });
  return { zone, keySet: keySetOf(city, zone), envelope: envelopeOf(city, zone) };
}

/** Everyday keys, made where a page is served, send nothing dangerous. */
function checkSender(city: City, envelope: Envelope, order: Order): Rejection | null {
  if (!isDangerousOrder(envelope, order)) return null;
  return ableSigners(city).some((signer) => signer.class === 'full') ? null : reject('KEY_CLASS_TOO_LOW', { needs: 'full' });
}

function checkTime(city: City, { expiresMs, lifetimeMs }: Order): Rejection | null {
  const { timeMs } = city;
  if (expiresMs <= timeMs) return reject('EXPIRED', { expiresMs, timeMs });
  return expiresMs <= timeMs + lifetimeMs ? null : reject('NOT_YET_VALID', { expiresMs, timeMs, lifetimeMs });
}
