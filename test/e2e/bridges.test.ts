import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { server as servers } from 'jsmodbus';
import { enrolTestBridge, TestBridge } from '../support/bridges.ts';
import { admitMaker, CityProcess, until } from '../support/city-process.ts';
import { inTemporaryFolder } from '../support/running-city.ts';

const TOKEN = 'a-token-of-twenty-four-c';
const COMMON = { clock: { errorMs: 200 }, model: { name: 'Level', type: 'level' } };

type Shown = {
  readonly sequence: number;
  readonly label: string;
  readonly grade: string;
  readonly clockErrorMs: number;
  readonly timeMs: number;
  readonly records: readonly { readonly name: string; readonly unit: string | null; readonly value: unknown }[];
};

async function readingsOf(http: string): Promise<readonly Shown[]> {
  const { items } = (await (await fetch(`${http}/api/v1/readings?limit=1000`)).json()) as { readonly items: readonly Shown[] };
  return items.toSorted((a, b) => a.label.localeCompare(b.label) || a.sequence - b.sequence);
}

/** `label sensor=value …` of every reading, by device and sequence. */
const summaryOf = (readings: readonly Shown[]): readonly string[] =>
  readings.map(({ label, records }) => `${label} ${records.map(({ name, value }) => `${name}=${value}`).join(' ')}`);

async function withCity(
  settings: object,
  use: (place: { folder: string; http: string; data: string; settings: object }, city: CityProcess) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    const folder = join(dirname(data), 'bridge');
    mkdirSync(folder);
    const maker = await admitMaker(city, data);
    try {
      const place = { folder, http: city.http, data, settings };
      enrolTestBridge(place, maker);
      await use(place, city);
    } finally {
      maker.api.close();
      await city.end('SIGTERM');
    }
  });
}

const lorawanSettings = (folder: string) => ({
  bridge: 'lorawan',
  ...COMMON,
  listen: '127.0.0.1:0',
  tokenFile: join(folder, 'token'),
  devices: [
    {
      name: 'level-1',
      devEui: '70B3D57ED0001234',
      ports: {
        2: [
          { field: 'level.mm', sensor: 'level', unit: 'm', scale: 0.001 },
          { field: 'open', sensor: 'lid' },
        ],
        3: [{ at: 0, type: 'i16', sensor: 'temperature', unit: 'Cel', scale: 0.01 }],
      },
    },
  ],
});

const chirpstack = (fCnt: number, object: object, changes: object = {}) => ({
  deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
  time: '2026-11-25T10:00:00Z',
  deviceInfo: { tenantId: 'x', deviceName: 'level', devEui: '70b3d57ed0001234' },
  devAddr: '00189440',
  fCnt,
  fPort: 2,
  data: 'AAE=',
  object,
  ...changes,
});

const thingsStack = (f_cnt: number, frm_payload: string) => ({
  end_device_ids: { device_id: 'level', dev_eui: '70B3D57ED0001234', dev_addr: '00189440' },
  received_at: '2026-11-25T10:00:00Z',
  uplink_message: { session_key_id: 'AXA50f', f_port: 3, f_cnt, frm_payload, decoded_payload: { any: 1 } },
});

