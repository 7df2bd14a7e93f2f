/** Attacks with true keys: a sensor that lies, one that stands still, a copied key, another firmware. What is signed is checked against more. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { reportFirmware } from '@oppidum/device/actions';
import type { TransactionResult } from '@oppidum/device/city-client';
import { type LampAnswer, type LampSenses, Lamp as StreetLamp } from '@oppidum/device/lighting/lamp';
import { type Bytes, compareBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { parseCompleteRange } from '@oppidum/formats/complete-range';
import { parseEvidence } from '@oppidum/formats/evidence';
import type { LightingProgramme } from '@oppidum/formats/lighting-programme';
import { parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import { cloneKind, deviceKind } from '@oppidum/formats/state-devices';
import { interlockSensorKind } from '@oppidum/formats/state-telemetry';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { actionOf, freshId } from '../transactions.ts';
import type { Attack } from './attack.ts';
import type { AttackedCity } from './attacked-city.ts';
import { evidenceOf, provenEntry, provenRange, provenRecord } from './city-evidence.ts';
import { addToZone, enrolMachines, LAMP_ABILITIES, LAMP_DIRECTIONS, newMachine } from './make-street.ts';
import type { Sensor } from './sensor.ts';

/** In tenths of m/s: what the honest wind sensor feels, what the other one says, and up to where people may stand on a ladder. */
const [WIND, LIE, WIND_MAX] = [130, 20, 150];
const FRESH_MS = 60_000;
const MINUTE_MS = 60_000;
/** The loop says one number every five minutes for two hours, and once more, which closes the span. */
const LOOP_EVERY_MS = 5 * MINUTE_MS;
const LOOP_COUNT = 24;
const LOOP_FLOW = 120;

export const FALSE_READINGS: Attack = {
  name: 'false-readings',
  tried: 'One of two wind sensors signs with its true key that the air is calm, so that somebody is sent up a ladder.',
  stop: { ending: 'prevented', by: 'the interlock of the ledger', rule: 'INTERLOCK_CONTRADICTION' },
  run: async (city) => {
    const sensors = [...(await city.makeSensors('Wind sensor', 2))].sort((a, b) => compareBytes(a.id, b.id));
    for (const { id: device } of sensors)
      await city.do([actionOf('telemetry/declare-sensor', { device, name: 'wind', decimals: 1 })]);
    const machine = newMachine();
    await enrolMachines(city, { name: 'Lamp 2', deviceType: 'street-light', abilities: LAMP_ABILITIES }, [machine]);
    const wind = { name: 'wind', sensors: sensors.map(({ id: device }) => ({ device, name: 'wind' })), decimals: 1, least: 2 };
    const zone = await city.makeZone('Windy street', 'lighting', {
      ...LAMP_DIRECTIONS,
      quantities: [{ ...wind, agreeWithin: city.rules.agreeWithin, freshMs: FRESH_MS }],
      rules: [{ name: 'calm', command: 'light/maintenance', arguments: [{}], needs: { quantity: 'wind', max: WIND_MAX } }],
    });
    await addToZone(city, zone, [machine.id]);
    for (const [i, tenths] of [WIND, LIE].entries()) await measured(city, sensors[i] as Sensor, tenths);
    const target = { device: machine.id, challenge: freshId() };
    const order = city.order({ zone: zone.keySet.zone, target, command: 'light/maintenance', arguments: [1] });
    const { code, id } = await city.issue(order, [0, 1], zone);
    const [honest, liar] = sensors as [Sensor, Sensor];
    const exhibits = [
      await provenEntry(city, 'order.evidence', id),
      await provenRecord(city, 'honest-sensor.evidence', interlockSensorKind, [honest.id, WIND_NAME]),
      await provenRecord(city, 'lying-sensor.evidence', interlockSensorKind, [liar.id, WIND_NAME]),
    ];
    if (code === 'OK') return { rule: null, saw: 'the order was issued upon a lie', exhibits };
    const saw = `one says ${LIE / 10} m/s, the other ${WIND / 10}: no order before somebody finds out which; sensors that lie alike are believed`;
    return { rule: code, saw, exhibits };
  },
};

