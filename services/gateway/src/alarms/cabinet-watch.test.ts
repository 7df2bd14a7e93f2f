import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountCabinet } from '@oppidum/contracts/domains/lighting/cabinet-account';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import { alarmId } from '@oppidum/formats/alarm';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LIGHTING_CABINETS, lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import { signStatement } from '@oppidum/formats/statement';
import { encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { pino } from 'pino';
import { makeZone, type TestZone } from '../../../../test/support/order-city.ts';
import { actionOf, envelopeOf, execute } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  type RunningDoors,
  type TestDevice,
  withDoors,
} from '../../../../test/support/running-gateway.ts';
import type { AlarmJson } from '../api/alarms.ts';
import { openReading } from '../read-model/reading-rows.ts';
import { CabinetWatch } from './cabinet-watch.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A whole quarter of an hour. */
const START_MS = 1_888_889 * 15 * MINUTE_MS;
const LAMP_W = 60;
const STOLEN_W = 40;
const bounds = { standingMw: 0, wavering: { meterMw: 1_000, lampsPermille: 1 }, steadyPermille: 2 };
const curve = [
  { level: 0, powerMw: 0 },
  { level: 1_000, powerMw: 1_000 * LAMP_W },
];
/** Power is stolen from the second hour to the third. */
const meterAt = (hour: number): number => LAMP_W + (hour >= 1 && hour < 3 ? STOLEN_W : 0);

type Cabinet = { readonly meter: TestDevice; readonly lamp: TestDevice };

/** A zone with one cabinet, and what its meter and its lamp say every minute from one hour to another. */
class TestCabinet {
  readonly #doors: RunningDoors;
  readonly devices: Cabinet;
  #sequence = 0;

  constructor(doors: RunningDoors, devices: Cabinet) {
    this.#doors = doors;
    this.devices = devices;
  }

  async speak(fromHour: number, toHour: number): Promise<void> {
    const { meter, lamp } = this.devices;
    const times = Array.from({ length: 60 * (toHour - fromHour) }, (_, i) => START_MS + fromHour * HOUR_MS + i * MINUTE_MS);
    const hourOf = (timeMs: number): number => (timeMs - START_MS) / HOUR_MS;
    for (let i = 0; i < times.length; i += 50) {
      const run = times.slice(i, i + 50);
      const said = (sensor: string, unit: string, valueAt: (hour: number) => number): readonly SensorRecord[] =>
        run.map((timeMs) => ({ sensor, unit, value: valueAt(hourOf(timeMs)), timeMs }));
      this.#sequence++;
      await this.#send(meter, said('lamps', 'W', meterAt));
      await this.#send(
        lamp,
        said('dimming', '/', () => 1),
      );
    }
  }

  /** Whoever has the meter's key may have it say this, too. */
  async claim(residual: number): Promise<void> {
    this.#sequence++;
    const timeMs = START_MS + 3 * HOUR_MS;
    await this.#send(this.devices.meter, [{ sensor: 'cabinet/residual', unit: 'W', value: residual, timeMs }]);
  }

  async #send(device: TestDevice, records: readonly SensorRecord[]): Promise<void> {
    await this.#doors.shard.client.ingest(device.reading(this.#sequence, records));
  }
}

async function setCabinets({ city }: RunningDoors, zone: TestZone, { meter, lamp }: Cabinet): Promise<void> {
  const place = { city: city.client.genesisHash, zone: zone.id, name: LIGHTING_CABINETS, version: 1 };
  const cabinet = {
    ...{ name: 'Feeder 1', meter: { device: meter.id, name: 'lamps' }, ...bounds },
    lamps: [{ device: lamp.id, curve: 0 }],
  };
  const body = encodeBy(lightingCabinetsSchema, { version: 1, level: 'dimming', curves: [curve], cabinets: [cabinet] });
  const document = encodeZoneDocument({ ...place, body });
  const signers = zone.signers.map((signer, key) => ({ key, signer }));
  const signatures = signStatement(nativeCrypto, 'document', document, signers);
  const action = actionOf('zone/set-document', { zone: zone.id, document, signatures });
  assert.equal((await execute(city.client, envelopeOf(city.client, city.operator, [action]))).code, 'OK');
}

