/** Zones as their actions find them: on whose authority they change, and which keys and envelope are in force. */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { accountKeyKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { City } from '@oppidum/ledger/city';
import { checkCouncil, checkRole } from '../authority.ts';
import { ownerOf } from '../devices/registrations.ts';
import type { Zone } from '../domains/domain.ts';

/** Refuses unless the operator signed with a full key, or the council decided: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW. */
export function checkZoneAuthority(city: City): Rejection | null {
  return 'body' in city.authority ? checkCouncil(city) : checkRole(city, 'operator', 'full');
}

/** The zone, or ZONE_UNKNOWN. */
export function readZone(city: Pick<City, 'read'>, zone: Bytes): Zone | Rejection {
  const record = city.read(at(zoneKind, zone));
  return record === null ? reject('ZONE_UNKNOWN', { zone: toHex(zone) }) : { id: zone, record };
}

/** The zone, if its authority signed. Refuses NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ZONE_UNKNOWN. */
export function openZone(city: City, zone: Bytes): Zone | Rejection {
  return checkZoneAuthority(city) ?? readZone(city, zone);
}

/** The key set of a zone in force. */
export function keySetOf(city: Pick<City, 'get'>, { id, record }: Zone): KeySet {
  return parseKeySet(city.get(at(zoneKeysKind, id, record.keys)).statement);
}

/** The envelope of a zone in force. */
export function envelopeOf(city: Pick<City, 'get'>, { id, record }: Zone): Envelope {
  return parseEnvelope(city.get(at(zoneEnvelopeKind, id, record.envelope)).statement);
}

/** Refuses a statement about something else, or not the next of its sort: WRONG_CITY, ZONE_FOREIGN, VERSION_NOT_NEXT. */
export function checkNext(
  city: Pick<City, 'genesis'>,
  zone: Bytes,
  statement: { readonly city: Bytes; readonly zone: Bytes; readonly version: number },
  version: number,
): Rejection | null {
  if (!equalBytes(statement.city, city.genesis)) return reject('WRONG_CITY', { city: toHex(statement.city) });
  if (!equalBytes(statement.zone, zone)) return reject('ZONE_FOREIGN', { zone: toHex(statement.zone) });
  return statement.version === version ? null : reject('VERSION_NOT_NEXT', { want: version, got: statement.version });
}

/** Refuses a key set with a key of a device, or one of those that sign this transaction: KEY_IN_USE. Order keys sign orders and nothing else. */
export function checkOrderKeys(city: City, { keys }: KeySet): Rejection | null {
  const signers = 'body' in city.authority ? [] : city.authority.signers;
  const own = signers.map(({ account, keyNumber }) => city.read(at(accountKeyKind, account, keyNumber))?.publicKey);
  for (const [key, publicKey] of keys.entries()) {
    const isAccounts = own.some((other) => other !== undefined && equalBytes(other, publicKey));
    if (isAccounts || city.read(ownerOf(city, publicKey)) !== null) return reject('KEY_IN_USE', { key });
  }
  return null;
}
