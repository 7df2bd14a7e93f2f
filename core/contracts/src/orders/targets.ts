/** Whom an order is for, and whether they can do what it says. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Order } from '@oppidum/formats/order-statement';
import { modelCommandsKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { newestOrderKind, newestZoneOrderKind, zoneModelKind } from '@oppidum/formats/state-orders';
import type { City } from '@oppidum/ledger/city';
import { checkEntitlement } from '@oppidum/proofs/entitlement';
import { openQuarantine } from '../devices/quarantines.ts';
import { readNewestEntitlement, readStanding } from '../devices/standing.ts';
import type { Domain, Zone } from '../domains/domain.ts';
import { checkInZone } from '../zones/zone-devices.ts';

/**
 * Refuses, in this order: of one device DEVICE_NOT_IN_ZONE, then as it stands MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED,
 * DEVICE_NOT_ACTIVE, DEVICE_SUSPENDED, DEVICE_QUARANTINED, then COMMAND_UNKNOWN, ARGUMENT_RANGE, ARGUMENT_UNIT; of many ORDER_COUNT (more
 * than the zone has), then the same model by model. Which devices a tree holds the ledger cannot see: each of them asks itself.
 */
export function checkTarget(city: City, zone: Zone, domain: Domain, order: Order): Rejection | null {
  const { target } = order;
  if ('device' in target) return checkDevice(city, zone, domain, target.device, order);
  const { deviceCount } = zone.record;
  if (target.count > deviceCount) return reject('ORDER_COUNT', { count: target.count, deviceCount });
  for (const { segments } of city.scan(zoneModelKind, zone.id)) {
    const refused = checkCapable(city, domain, segments[1] as Bytes, order);
    if (refused !== null) return refused;
  }
  return null;
}

function checkDevice(city: City, zone: Zone, domain: Domain, device: Bytes, order: Order): Rejection | null {
  const strange = checkInZone(city, zone.id, device);
  if (strange !== null) return strange;
  const standing = readStanding(city, device);
  if ('code' in standing) throw new Error(`device ${toHex(device)} of a zone is gone`);
  const refused = checkEntitlement(readNewestEntitlement(city, device, standing), city.height);
  if (refused !== null) return refused;
  const quarantine = openQuarantine(standing.device);
  if (quarantine !== null) return reject('DEVICE_QUARANTINED', { from: quarantine.from, cause: quarantine.cause });
  return checkCapable(city, domain, standing.device.model, order);
}

/** What a model's description does not name, no order asks for: COMMAND_UNKNOWN, ARGUMENT_RANGE, ARGUMENT_UNIT. */
function checkCapable(city: City, domain: Domain, model: Bytes, given: Command): Rejection | null {
  const known = city.read(at(modelCommandsKind, model))?.commands.find(({ name }) => name === given.command);
  const facts = { command: given.command, model: toHex(model) };
  if (known === undefined) return reject('COMMAND_UNKNOWN', facts);
  const { parameters } = known;
  if (parameters.length !== given.arguments.length)
    return reject('ARGUMENT_RANGE', { ...facts, want: parameters.length, got: given.arguments.length });
  for (const [position, { name, min, max }] of parameters.entries()) {
    const value = given.arguments[position] as number;
    if (value < min || value > max) return reject('ARGUMENT_RANGE', { ...facts, argument: name, min, max });
  }
  const meant = Object.hasOwn(domain.commands, given.command) ? (domain.commands[given.command]?.units ?? []) : [];
  for (const [position, { name, unit }] of parameters.entries()) {
    const want = meant[position];
    // Who says nothing of units means those of the domain.
    if (unit !== undefined && want !== undefined && unit !== want)
      return reject('ARGUMENT_UNIT', { ...facts, argument: name, want, got: unit });
  }
  return null;
}

/** Refuses an order for a challenge, or a tree of them, that the order issued last has spent: CHALLENGE_SPENT. The ledger's order decides. */
export function checkUnspent(city: City, { zone, target }: Order): Rejection | null {
  const spent =
    'device' in target
      ? spentBy(city.read(at(newestOrderKind, target.device)), (newest) => equalBytes(newest.challenge, target.challenge))
      : spentBy(city.read(at(newestZoneOrderKind, zone)), (newest) => equalBytes(newest.root, target.root));
  return spent === null ? null : reject('CHALLENGE_SPENT', { by: toHex(spent) });
}

function spentBy<N extends { readonly order: Bytes }>(newest: N | null, isSame: (newest: N) => boolean): Bytes | null {
  return newest !== null && isSame(newest) ? newest.order : null;
}