test('lorawan: uplinks of two network servers become readings that a bridge signed; nothing twice, nothing lost while the city is away', () =>
  inTemporaryFolder(async (own) => {
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    await withCity(lorawanSettings(own), async (place, city) => {
      let bridge = await TestBridge.start(place);
      const post = async (
        body: unknown,
        { query = '?event=up', token = TOKEN, method = 'POST' } = {},
      ): Promise<readonly [number, object]> => {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        const init = method === 'GET' ? { method } : { method, body: text };
        const response = await fetch(`${bridge.address}/${query}`, { ...init, headers: { authorization: `Bearer ${token}` } });
        return [response.status, (await response.json()) as object];
      };
      const code = async (...request: Parameters<typeof post>): Promise<unknown> =>
        (await post(...request)).map((part) => (typeof part === 'object' ? (part as { code?: string }).code : part));
      try {
        assert.deepEqual(await post(chirpstack(7, { level: { mm: 1423 }, open: false })), [200, { taken: 2 }]);
        assert.deepEqual(await post(chirpstack(7, { level: { mm: 1423 }, open: false })), [200, { known: true }]);
        assert.deepEqual(await post(thingsStack(8, 'CWA='), { query: '' }), [200, { taken: 1 }]);
        assert.deepEqual(await post(chirpstack(9, {}, { fPort: 99 })), [200, { ignored: 'port' }]);
        assert.deepEqual(await post(chirpstack(9, { level: { cm: 4 } })), [200, { ignored: 'no value' }]);
        assert.deepEqual(await post({ anything: 1 }, { query: '?event=join' }), [200, { ignored: 'no uplink' }]);
        assert.deepEqual(await post({ end_device_ids: {}, join_accept: {} }, { query: '' }), [200, { ignored: 'no uplink' }]);

        assert.deepEqual(await code(chirpstack(10, {}), { token: 'wrong' }), [401, 'UPLINK_TOKEN_WRONG']);
        assert.deepEqual(await code('', { method: 'GET' }), [400, 'UPLINK_INVALID']);
        assert.deepEqual(await code('{'), [400, 'UPLINK_INVALID']);
        assert.deepEqual(await code('[]'), [400, 'UPLINK_INVALID']);
        assert.deepEqual(await code(chirpstack(-1, {})), [400, 'UPLINK_INVALID']);
        assert.deepEqual(await code(chirpstack(10, {}, { data: '<script>' })), [400, 'UPLINK_INVALID']);
        assert.deepEqual(await code(thingsStack(10, 'A'.repeat(2_000))), [400, 'UPLINK_INVALID']);
        assert.deepEqual(await code(chirpstack(10, {}, { deviceInfo: { devEui: '0000000000000001' } })), [
          404,
          'UPLINK_DEVICE_UNKNOWN',
        ]);
        assert.deepEqual(await code('x'.repeat(70_000)), [413, 'TOO_LARGE']);
        await until('both are kept', () => bridge.count('kept') === 2);

        await city.end('SIGKILL');
        assert.deepEqual(await post(chirpstack(11, { level: { mm: 1500 } })), [200, { taken: 1 }]);
        await bridge.end('SIGKILL');
        bridge = await TestBridge.start(place);
        assert.deepEqual(await post(chirpstack(11, { level: { mm: 1500 } })), [200, { known: true }], 'known through a restart');
        const again = await city.again(place.data);
        try {
          await until('the third is kept', () => bridge.count('kept') === 1);
          await until('all are listed', async () => (await readingsOf(again.http)).length === 3);
          const readings = await readingsOf(again.http);
          assert.deepEqual(summaryOf(readings), ['level-1 level=1.423 lid=false', 'level-1 temperature=24', 'level-1 level=1.5']);
          assert.deepEqual(new Set(readings.map(({ grade }) => grade)), new Set(['bridge']));
          assert.ok(readings.every(({ clockErrorMs }) => clockErrorMs > 150 && clockErrorMs < 300));
        } finally {
          await again.end('SIGTERM');
        }
      } finally {
        await bridge.end();
      }
    });
  }));

test('modbus: registers of every kind become values; a device that is away, or refuses, is told and asked again', async () => {
  const sockets = createServer();
  const modbus = new servers.TCP(sockets, {
    holding: Buffer.alloc(64),
    input: Buffer.alloc(64),
    coils: Buffer.alloc(8),
    discrete: Buffer.alloc(8),
  });
  modbus.holding.writeUInt16BE(2_345, 2 * 2);
  modbus.holding.writeInt16BE(-55, 3 * 2);
  modbus.holding.writeFloatBE(21.5, 4 * 2);
  modbus.input.writeUInt16BE(0xe240, 0);
  modbus.input.writeUInt16BE(0x0001, 2);
  modbus.coils.writeUInt8(0b10, 0);
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  const { port } = sockets.address() as AddressInfo;
  const registers = [
    { table: 'holding', address: 2, type: 'u16', sensor: 'voltage', unit: 'V', scale: 0.1 },
    { table: 'holding', address: 3, type: 'i16', sensor: 'outside', unit: 'Cel', scale: 0.1 },
    { table: 'holding', address: 4, type: 'f32', sensor: 'inside', unit: 'Cel' },
    { table: 'input', address: 0, type: 'u32', order: 'little', sensor: 'energy', unit: 'Wh' },
    { table: 'coil', address: 1, type: 'bit', sensor: 'pump' },
    { table: 'discrete', address: 0, type: 'bit', sensor: 'door' },
  ];
  const settings = {
    bridge: 'modbus',
    ...COMMON,
    intervalMs: 300,
    timeoutMs: 500,
    devices: [
      { name: 'meter-1', host: '127.0.0.1', port, registers },
      { name: 'meter-2', host: '127.0.0.1', port, registers: [{ ...registers[0], address: 40_000 }] },
      { name: 'meter-3', host: '127.0.0.1', port: 9, registers },
    ],
  };
  try {
    await withCity(settings, async (place) => {
      const bridge = await TestBridge.start(place);
      try {
        await until(
          'two polls are kept',
          () => bridge.count('kept') >= 2,
          () => JSON.stringify(bridge.events.slice(0, 10)),
        );
        await until('the refusal is told', () => bridge.count('trouble', 'MODBUS_REFUSED') > 0);
        await until('the absence is told', () => bridge.count('trouble', 'MODBUS_UNREACHABLE') > 0);
        await until('both are listed', async () => (await readingsOf(place.http)).length >= 2);
        const [first] = await readingsOf(place.http);
        const want = 'meter-1 voltage=234.5 outside=-5.5 inside=21.5 energy=123456 pump=true door=false';
        assert.deepEqual([summaryOf([first as Shown])[0], first?.grade], [want, 'bridge']);
      } finally {
        assert.equal(await bridge.end(), 0);
      }
    });
  } finally {
    sockets.close();
  }
});

