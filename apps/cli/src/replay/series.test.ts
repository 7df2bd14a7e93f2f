import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { inFolder } from '../../../../test/support/folder.ts';
import { sharedPath, skipReason } from '../../../../test/support/shared.ts';
import { CliFailure } from '../failure.ts';
import type { Issue } from './csv-records.ts';
import { type MappingOptions, readMappingFile } from './mapping.ts';
import { openMapping, readSeries, type SeriesRow, type Window } from './series.ts';
import { surveyFile } from './survey.ts';

const ALL: Window = { fromMs: null, toMs: null, rowCountMax: null };

type Found = { readonly rows: readonly SeriesRow[]; readonly issues: readonly Issue[] };

/** What a text means as a file under these options. */
function read(text: string, options: MappingOptions = {}, window = ALL): Promise<Found> {
  return inFolder({ 'file.csv': text }, async (folder) => {
    const file = join(folder, 'file.csv');
    const mapping = await openMapping(file, options);
    const rows: SeriesRow[] = [];
    const issues: Issue[] = [];
    for await (const row of readSeries(file, mapping, options.delimiter ?? null, window, (issue) => issues.push(issue)))
      rows.push(row);
    return { rows, issues };
  });
}

/** `line: series/sensor=value unit` of every value. */
const shown = ({ rows }: Found): string[] =>
  rows.flatMap(({ line, values }) =>
    values.map(({ series, sensor, value, unit }) => `${line}: ${series}/${sensor}=${value}${unit === null ? '' : ` ${unit}`}`),
  );

const exits2 = (error: unknown): boolean => error instanceof CliFailure && error.exitCode === 2;

test('wide: a series for each numeric column, empty cells left out, the rest guessed', async () => {
  const found = await read('time,a,b,note\n2020-01-01 00:00,1,2.5,x\n2020-01-01 01:00,,3e1,y\n');
  assert.deepEqual(shown(found), ['2: a/value=1', '2: b/value=2.5', '3: b/value=30']);
  assert.deepEqual(found.issues, []);
  assert.equal(found.rows[1]?.timeMs, Date.UTC(2020, 0, 1, 1));
});

test('long: a column names the series, every column of values is a sensor with its own unit', async () => {
  const text = 'site;when;wind speed;temp\nA;2020-01-01;3;10\nB;2020-01-01;4;11\nA;2020-01-02;5;NaN\n';
  const found = await read(text, { series: 'site', unit: ['wind speed=m/s', 'Cel'] });
  assert.deepEqual(shown(found), [
    '2: A/wind-speed=3 m/s',
    '2: A/temp=10 Cel',
    '3: B/wind-speed=4 m/s',
    '3: B/temp=11 Cel',
    '4: A/wind-speed=5 m/s',
  ]);
});

test('numbers with a comma are read where that is said, and asked about where it is not', async () => {
  const text = 'Datum;Pegel;Regen\n2026-11-01 08:00;1,32;0,5\n2026-11-01 09:00;-3;.\n2026-11-01 10:00;1.35;2\n';
  const found = await read(text, { decimal: ',', value: ['Pegel', 'Regen'], missing: ['0,5'] });
  assert.deepEqual(shown(found), ['2: Pegel/value=1.32', '3: Pegel/value=-3', '4: Regen/value=2']);
  const lines = found.issues.map(({ line }) => line);
  assert.deepEqual(lines, [3, 4]);
  await assert.rejects(read('when;level\n2026-11-01;1,32\n'), { action: 'Say so with --decimal ","' });
});

test('where nothing can be sent, the first line that was left out says why', () =>
  inFolder({ 'file.csv': 'when,level\n2026-11-01,high\n2026-11-02,low\n' }, async (folder) => {
    const file = join(folder, 'file.csv');
    const survey = surveyFile(file, await openMapping(file, { value: ['level'] }), null, ALL);
    await assert.rejects(survey, { exitCode: 2, message: /: line 2 column level holds "high", .*, and 1 more$/ });
  }));

test('a file without times counts them', async () => {
  const found = await read('1,2\n10,20\n0,40\n', { start: '2012-03-01T00:00:00', step: '5m', missing: ['0'] });
  assert.deepEqual(shown(found), ['2: 1/value=10', '2: 2/value=20', '3: 2/value=40']);
  assert.equal(found.rows[1]?.timeMs, Date.UTC(2012, 2, 1, 0, 5));
});

test('what is wrong with a row is told with its line, and the others go on', async () => {
  const rows = Array.from({ length: 30 }, (_, i) => `2020-01-${String(i + 1).padStart(2, '0')},${i}`);
  const bad = ['2020-13-01,5', '2020-01-03,7', '2020-02-01,many', '2020-02-02', '2020-02-03,1,2', ',4', '"2020-02-04"x,1'];
  const found = await read(['time,v', ...rows, ...bad, '2020-02-05,9'].join('\n'));
  assert.deepEqual(
    found.issues.map(({ line, what }) => `${line} ${what.replace(/:.*/, '')}`),
    [
      '32 has no readable time',
      '33 repeats the time of an earlier row',
      '34 column v holds "many", which is no number',
      '35 has 1 cells, the header has 2',
      '36 has 3 cells, the header has 2',
      '37 has no readable time',
      '38 has no readable time',
    ],
  );
  assert.equal(shown(found).length, 31);
  assert.equal(shown(found).at(-1), '39: v/value=9');
});