export const FROZEN_DETECTOR: Attack = {
  name: 'frozen-detector',
  tried:
    'Somebody holds the loop of a road still at few vehicles, so that its lamps stay dim on a busy night; each reading is truly signed.',
  stop: { ending: 'detected', by: 'the lamp, which then burns fully', rule: 'frozen' },
  run: async (city) => {
    const [loop] = (await city.makeSensors('Loop detector', 1)) as [Sensor];
    const untilMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    for (let i = LOOP_COUNT; i >= 0; i--)
      await loop.keep([{ sensor: 'flow', unit: 'count', value: LOOP_FLOW, timeMs: untilMs - i * LOOP_EVERY_MS }]);
    const span = { fromMs: untilMs - 3 * 60 * MINUTE_MS, toMs: untilMs };
    const exhibit = await provenRange(city, 'loop.readings', loop.id, span);
    const answers = listen(city, parseCompleteRange(exhibit.file).evidence.map(readingIn));
    const found = answers.findIndex(({ lost }) => lost !== null);
    const { lost, aim } = answers[found] ?? {};
    if (lost === undefined || lost === null || aim === undefined)
      return {
        rule: null,
        saw: `two hours at ${LOOP_FLOW} vehicles an hour, and the lamp stays at ${(answers.at(-1) as LampAnswer).level} ‰`,
        exhibits: [exhibit],
      };
    const minutes = (found * LOOP_EVERY_MS) / MINUTE_MS;
    return {
      rule: lost,
      saw: `after ${minutes} minutes at ${LOOP_FLOW} it is believed no more; the lamp aims at ${aim} ‰`,
      exhibits: [exhibit],
    };
  },
};

export const CLONED_KEY: Attack = {
  name: 'cloned-key',
  tried: 'A clone that has a sensor’s key as well as its id signs a reading of its own under a number that the sensor has used.',
  stop: { ending: 'detected', by: 'the shard, and by its report the ledger', rule: 'SEQUENCE_REUSED' },
  run: async (city) => {
    const [sensor] = (await city.makeSensors('Sensor with a twin', 1)) as [Sensor];
    const clone = city.sensorOf(sensor.machine);
    await sensor.keep([{ sensor: 'level', unit: 'm', value: 1.5, timeMs: Date.now() }]);
    const { code } = await clone.say([{ sensor: 'level', unit: 'm', value: 0.2, timeMs: Date.now() }]);
    if (code === null) return { rule: null, saw: 'both readings are kept under one number' };
    await city.until('the ledger to suspend the sensor', async () => {
      return (await city.records.read(deviceKind, [sensor.id]))?.status === 'suspended';
    });
    const exhibits = [await provenRecord(city, 'two-payloads.evidence', cloneKind, [sensor.id, 0, 1])];
    const saw =
      'the ledger suspended the sensor: neither holder is believed until it has another key; a clone whose original stays silent, or that copies nothing but numbers not used yet, cannot be told apart';
    return { rule: code, saw, exhibits };
  },
};

