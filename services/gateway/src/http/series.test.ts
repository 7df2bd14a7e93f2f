import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import type { LatestPageJson, SampleJson, SeriesSpanJson } from '../api/readings.ts';
import { csvLine } from './csv.ts';

const START_MS = 1_700_000_100_000;
const STEP_MS = 10_000;

/** A wave with one spike: `count` values of `power` from the start on, fifty to a reading, with `skipped` left out. */
function wave(count: number, spikeAt: number): readonly SensorRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    sensor: 'power',
    unit: 'W',
    value: i === spikeAt ? 900 : 40 + (i % 7),
    timeMs: START_MS + i * STEP_MS,
  }));
}

describe('series of values', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  let badge: TestDevice;
  const call = (path: string, accept = 'application/json'): Promise<Response> =>
    fetch(`${doors.gateway.http}/api/v1/readings/${path}`, { headers: { accept } });
  const get = async <T>(path: string): Promise<T> => {
    const response = await call(path);
    assert.equal(response.status, 200, `${path}: ${response.status === 200 ? '' : await response.clone().text()}`);
    return (await response.json()) as T;
  };
  const refused = async (path: string, accept?: string): Promise<string> =>
    ((await (await call(path, accept)).json()) as { code: string }).code;

  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city, { label: 'Main street 1' });
    badge = await enrolDevice(doors.city, { personal: true });
    const records = wave(1_000, 500).filter((_, i) => i < 700 || i >= 800);
    for (let i = 0; i < records.length; i += 50)
      await doors.shard.client.ingest(lamp.reading(i / 50 + 1, records.slice(i, i + 50)));
    const rest: readonly SensorRecord[] = [
      { sensor: 'note', value: '=HYPERLINK("http://evil.example")', timeMs: START_MS },
      { sensor: 'on', value: true, timeMs: START_MS },
      { sensor: 'raw', value: Uint8Array.of(1, 2, 3), timeMs: START_MS },
      { sensor: 'power', unit: 'kW', value: 0.04, timeMs: START_MS + 1 },
    ];
    await doors.shard.client.ingest(lamp.reading(100, rest));
    await doors.shard.client.ingest(badge.reading(1, [{ sensor: 'door', value: 'Anna', timeMs: START_MS }]));
    await eventually(
      async () => doors.gateway.readModel.lag(),
      ({ blocks, readings }) => blocks === 0 && readings === 0,
    );
  });
  after(() => doors.close());

  test('the newest value of each series of a device, page by page', async () => {
    const { items } = await get<LatestPageJson>(`latest?device=${lamp.hex}`);
    assert.deepEqual(
      items.map(({ name, unit, value, data }) => [name, unit, value ?? data]),
      [
        ['note', null, '=HYPERLINK("http://evil.example")'],
        ['on', null, true],
        ['power', 'W', 40 + (999 % 7)],
        ['power', 'kW', 0.04],
        ['raw', null, 'AQID'],
      ],
    );
    const first = await get<LatestPageJson>(`latest?device=${lamp.hex}&limit=3`);
    const second = await get<LatestPageJson>(`latest?device=${lamp.hex}&limit=3&cursor=${first.next}`);
    assert.deepEqual([...first.items, ...second.items], items);
    assert.equal(second.next, null);
    const powers = await get<LatestPageJson>('latest?name=power&unit=W&type=street-light');
    assert.deepEqual([powers.items.length, powers.personalDevices], [1, 1], 'says that a device was left out');
    assert.deepEqual((await get<LatestPageJson>('latest?type=pump')).items, []);
  });

  test('a span in buckets keeps its spike, names its gap and counts every value once', async () => {
    for (const points of [1, 2, 7, 100, 500, 5_000]) {
      const span = await get<SeriesSpanJson>(`series?device=${lamp.hex}&name=power&unit=W&points=${points}`);
      assert.ok(span.buckets.length <= points, `${span.buckets.length} of ${points}`);
      assert.equal(span.count, 900, `${points} points`);
      assert.equal(Math.max(...span.buckets.map(({ max }) => max ?? 0)), 900, 'the spike');
      assert.equal(span.buckets.at(-1)?.last, 40 + (999 % 7));
    }
    const from = START_MS + 100 * STEP_MS;
    const to = START_MS + 900 * STEP_MS;
    const span = await get<SeriesSpanJson>(`series?device=${lamp.hex}&name=power&unit=W&from=${from}&to=${to}&points=80`);
    assert.equal(span.count, 700);
    const [gap] = span.gaps;
    assert.equal(span.gaps.length, 1);
    assert.ok(
      gap!.fromMs >= START_MS + 699 * STEP_MS && gap!.toMs <= START_MS + 801 * STEP_MS && gap!.toMs - gap!.fromMs > 80 * STEP_MS,
    );
    const whole = span.buckets.find(({ count }) => count > 3);
    assert.ok(whole!.min! >= 40 && whole!.mean! > 40 && whole!.mean! < whole!.max!);
  });

  test('every value one by one, and the same as CSV in which nothing is a formula', async () => {
    const all: SampleJson[] = [];
    let cursor = '';
    do {
      const page = await get<{ items: SampleJson[]; next: string | null }>(`values?device=${lamp.hex}&limit=300${cursor}`);
      all.push(...page.items);
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    assert.equal(all.length, 904);
    const response = await call(`values?device=${lamp.hex}`, 'text/csv');
    assert.match(response.headers.get('content-type') ?? '', /^text\/csv/);
    const lines = (await response.text()).split('\r\n');
    assert.equal(lines.length, 1 + 904 + 1, 'a header and a line for each');
    assert.equal(lines[0], 'device,label,time,name,unit,value,sum,data,shard,entry');
    assert.ok(lines.some((line) => line.includes(`"'=HYPERLINK(""http://evil.example"")"`)));
    assert.equal(
      await (await call(`values?device=${lamp.hex}&name=power&unit=kW&format=csv`)).text(),
      [lines[0], lines.find((line) => line.includes(',kW,')), ''].join('\r\n'),
    );
  });

  test('cells that a spreadsheet would run, or a reader would split, stay texts', () => {
    const cases = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1+1', '＠SUM(A1)'].map((text) => [text, `"'${text}"`]);
    for (const [text, cell] of cases) assert.equal(csvLine([text!, 1]), `${cell},1\r\n`);
    assert.equal(csvLine(['a,b', 'a"b', 'a\nb', -1.5, true, null, 'plain']), '"a,b","a""b","a\nb",-1.5,true,,plain\r\n');
  });

  const unknown = '00'.repeat(32);
  const device = (): string => `device=${lamp.hex}`;
  const refusals: readonly (readonly [string, () => string, string])[] = [
    ['points beyond the limit', () => `series?${device()}&name=power&unit=W&points=5001`, 'REQUEST_INVALID'],
    ['no points', () => `series?${device()}&name=power&unit=W&points=0`, 'REQUEST_INVALID'],
    ['a span that ends before it begins', () => `series?${device()}&name=power&unit=W&from=2&to=1`, 'REQUEST_INVALID'],
    ['an empty span', () => `values?${device()}&from=2&to=2`, 'REQUEST_INVALID'],
    ['two units and none named', () => `series?${device()}&name=power`, 'REQUEST_INVALID'],
    ['a name that the device does not have', () => `series?${device()}&name=speed`, 'SERIES_UNKNOWN'],
    ['a device that nobody knows', () => `series?device=${unknown}&name=power`, 'DEVICE_UNKNOWN'],
    ['the newest of a device that nobody knows', () => `latest?device=${unknown}`, 'DEVICE_UNKNOWN'],
    ['values of a device that nobody knows', () => `values?device=${unknown}`, 'DEVICE_UNKNOWN'],
    ['values about people', () => `values?device=${badge.hex}&format=csv`, 'PERSONAL_DATA'],
    ['the newest about people', () => `latest?device=${badge.hex}`, 'PERSONAL_DATA'],
    ['a series about people', () => `series?device=${badge.hex}&name=door`, 'PERSONAL_DATA'],
    ['a giant limit', () => `values?${device()}&limit=1000000`, 'REQUEST_INVALID'],
    ['a cursor of another list', () => `values?${device()}&cursor=gWZsYXRlc3Q`, 'CURSOR_INVALID'],
    ['a forged cursor', () => `latest?${device()}&cursor=AAAA`, 'CURSOR_INVALID'],
    ['no device', () => 'values', 'REQUEST_INVALID'],
    ['a time that is none', () => `values?${device()}&from=yesterday`, 'REQUEST_INVALID'],
    ['a parameter that nobody knows', () => `latest?${device()}&colour=red`, 'REQUEST_INVALID'],
  ];
  for (const [what, path, code] of refusals)
    test(`refuses ${what}`, async () => {
      assert.equal(await refused(path()), code);
    });

  test('refuses a form that it does not have', async () => {
    assert.equal(await refused(`values?${device()}`, 'image/png'), 'NOT_ACCEPTABLE');
  });

  test('values that were erased are in no answer', async () => {
    await doors.shard.erase(badge.id, 'request');
    assert.equal(await refused(`values?device=${badge.hex}&format=csv`), 'PERSONAL_DATA');
    const { items } = await get<LatestPageJson>('latest?limit=1000');
    assert.ok(!JSON.stringify(items).includes('Anna'));
  });
});
