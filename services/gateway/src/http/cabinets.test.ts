import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import { compareBytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LIGHTING_CABINETS, type LightingCabinets, lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import { signStatement } from '@oppidum/formats/statement';
import { encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { makeZone, type TestZone } from '../../../../test/support/order-city.ts';
import { actionOf, envelopeOf, execute } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import type { CabinetAccountJson, CabinetAccountsJson } from '../api/cabinets.ts';

const START_MS = 1_700_000_040_000;
const STEP_MS = 30_000;
const COUNT = 240;
const HALF = COUNT / 2;
const LAMP_W = 60;
const CURVE = [
  { level: 0, powerMw: 0 },
  { level: 1_000, powerMw: 1_000 * LAMP_W },
];

/** What a device says at every step. */
function series(sensor: string, unit: string, valueAt: (i: number) => number): readonly SensorRecord[] {
  return Array.from({ length: COUNT }, (_, i) => ({ sensor, unit, value: valueAt(i), timeMs: START_MS + i * STEP_MS }));
}

const levelAt = (i: number): number => (i < HALF ? 0.5 : 1);
/** Two lamps as they should be; one of the second cabinet is dead, from the third 40 W are taken in its second hour. */
const METERS: readonly ((i: number) => number)[] = [
  (i) => 2 * LAMP_W * levelAt(i),
  (i) => LAMP_W * levelAt(i),
  (i) => 2 * LAMP_W * levelAt(i) + (i < HALF ? 0 : 40),
];

describe('accounts of cabinets', () => {
  let doors: RunningDoors;
  let zone: TestZone;
  const cabinets: { readonly meter: TestDevice; readonly lamps: readonly TestDevice[] }[] = [];
  const span = `from=${START_MS}&to=${START_MS + COUNT * STEP_MS}`;
  const call = (id: string, query = span): Promise<Response> =>
    fetch(`${doors.gateway.http}/api/v1/zones/${id}/cabinets?${query}`);
  const refused = async (id: string, query?: string): Promise<string> =>
    ((await (await call(id, query)).json()) as { code: string }).code;
  const said = async (device: TestDevice, records: readonly SensorRecord[]): Promise<void> => {
    for (let i = 0; i < records.length; i += 50)
      await doors.shard.client.ingest(device.reading(i / 50 + 1, records.slice(i, i + 50)));
  };

  /** What two engineers sign; the code of the ledger. */
  async function setCabinets(changes: Partial<LightingCabinets>, version = 1): Promise<string> {
    const bodies = cabinets.map(({ meter, lamps }, i) => ({
      name: `Cabinet ${i + 1}`,
      meter: { device: meter.id, name: 'lamps' },
      ...{ standingMw: 0, wavering: { meterMw: 1_000, lampsPermille: 1 }, steadyPermille: 2 },
      lamps: lamps.map(({ id }) => ({ device: id, curve: 0 })).sort((a, b) => compareBytes(a.device, b.device)),
    }));
    const whole: LightingCabinets = { version: 1, level: 'dimming', curves: [CURVE], cabinets: bodies, ...changes };
    const place = { city: doors.city.client.genesisHash, zone: zone.id, name: LIGHTING_CABINETS, version };
    const document = encodeZoneDocument({ ...place, body: encodeBy(lightingCabinetsSchema, whole) });
    const signers = zone.signers.map((signer, key) => ({ key, signer }));
    const signatures = signStatement(nativeCrypto, 'document', document, signers);
    const { client, operator } = doors.city;
    const body = { zone: zone.id, document, signatures };
    return (await execute(client, envelopeOf(client, operator, [actionOf('zone/set-document', body)]))).code;
  }

  before(async () => {
    doors = await openDoors();
    zone = await makeZone(doors, { safe: [{ command: 'light/full', arguments: [] }], dangerous: [] }, 'lighting');
    for (const meterAt of METERS) {
      const meter = await enrolDevice(doors.city);
      const lamps = [await enrolDevice(doors.city), await enrolDevice(doors.city)];
      cabinets.push({ meter, lamps });
      await said(meter, series('lamps', 'W', meterAt));
      for (const lamp of lamps) await said(lamp, series('dimming', '/', levelAt));
    }
    await eventually(
      async () => doors.gateway.readModel.lag(),
      ({ blocks, readings }) => blocks === 0 && readings === 0,
    );
  });
  after(() => doors.close());

  test('before anybody signed which lamps hang on which meter there is nothing to account for', async () => {
    assert.equal(await refused(zone.hex), 'LIGHT_CABINETS_MISSING');
    assert.equal(await refused('00'.repeat(32)), 'ZONE_UNKNOWN');
    const [first] = cabinets;
    const lamps = [{ device: first?.lamps[0]?.id ?? assert.fail(), curve: 7 }];
    const cabinet = { name: 'Cabinet', meter: { device: first?.meter.id ?? assert.fail(), name: 'lamps' }, standingMw: 0 };
    const wrong = { ...cabinet, wavering: { meterMw: 0, lampsPermille: 0 }, steadyPermille: 0, lamps };
    assert.equal(await setCabinets({ cabinets: [wrong] }), 'LIGHT_CURVE_UNKNOWN');
    const twice = { ...wrong, lamps: [{ ...lamps[0], device: lamps[0]?.device ?? assert.fail(), curve: 0 }] };
    assert.equal(await setCabinets({ cabinets: [twice, twice] }), 'LIGHT_LAMP_TWICE');
  });

  test('what was saved, which lamp is dead, and how much is stolen since when', async () => {
    assert.equal(await setCabinets({}), 'OK');
    const response = await call(zone.hex);
    assert.equal(response.status, 200, await response.clone().text());
    const { version, items } = (await response.json()) as CabinetAccountsJson;
    assert.equal(version, 1);
    const [well, dead, stolen] = items as [CabinetAccountJson, CabinetAccountJson, CabinetAccountJson];
    // An hour at half of 120 W and one at all of it, against two of it.
    assert.deepEqual([well.intervalCount, well.intervalMs, well.lampCount], [120, 60_000, 2]);
    assert.ok(Math.abs(well.measuredKwh - 0.18) < 0.002 && Math.abs(well.undimmedKwh - 0.24) < 0.001, JSON.stringify(well));
    assert.ok(Math.abs((well.savedPercent ?? 0) - 25) < 1);
    assert.deepEqual([well.account?.dead, well.account?.stolen, well.account?.unexplained], [[], [], false]);

    assert.equal(dead.account?.dead.length, 1);
    const [finding] = dead.account?.dead ?? [];
    assert.equal(finding?.count, 1);
    assert.deepEqual([...(finding?.lamps ?? [])].sort(), (cabinets[1]?.lamps ?? []).map(({ hex }) => hex).sort());
    assert.deepEqual(dead.account?.stolen, []);

    assert.deepEqual(stolen.account?.dead, []);
    const [theft] = stolen.account?.stolen ?? [];
    assert.ok(theft !== undefined && Math.abs(theft.powerW - 40) <= theft.uncertaintyW + 1, JSON.stringify(stolen.account));
    assert.ok(Math.abs(theft.fromMs - (START_MS + HALF * STEP_MS)) <= 180_000, 'since the second hour');
  });

  test('a span before anything was said shows nothing; one that is none, or longer than a day, is refused', async () => {
    const early = (await (
      await call(zone.hex, `from=${START_MS - 7_200_000}&to=${START_MS - 60_000}`)
    ).json()) as CabinetAccountsJson;
    for (const { intervalCount, savedPercent, account } of early.items)
      assert.deepEqual([intervalCount, savedPercent, account], [0, null, null]);
    for (const query of [`from=${START_MS}&to=${START_MS}`, `from=${START_MS}&to=${START_MS + 86_400_001}`, 'from=x'])
      assert.equal(await refused(zone.hex, query), 'REQUEST_INVALID');
  });

  test('a day is counted in quarters of an hour, and cabinets that were shown already are left out', async () => {
    const ask = async (query: string): Promise<CabinetAccountsJson> =>
      (await (await call(zone.hex, query)).json()) as CabinetAccountsJson;
    const day = await ask(`from=${START_MS - 3_600_000}&to=${START_MS + 82_800_000}`);
    const [well] = day.items;
    assert.ok(well !== undefined && well.intervalMs === 900_000 && well.fromMs % 900_000 === 0 && well.toMs % 900_000 === 0);
    // The whole of what it took: no reading is lost in the wider intervals but at the ends of what was said.
    assert.ok(well.intervalCount >= 8 && Math.abs(well.measuredKwh - 0.18) < 0.04, JSON.stringify(well));
    assert.deepEqual([day.count, day.next, day.items.length], [3, null, 3]);
    const rest = await ask(`${span}&after=2`);
    assert.deepEqual([rest.count, rest.next, rest.items.map(({ name }) => name)], [3, null, ['Cabinet 3']]);
    assert.deepEqual((await ask(`${span}&after=3`)).items, []);
    assert.equal(await refused(zone.hex, `${span}&after=65`), 'REQUEST_INVALID');
  });

  test('a lamp that falls silent leaves its intervals out instead of accusing anybody', async () => {
    const [first] = cabinets;
    const stranger = await enrolDevice(doors.city);
    const lamps = [...(first?.lamps ?? []), stranger].map(({ id }) => ({ device: id, curve: 0 }));
    const meter = { device: first?.meter.id ?? assert.fail(), name: 'lamps' };
    const cabinet = { name: 'Cabinet', meter, standingMw: 0, wavering: { meterMw: 0, lampsPermille: 0 }, steadyPermille: 0 };
    const sorted = lamps.sort((a, b) => compareBytes(a.device, b.device));
    assert.equal(await setCabinets({ cabinets: [{ ...cabinet, lamps: sorted }] }, 2), 'OK');
    const { version, items } = (await (await call(zone.hex)).json()) as CabinetAccountsJson;
    assert.deepEqual([version, items[0]?.intervalCount, items[0]?.account], [2, 0, null]);
  });
});