const csvSettings = (file: string) => ({
  bridge: 'csv',
  ...COMMON,
  file,
  deviceColumn: 'station',
  time: { column: 'at', errorMs: 1_000 },
  columns: [
    { column: 'level_mm', sensor: 'level', unit: 'm', scale: 0.001 },
    { column: 'state', sensor: 'state' },
  ],
  devices: [{ name: 'north' }, { name: 'south' }],
});

test('csv: a file that grows is followed through restarts, row by row once; what does not fit is told with its code', () =>
  inTemporaryFolder(async (own) => {
    mkdirSync(own, { recursive: true });
    const file = join(own, 'levels.csv');
    await withCity(csvSettings(file), async (place) => {
      let bridge = await TestBridge.start(place);
      try {
        const kept = (count: number) =>
          until(
            `${count} rows are kept`,
            () => bridge.count('kept') === count,
            () => JSON.stringify(bridge.events),
          );
        writeFileSync(file, 'station,at,level_mm,state\nnorth,2026-11-25T10:00:00Z,1500,"fine, so far"\n');
        appendFileSync(
          file,
          'south,2026-11-25T12:00:00+02:00,900,\nwest,2026-11-25T10:00:00Z,1,\nnorth,25/11/2026,1,\nnorth,1\n',
        );
        appendFileSync(file, 'north,2026-11-25T10:01:00Z,15');
        await kept(2);
        await until('three rows are told', () => bridge.count('trouble', 'CSV_ROW_INVALID') === 3);
        await bridge.end('SIGKILL');
        appendFileSync(file, '01,\n');
        bridge = await TestBridge.start(place);
        // What was settled in the last moment before the end may be sent again; it gets the same receipt.
        const listed = (count: number) =>
          until(`${count} are listed`, async () => (await readingsOf(place.http)).length === count);
        await listed(3);
        writeFileSync(file, 'station,at,level_mm,state\nsouth,2026-11-25T10:02:00Z,901,new file\n');
        await listed(4);
        assert.equal(bridge.count('trouble', 'CSV_TRUNCATED'), 1);
        const readings = await readingsOf(place.http);
        assert.deepEqual(summaryOf(readings), [
          'north level=1.5 state=fine, so far',
          'north level=1.501',
          'south level=0.9',
          'south level=0.901 state=new file',
        ]);
        assert.deepEqual(
          readings.map(({ timeMs }) => new Date(timeMs).toISOString().slice(11, 19)),
          ['10:00:00', '10:01:00', '10:00:00', '10:02:00'],
        );
        assert.deepEqual(
          new Set(readings.map(({ clockErrorMs, grade }) => `${clockErrorMs} ${grade}`)),
          new Set(['1000 bridge']),
        );
      } finally {
        await bridge.end();
      }
    });
  }));

test('csv: wrong columns end the bridge with CSV_COLUMN_MISSING; standard input is followed like a file', () =>
  inTemporaryFolder(async (own) => {
    mkdirSync(own, { recursive: true });
    const file = join(own, 'levels.csv');
    writeFileSync(file, 'station;at;level_mm\nnorth;2026-11-25T10:00:00Z;1\n');
    await withCity(csvSettings(file), async (place) => {
      const wrong = await TestBridge.start(place);
      await until('it ended', async () => wrong.events.some(({ event }) => event.startsWith('The file has no such column')));
      assert.equal(await wrong.ended(), 1);
      const { time: _, deviceColumn: __, ...settings } = csvSettings('-');
      const bridge = await TestBridge.start({
        ...place,
        settings: { ...settings, columns: [settings.columns[0]], devices: [{ name: 'north' }] },
      });
      try {
        bridge.write('level_mm\r\n1500\r\n15');
        bridge.write('01\r\n');
        await until('both are kept', () => bridge.count('kept') === 2);
        await until('both are listed', async () => (await readingsOf(place.http)).length === 2);
        assert.deepEqual(summaryOf(await readingsOf(place.http)), ['north level=1.5', 'north level=1.501']);
      } finally {
        await bridge.end();
      }
    });
  }));
