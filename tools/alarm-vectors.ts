/** Writes vectors/alarms/*.json: `node tools/alarm-vectors.ts`; specs/ledger.md says how to read them. The keys are test keys. */

import { deviceId, enrol, makeDeviceCity } from '../test/support/devices.ts';
import { namedId, type TestCity } from '../test/support/ledger.ts';
import { type Case, renderLedgerVectors, type Step, type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';

const lamp = deviceId('lamp');

const act = (why: string, by: string | readonly string[], changes: object = {}, ...before: Step[]): Case => [
  why,
  [(city: TestCity) => enrol(city, 'lamp'), ...before],
  () => [
    by,
    'alarm/acknowledge',
    { cause: 'lamp-dead', subject: lamp, opening: namedId('reading'), response: 'crew-sent', ...changes },
  ],
];
const acknowledged =
  (opening: string): Step =>
  (city) =>
    city.act('operator', 'alarm/acknowledge', {
      cause: 'lamp-dead',
      subject: lamp,
      opening: namedId(opening),
      response: 'seen',
    });
const quarantined: Step = (city) => city.act('operator', 'device/quarantine', { id: lamp, reason: 'odd' });
const released: Step = (city) => city.act('operator', 'device/release', { id: lamp });

const ACKNOWLEDGEMENTS: readonly Case[] = [
  act('the operator answers for a dead lamp, with an everyday key', 'operator/1'),
  act('so does a member of the council', 'anna', { response: 'handed-over' }),
  act('nobody else does', 'rival'),
  act('of a device that there is', 'operator', { subject: deviceId('pump') }),
  act('of a zone that there is', 'operator', { cause: 'interlock-held', subject: namedId('zone') }),
  act('of a shard that there is', 'operator', { cause: 'shard-behind', subject: namedId('shard') }),
  act('of a validator that there is', 'operator', { cause: 'validator-silent', subject: namedId('validator') }),
  act('of a model that there is', 'operator', { cause: 'model-silent', subject: namedId('none') }),
  act('of an order that the ledger never saw', 'operator', { cause: 'order-rejected', subject: namedId('order') }),
  act('in the zone of the device', 'operator', { zone: namedId('zone') }),
  act('an order is in no zone here', 'operator', { cause: 'order-rejected', subject: namedId('order'), zone: namedId('zone') }),
  act('not twice for one opening', 'operator', {}, acknowledged('reading')),
  act('but for the next one', 'operator', {}, acknowledged('former reading')),
  act('a quarantine', 'operator', { cause: 'device-quarantined' }, quarantined),
  act('that is not over', 'operator', { cause: 'device-quarantined' }, quarantined, released),
  act('a revocation that never was', 'operator', { cause: 'device-revoked' }),
];

/** File name and text of every vector file. */
export function renderAlarmVectors(): readonly VectorFile[] {
  return renderLedgerVectors(() => makeDeviceCity(), { acknowledgements: ACKNOWLEDGEMENTS });
}

if (import.meta.main) writeLedgerVectors('alarms', renderAlarmVectors());