export const FIRMWARE_SWAP: Attack = {
  name: 'firmware-swap',
  tried:
    'Somebody puts an image of their own on a lamp; its boot loader, which measures what it starts, reports it by the lamp’s key.',
  stop: { ending: 'detected', by: 'the ledger, which sets the lamp apart', rule: 'DEVICE_QUARANTINED' },
  run: async (city) => {
    const machine = newMachine();
    const { id, signer } = machine;
    const model = await enrolMachines(city, { name: 'Lamp 3', deviceType: 'street-light', abilities: LAMP_ABILITIES }, [machine]);
    const zone = await city.makeZone('Swapped street', 'lighting', LAMP_DIRECTIONS);
    await addToZone(city, zone, [id]);
    const [permitted, swapped] = ['the maker’s image', 'another image'].map((image) =>
      nativeCrypto.sha256(encodeUtf8(image)),
    ) as [Bytes, Bytes];
    const metadata = nativeCrypto.sha256(permitted);
    await city.do([
      actionOf('model/permit-firmware', {
        id: model,
        digest: permitted,
        name: 'lampd.bin',
        version: '1.0.0',
        size: 1_024,
        metadata,
      }),
    ]);
    const runs = (digest: Bytes, counter: number) =>
      reportFirmware(city.records.audience, { id, keyNumber: 0, counter, digest }, signer);
    const ordered = (): Promise<TransactionResult> => {
      const order = city.order({ zone: zone.keySet.zone, target: { device: id, challenge: freshId() } });
      return city.issue(order, [0], zone);
    };
    await city.do([runs(permitted, 1)]);
    if ((await ordered()).code !== 'OK') throw new Error('a lamp with its maker’s image takes orders');
    await city.do([runs(swapped, 2)]);
    const { code, id: refused } = await ordered();
    if (code === 'OK') return { rule: null, saw: 'the lamp is ordered about as before' };
    const reading = await city.sensorOf(machine).keep([{ sensor: 'power', unit: 'W', value: 40, timeMs: Date.now() }]);
    const file = await evidenceOf(city, reading);
    const { verdict, facts } = verifyEvidence(nativeCrypto, file, { policy: city.records.policy });
    const exhibits = [
      await provenRecord(city, 'set-apart.evidence', deviceKind, [id], ({ quarantines = [] }) => quarantines.length > 0),
      await provenEntry(city, 'refused-order.evidence', refused),
      { name: 'afterwards.evidence', file, verdict },
    ];
    const marked = String((facts as { readonly quarantine?: string }).quarantine);
    const saw = `no order goes to it; what it measures is kept with the mark “${marked}”; an image that lies about itself is not found so`;
    return { rule: code, saw, exhibits };
  },
};

const WIND_NAME = nativeCrypto.sha256(encodeUtf8('wind'));

/** Resolves when the state has what the sensor says. */
async function measured(city: AttackedCity, sensor: Sensor, tenths: number): Promise<void> {
  await sensor.keep([{ sensor: 'wind', unit: 'm/s', value: tenths / 10, timeMs: Date.now() }]);
  await city.until('a reading to be in the state', async () => {
    return (await city.records.read(interlockSensorKind, [sensor.id, WIND_NAME]))?.value === tenths;
  });
}

type Said = { readonly timeMs: number; readonly value: number };

function readingIn(file: Bytes): Said {
  const evidence = parseEvidence(file);
  if (evidence.fact !== 'reading') throw new Error('a range is of readings');
  const [record] = parseReadingRecords(parseReading(nativeCrypto, evidence.envelope));
  if (typeof record?.value !== 'number') throw new Error('a loop says numbers');
  return { timeMs: record.timeS * 1_000, value: record.value };
}

/** What a lamp of that road does, by a clock that is the loop's; it is always night there. */
function listen({ rules }: AttackedCity, said: readonly Said[]): readonly LampAnswer[] {
  const lamp = new StreetLamp(programmeOf(rules.frozen), 0);
  return said.map(({ timeMs, value }) => {
    const night = Math.floor(timeMs / 86_400_000) * 86_400_000;
    const senses: LampSenses = {
      ...{ uptimeMs: timeMs, timeMs: night, photocellMlx: 0, linkUptimeMs: timeMs },
      ...{ traffic: { value, uptimeMs: timeMs }, weather: null, ambient: null },
    };
    return lamp.step(senses);
  });
}

/** A main road that is lit from 16:00 to 07:00 UTC, two classes lower with little traffic. */
function programmeOf(frozen: AttackedCity['rules']['frozen']): LightingProgramme {
  const traffic = { sensor: { device: new Uint8Array(32), name: 'flow' }, capacity: 1_600, low: 150, high: 450 };
  const section = {
    name: 'Main Road',
    kind: 'road',
    class: 'M3',
    lampCount: 1,
    fullAverage: 1_300,
    fullLeast: 0,
    maintained: 850,
  } as const;
  return {
    version: 1,
    clock: [{ fromMs: 0, aheadMinutes: 0 }],
    nights: [{ fromDay: 1, duskMinute: 960, dawnMinute: 420 }],
    ...{ twilightMinutes: 30, photocell: { on: 35_000, off: 50_000 }, ramp: { up: 50, down: 10 } },
    ...{ settleS: 30, holdS: 900, freshS: 900 },
    sections: [
      {
        ...section,
        traffic: { ...traffic, belowWhenLow: 2, belowWhenModerate: 1, ...(frozen === null ? {} : { frozen }) },
        hours: [],
      },
    ],
  };
}