test('stolen power opens an alarm, which is answered for; no word of the meter and no silence closes it, and its account does', () =>
  withDoors(async (doors) => {
    const { city, gateway } = doors;
    const zone = await makeZone(doors, { safe: [{ command: 'light/full', arguments: [] }], dangerous: [] }, 'lighting');
    const devices = { meter: await enrolDevice(city, { label: 'Feeder 1' }), lamp: await enrolDevice(city) };
    const cabinet = new TestCabinet(doors, devices);
    await setCabinets(doors, zone, devices);
    const { readModel } = gateway;
    let nowMs = 0;
    const watch = new CabinetWatch({
      ...{ node: city.client, readModel, logger: pino({ level: 'silent' }), clock: () => nowMs },
    });
    const lookAt = async (hour: number): Promise<void> => {
      await eventually(
        async () => readModel.lag(),
        ({ blocks, readings }) => blocks === 0 && readings === 0,
      );
      nowMs = START_MS + hour * HOUR_MS + 5 * MINUTE_MS;
      await watch.look();
    };
    const id = toHex(alarmId(nativeCrypto, { cause: 'power-residual', subject: devices.meter.id }));
    const read = async (path = id) => (await (await fetch(`${gateway.http}/api/v1/alarms/${path}`)).json()) as AlarmJson;
    const inState = (state: AlarmJson['state']) => eventually(read, (found) => found.state === state);

    await cabinet.speak(0, 3);
    await lookAt(1);
    assert.equal((await read()).id, undefined, 'in the first hour it closes');
    await lookAt(3);
    const open = await inState('open');
    assert.deepEqual([open.subject.name, open.severity, open.opening.kind], ['Feeder 1', 'major', 'account']);
    assert.equal(open.openedMs, START_MS + 3 * HOUR_MS);
    assert.match(open.detail ?? '', /^(39|40|41)(\.\d+)? ± \d+(\.\d+)? W$/);
    await lookAt(3);
    assert.equal((await read()).count, 1, 'looking again says nothing new');
    await recompute(doors, devices, open);

    const answer = {
      cause: 'power-residual',
      subject: devices.meter.id,
      opening: parseHex(open.opening.id),
      response: 'crew-sent',
    };
    const acknowledged = envelopeOf(city.client, city.operator, [actionOf('alarm/acknowledge', answer)]);
    assert.equal((await execute(city.client, acknowledged)).code, 'OK');
    await inState('acknowledged');
    await cabinet.claim(0);
    await lookAt(7);
    assert.equal((await read()).state, 'acknowledged', 'nothing was heard since, and the meter’s word counts for nothing');
    await cabinet.speak(3, 8);
    await lookAt(8);
    const closed = await inState('closed');
    assert.deepEqual([closed.closed?.atMs, closed.closed?.by?.kind], [START_MS + 8 * HOUR_MS, 'account']);
    const { items } = (await (await fetch(`${gateway.http}/api/v1/alarms?cause=power-residual`)).json()) as {
      readonly items: readonly AlarmJson[];
    };
    assert.deepEqual(
      items.map((each) => each.id),
      [id],
    );
    await watch.stop();
  }));

test('what a meter says of itself opens and closes an alarm as before, and no account that knows nothing of it', () =>
  withDoors(async (doors) => {
    const { city, gateway } = doors;
    const devices = { meter: await enrolDevice(city), lamp: await enrolDevice(city) };
    const cabinet = new TestCabinet(doors, devices);
    const watch = new CabinetWatch({
      ...{ node: city.client, readModel: gateway.readModel, logger: pino({ level: 'silent' }), clock: () => START_MS },
    });
    const id = toHex(alarmId(nativeCrypto, { cause: 'power-residual', subject: devices.meter.id }));
    const inState = (state: AlarmJson['state']) =>
      eventually(
        async () => (await (await fetch(`${gateway.http}/api/v1/alarms/${id}`)).json()) as AlarmJson,
        (found) => found.state === state,
      );
    await cabinet.claim(12);
    assert.equal((await inState('open')).opening.kind, 'reading');
    await watch.look();
    await inState('open');
    await cabinet.claim(0);
    assert.equal((await inState('closed')).closed?.by?.kind, 'reading');
    await watch.stop();
  }));

/** Whoever has the log finds the same without asking the gateway: the theft, and the reading as of which it was found. */
async function recompute(doors: RunningDoors, { meter, lamp }: Cabinet, { opening }: AlarmJson): Promise<void> {
  const { client } = doors.shard;
  const heard = (await client.readings(0, client.status().size)).flatMap(({ envelope, digest }) => {
    if (envelope === null) return [];
    const { reading, records } = openReading(nativeCrypto, envelope);
    return records.map(({ name, value, timeS }) => ({
      device: toHex(reading.device),
      name,
      value,
      timeS,
      digest: toHex(digest),
    }));
  });
  const own = (device: TestDevice, sensor: string) =>
    heard.filter(({ device: by, name }) => by === device.hex && name.endsWith(sensor));
  const levels = new Map(own(lamp, 'dimming').map(({ timeS, value }) => [timeS, Math.round(1_000 * Number(value))]));
  const intervals = own(meter, 'lamps').flatMap(({ timeS, value }) => {
    const level = levels.get(timeS);
    return level === undefined ? [] : [{ meterMw: Math.round(1_000 * Number(value)), levels: [level] }];
  });
  const { findings } = accountCabinet({ ...bounds, lamps: [curve] }, intervals);
  assert.ok(findings.some((found) => found.kind === 'stolen' && Math.abs(found.powerMw - 1_000 * STOLEN_W) <= 1_500));
  assert.equal(opening.id, own(meter, 'lamps').at(-1)?.digest);
}
