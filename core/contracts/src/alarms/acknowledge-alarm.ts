/** Somebody who may answers for an alarm. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { ALARM_RULES, type AlarmCause, alarmId } from '@oppidum/formats/alarm';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { acknowledgementKind } from '@oppidum/formats/state-alarms';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { cityKind, memberKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { zoneKind } from '@oppidum/formats/state-orders';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { validatorKeyKind } from '@oppidum/formats/state-validators';
import { defineAction } from '@oppidum/ledger/action';
import type { City, VerifiedSigner } from '@oppidum/ledger/city';
import { ableSigners, holdersOf } from '../authority.ts';
import { openQuarantine } from '../devices/quarantines.ts';
import { checkInZone } from '../zones/zone-devices.ts';

/**
 * Acknowledges an alarm: from then on a named account answers for it, and nobody else is called.
 * Rule: for the opening that is named and for no later one. What the ledger cannot know, whether a reading opened this alarm, it does not
 * decide: an acknowledgement of what never happened is one of nothing. An everyday key suffices, for it moves nothing in the street.
 * Refuses, in this order: NOT_AUTHORIZED, ALARM_UNKNOWN (there is no such subject), MODEL_PERSONAL; of a zone that is named
 * DEVICE_NOT_IN_ZONE, ZONE_FOREIGN; ALARM_CLOSED, ALARM_ACKNOWLEDGED.
 */
export const acknowledgeAlarm = defineAction({
  kind: 'alarm/acknowledge',
  body: ACTION_FIELDS['alarm/acknowledge'],

  check({ cause, subject, zone, opening }, city) {
    if (acknowledgerOf(city) === undefined)
      return reject('NOT_AUTHORIZED', { needs: 'role operator or a member of the council' });
    return (
      checkSubject(city, cause, subject) ??
      (zone === undefined ? null : checkZone(city, cause, subject, zone)) ??
      checkThere(city, cause, subject) ??
      checkFresh(city, cause, subject, opening)
    );
  },

  // COMMIT POINT
  apply({ cause, subject, opening, response }, city) {
    const alarm = alarmId(city.crypto, { cause, subject });
    const account = acknowledgerOf(city)?.account;
    if (account === undefined) throw new Error('an acknowledgement that was checked has somebody who made it');
    const { timeMs: atMs, height } = city;
    city.write(at(acknowledgementKind, alarm), { cause, subject, opening, response, account, atMs, height });
    city.emit('alarm/acknowledged', { alarm, cause, subject, opening, response, account });
  },
});

/** The first signer who may: who holds the role of the operator, else who is in the council. */
function acknowledgerOf(city: City): VerifiedSigner | undefined {
  const [operator] = holdersOf(city, 'operator');
  if (operator !== undefined) return operator;
  const { council } = city.get(at(cityKind));
  return ableSigners(city).find(({ account }) => city.read(at(memberKind, council, account)) !== null);
}

/** Of an order there may be no record: one that was given without the city, or is forgotten, can be answered for all the same. */
function checkSubject(city: City, cause: AlarmCause, subject: Bytes): Rejection | null {
  const kind = ALARM_RULES[cause].subject;
  const unknown = reject('ALARM_UNKNOWN', { cause, [kind]: toHex(subject) });
  switch (kind) {
    case 'order':
      return null;
    case 'zone':
      return city.read(at(zoneKind, subject)) === null ? unknown : null;
    case 'shard':
      return city.read(at(shardKind, subject)) === null ? unknown : null;
    case 'validator':
      return city.read(at(validatorKeyKind, subject)) === null ? unknown : null;
    case 'model':
      return checkModel(city, subject, unknown);
    case 'device': {
      const device = city.read(at(deviceKind, subject));
      return device === null ? unknown : checkModel(city, device.model, unknown);
    }
  }
}

/** What devices about people say, and when they fall silent, is no matter of a control room. */
function checkModel(city: City, id: Bytes, unknown: Rejection): Rejection | null {
  const model = city.read(at(modelKind, id));
  if (model === null) return unknown;
  return model.personal ? reject('MODEL_PERSONAL', { model: toHex(id) }) : null;
}

function checkZone(city: City, cause: AlarmCause, subject: Bytes, zone: Bytes): Rejection | null {
  const { subject: kind } = ALARM_RULES[cause];
  if (kind === 'device') return checkInZone(city, zone, subject);
  return kind === 'zone' && equalBytes(zone, subject) ? null : reject('ZONE_FOREIGN', { zone: toHex(zone) });
}

/** What the ledger itself knows to be over. */
function checkThere(city: City, cause: AlarmCause, subject: Bytes): Rejection | null {
  const device = cause === 'device-quarantined' || cause === 'device-revoked' ? city.read(at(deviceKind, subject)) : null;
  if (device === null) return null;
  const isThere = cause === 'device-revoked' ? device.status === 'revoked' : openQuarantine(device) !== null;
  return isThere ? null : reject('ALARM_CLOSED', { cause, device: toHex(subject) });
}

function checkFresh(city: City, cause: AlarmCause, subject: Bytes, opening: Bytes): Rejection | null {
  const known = city.read(at(acknowledgementKind, alarmId(city.crypto, { cause, subject })));
  if (known === null || !equalBytes(known.opening, opening)) return null;
  return reject('ALARM_ACKNOWLEDGED', { account: toHex(known.account), response: known.response, at: known.height });
}
