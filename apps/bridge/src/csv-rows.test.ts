import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvReader } from './csv-rows.ts';
import { csvSettings } from './csv-settings.ts';

const settings = csvSettings.parse({
  bridge: 'csv',
  clock: { errorMs: 1 },
  model: { name: 'Level', type: 'level' },
  file: '-',
  delimiter: ';',
  deviceColumn: 'station',
  time: { column: 'at', errorMs: 1_000 },
  columns: [
    { column: 'level', sensor: 'level', unit: 'm', scale: 0.001 },
    { column: 'state', sensor: 'state' },
  ],
  devices: [{ name: 'north' }],
});
const HEADER = '\ufeffstation; at;level;state;more';

test('a row is read by the names of the header, whatever their order; an empty cell has no value', () => {
  const read = csvReader(HEADER, settings);
  assert.deepEqual(read('north;2026-11-25T10:00:00+02:00;1500;;x'), {
    device: 'north',
    timeMs: Date.UTC(2026, 10, 25, 8),
    values: [{ sensor: 'level', unit: 'm', value: 1.5 }],
  });
  assert.deepEqual(read('north;2026-11-25 10:00:00.5Z;;"a;b";').values, [{ sensor: 'state', value: 'a;b' }]);
});

for (const [why, header] of [
  ['a column less', 'station;at;level'],
  ['another delimiter', 'station,at,level,state'],
  ['another spelling', 'station;at;Level;state'],
] as const) {
  test(`CSV_COLUMN_MISSING: ${why}`, () => assert.throws(() => csvReader(header, settings), { code: 'CSV_COLUMN_MISSING' }));
}

for (const [why, row] of [
  ['a cell less', 'north;2026-11-25T10:00:00Z;1500;'],
  ['a cell more', 'north;2026-11-25T10:00:00Z;1500;;;'],
  ['another device', 'south;2026-11-25T10:00:00Z;1500;;'],
  ['a time without offset', 'north;2026-11-25T10:00:00;1500;;'],
  ['a day that is none', 'north;2026-13-25T10:00:00Z;1500;;'],
  ['a text in a column of metres', 'north;2026-11-25T10:00:00Z;n/a;;'],
  ['a number with a comma', 'north;2026-11-25T10:00:00Z;1,5;;'],
  ['a number without end', 'north;2026-11-25T10:00:00Z;1e999;;'],
  ['a text without end', `north;2026-11-25T10:00:00Z;1500;${'x'.repeat(1_025)};`],
  ['an open quote', 'north;2026-11-25T10:00:00Z;1500;"open;'],
  ['nothing', ''],
] as const) {
  test(`CSV_ROW_INVALID: ${why}`, () => assert.throws(() => csvReader(HEADER, settings)(row), { code: 'CSV_ROW_INVALID' }));
}
