/** An attack on the cable of a cabinet: nobody's key is needed for it, and no single reading is false. */

import type { SensorRecord } from '@oppidum/device/reading-pack';
import { compareBytes, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LIGHTING_CABINETS, lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import type { CabinetAccountsJson } from '@oppidum/gateway/api/cabinets';
import type { Attack } from './attack.ts';
import { provenRange } from './city-evidence.ts';
import { LAMP_DIRECTIONS, setDocument } from './make-street.ts';
import type { Sensor } from './sensor.ts';

const LAMP_W = 60;
const STOLEN_W = 40;
const STEP_MS = 30_000;
/** Two hours, in the second of which somebody takes power; lamps are at half, then at full light. */
const [COUNT, HALF] = [240, 120];
const RECORDS_TOGETHER = 40;
const CURVE = [
  { level: 0, powerMw: 0 },
  { level: 1_000, powerMw: 1_000 * LAMP_W },
];

export const STOLEN_POWER: Attack = {
  name: 'stolen-power',
  tried:
    'Somebody taps the cable of a lighting cabinet when its lamps go to full light, so that the meter shows more at the right moment.',
  stop: { ending: 'detected', by: 'the accounts of the cabinet', rule: 'stolen' },
  run: async (city) => {
    const [meter, ...lamps] = (await city.makeSensors('On one cable', 3)) as [Sensor, Sensor, Sensor];
    const zone = await city.makeZone('Tapped street', 'lighting', LAMP_DIRECTIONS);
    const wavering = { meterMw: city.rules.meterErrorMw, lampsPermille: 1 };
    const cabinet = { name: 'Cabinet', meter: { device: meter.id, name: 'lamps' }, standingMw: 0, wavering, steadyPermille: 2 };
    const hung = lamps.map(({ id: device }) => ({ device, curve: 0 })).sort((a, b) => compareBytes(a.device, b.device));
    const cabinets = { version: 1, level: 'dimming', curves: [CURVE], cabinets: [{ ...cabinet, lamps: hung }] };
    const { code } = await setDocument(city, zone, LIGHTING_CABINETS, encodeBy(lightingCabinetsSchema, cabinets));
    if (code !== 'OK') throw new Error(`the cabinets were refused: ${code}`);
    const fromMs = Math.floor(Date.now() / STEP_MS - COUNT) * STEP_MS;
    const level = (i: number): number => (i < HALF ? 0.5 : 1);
    for (const lamp of lamps) await saySeries(lamp, fromMs, { sensor: 'dimming', unit: '/' }, level);
    const taken = (i: number): number => lamps.length * LAMP_W * level(i) + (i < HALF ? 0 : STOLEN_W);
    await saySeries(meter, fromMs, { sensor: 'lamps', unit: 'W' }, taken);
    const toMs = fromMs + (COUNT - 1) * STEP_MS;
    const exhibit = await provenRange(city, 'meter.readings', meter.id, { fromMs, toMs });
    let items: CabinetAccountsJson['items'] = [];
    await city.until('the accounts of the cabinet', async () => {
      const answer = await fetch(
        `${city.http}/api/v1/zones/${toHex(zone.keySet.zone)}/cabinets?from=${fromMs}&to=${toMs + STEP_MS}`,
      );
      if (answer.status !== 200) throw new Error(`the gateway gave no accounts: ${answer.status}`);
      ({ items } = (await answer.json()) as CabinetAccountsJson);
      return items.some(({ intervalCount, intervalMs }) => intervalCount * intervalMs >= toMs - fromMs);
    });
    const [theft] = items[0]?.account?.stolen ?? [];
    if (theft === undefined) return { rule: null, saw: 'the accounts explain all that the meter counted', exhibits: [exhibit] };
    const minutes = Math.round((theft.fromMs - fromMs) / 60_000);
    const saw = `${theft.powerW} ± ${theft.uncertaintyW} W go where no lamp is, from minute ${minutes} on; where along the cable nobody can say`;
    return { rule: 'stolen', saw, exhibits: [exhibit] };
  },
};

/** Hands over one value for every step. */
async function saySeries(
  sensor: Sensor,
  fromMs: number,
  named: Pick<SensorRecord, 'sensor' | 'unit'>,
  valueAt: (i: number) => number,
): Promise<void> {
  const records = Array.from({ length: COUNT }, (_, i) => ({ ...named, value: valueAt(i), timeMs: fromMs + i * STEP_MS }));
  for (let i = 0; i < COUNT; i += RECORDS_TOGETHER) await sensor.keep(records.slice(i, i + RECORDS_TOGETHER));
}