test('a quote that nobody closes is told, and what stood before it is read', async () => {
  const rows = Array.from({ length: 12 }, (_, i) => `2020-01-${String(i + 1).padStart(2, '0')},${i}`);
  const found = await read(['time,v', ...rows, '"2020-02-01,1', '2020-02-02,2'].join('\n'));
  assert.equal(shown(found).length, 12);
  assert.match(found.issues[0]?.what ?? '', /^cannot be read/);
});

test('in a long file each series has its own times', async () => {
  const found = await read('s,t,v\nA,2020-01-01,1\nB,2020-01-01,2\nA,2020-01-01,3\n', { series: 's', time: 't' });
  assert.deepEqual(shown(found), ['2: A/v=1', '3: B/v=2']);
  assert.deepEqual(found.issues, [{ line: 4, what: 'repeats the time of an earlier row of A' }]);
});

test('from, to and limit', async () => {
  const text = `t,v\n${[1, 2, 3, 4, 5].map((day) => `2020-01-0${day},${day}`).join('\n')}\n`;
  const window = { fromMs: Date.UTC(2020, 0, 2), toMs: Date.UTC(2020, 0, 5), rowCountMax: 2 };
  assert.deepEqual(shown(await read(text, {}, window)), ['3: v/value=2', '4: v/value=3']);
});

test('quoted cells, a byte order mark, tabs, empty lines', async () => {
  const found = await read('\ufefftime\t"the value"\n\n"2020-01-01"\t"1"\n', { sensor: 'level' });
  assert.deepEqual(shown(found), ['3: the value/level=1']);
});

const REFUSED: readonly (readonly [what: string, text: string, options: MappingOptions])[] = [
  ['an empty file', '', {}],
  ['a header alone', 'time,v\n', {}],
  ['no time anywhere', 'a,b\n1,2\n', {}],
  ['a step without a start', 'a,b\n1,2\n', { step: '5m' }],
  ['no numbers', 'time,v\n2020-01-01,x\n', {}],
  ['a column that is not there', 'time,v\n2020-01-01,1\n', { value: ['w'] }],
  ['day and month in doubt', 'time,v\n01/02/20,1\n03/04/20,2\n', {}],
  ['a form that is neither', 'time,v\n2020-01-01,1\n', { format: 'tall' }],
  ['a decimal mark that is none', 'time,v\n2020-01-01,1\n', { decimal: ';' }],
  ['a series column in a wide file', 'time,v\n2020-01-01,1\n', { format: 'wide', series: 'v' }],
];

for (const [what, text, options] of REFUSED) {
  test(`exit code 2 for ${what}`, () => assert.rejects(read(text, options), exits2));
}

test('a mapping from YAML, flags before it, and nothing unknown in it', () => {
  const yaml = 'time: DATETIME\ntimeFormat: DD/MM/YY HH\nvalue: [L_T1, L_T2]\nunit: { L_T1: m }\nmissing: 0\n';
  assert.deepEqual(readMappingFile(yaml, { time: 'when' }), {
    time: 'when',
    timeFormat: 'DD/MM/YY HH',
    value: ['L_T1', 'L_T2'],
    unit: ['L_T1=m'],
    missing: ['0'],
  });
  for (const bad of ['colour: red', '- time', 'time: [a, b]', 'just text'])
    assert.throws(() => readMappingFile(bad, {}), exits2, bad);
});

test('gaps are those longer than one and a half steps; the longest first', () =>
  inFolder(
    {
      'file.csv': `t,v\n${[0, 1, 2, 3, 7, 8, 9, 20, 21].map((hour) => `2020-01-0${1 + Math.floor(hour / 24)} ${String(hour % 24).padStart(2, '0')}:00,1`).join('\n')}\n`,
    },
    async (folder) => {
      const file = join(folder, 'file.csv');
      const survey = await surveyFile(file, await openMapping(file, {}), null, ALL);
      assert.deepEqual([survey.stepMs, survey.gapCount, survey.valueCount], [3_600_000, 2, 9]);
      assert.deepEqual(
        survey.gaps.map(({ line }) => line),
        [9, 6],
      );
    },
  ));

type Shared = {
  readonly file: string;
  readonly options: MappingOptions;
  readonly series: number;
  readonly values: number;
  readonly issues: number;
};

const SHARED: readonly Shared[] = [
  { file: 'traffic/nab-realTraffic/speed_6005.csv', options: {}, series: 1, values: 2_500, issues: 0 },
  { file: 'air/air_quality_no2.csv', options: {}, series: 3, values: 2_068, issues: 0 },
  { file: 'water/batadal/dataset03.csv', options: { skip: ['ATT_FLAG'] }, series: 43, values: 376_723, issues: 0 },
  {
    file: 'traffic/metr-la-week/los_speed.csv',
    options: { start: '2012-03-01T00:00:00', step: '5m', missing: ['0'] },
    series: 207,
    values: 417_312,
    issues: 0,
  },
];

for (const { file, options, series, values, issues } of SHARED) {
  test(`${file} is read whole`, { skip: skipReason() }, async () => {
    const path = sharedPath(`data/${file}`);
    const survey = await surveyFile(path, await openMapping(path, options), null, ALL);
    assert.deepEqual([survey.series.size, survey.valueCount, survey.issueCount], [series, values, issues]);
  });
}
