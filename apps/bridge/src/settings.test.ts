import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { inFolder } from '../../../test/support/folder.ts';
import { readSettings } from './settings.ts';

const common = { clock: { errorMs: 500 }, model: { name: 'Level', type: 'level' } };
const csv = {
  bridge: 'csv',
  ...common,
  file: '-',
  columns: [{ column: 'level', sensor: 'level', unit: 'm' }],
  devices: [{ name: 'north' }],
};
const modbus = {
  bridge: 'modbus',
  ...common,
  intervalMs: 1_000,
  devices: [{ name: 'meter', host: '192.0.2.7', registers: [{ table: 'holding', address: 0, type: 'u16', sensor: 'v' }] }],
};
const lorawan = {
  bridge: 'lorawan',
  ...common,
  listen: '127.0.0.1:8424',
  tokenFile: 'token',
  devices: [{ name: 'level', devEui: '70b3d57ed0001234', ports: { 2: [{ field: 'mm', sensor: 'level' }] } }],
};

const read = (text: string) =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'bridge.yaml');
    writeFileSync(path, text);
    return readSettings(path);
  });

for (const settings of [csv, modbus, lorawan]) {
  test(`settings of ${settings.bridge} are read`, async () => {
    const found = await read(stringify(settings));
    assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(settings)));
  });
}

const [meter] = modbus.devices as [(typeof modbus.devices)[0]];
const [level] = lorawan.devices as [(typeof lorawan.devices)[0]];
const [register] = meter.registers as [(typeof meter.registers)[0]];

for (const [why, text] of [
  ['no YAML', 'a: [1'],
  ['no map', '- 1'],
  ['nothing', ''],
  ['another bridge', stringify({ ...csv, bridge: 'zigbee' })],
  ['a word too many', stringify({ ...csv, speling: 1 })],
  ['no clock', stringify({ ...csv, clock: undefined })],
  ['two clocks', stringify({ ...csv, clock: { errorMs: 1, ntp: ['a'] } })],
  ['a clock off by hours', stringify({ ...csv, clock: { errorMs: 3_600_000 } })],
  ['no device', stringify({ ...csv, devices: [] })],
  ['two devices of one name', stringify({ ...csv, devices: [{ name: 'north' }, { name: 'north' }] })],
  ['a name that is a path', stringify({ ...csv, devices: [{ name: '../operator' }] })],
  ['a sensor that SenML does not allow', stringify({ ...csv, columns: [{ column: 'level', sensor: 'a b' }] })],
  ['a bit among registers', stringify({ ...modbus, devices: [{ ...meter, registers: [{ ...register, type: 'bit' }] }] })],
  [
    'an address beyond the table',
    stringify({ ...modbus, devices: [{ ...meter, registers: [{ ...register, address: 65_536 }] }] }),
  ],
  ['a poll without pause', stringify({ ...modbus, intervalMs: 0 })],
  ['a devEui of 15 digits', stringify({ ...lorawan, devices: [{ ...level, devEui: '70b3d57ed000123' }] })],
  [
    'a field that is code',
    stringify({ ...lorawan, devices: [{ ...level, ports: { 2: [{ sensor: 'level', decoder: 'function(){}' }] } }] }),
  ],
  ['no port to listen on', stringify({ ...lorawan, listen: 'localhost' })],
] as const) {
  test(`BRIDGE_SETTINGS_INVALID: ${why}`, async () => {
    await assert.rejects(read(text), { code: 'BRIDGE_SETTINGS_INVALID' });
  });
}
