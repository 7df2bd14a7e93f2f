/**
 * How SQLite carries out every statement of the gateway: none goes through a whole table, and no filter is looked at row by row, unless it
 * stands here with the reason why that is no long way. So no question of a stranger can hold the event loop for as long as the city is large.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { freshBytes, inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { enrolDevice, eventually, runDoors } from '../../../../test/support/running-gateway.ts';
import { Access } from '../access/access.ts';
import { AnswerStore } from '../access/answer-store.ts';
import { openAccessDatabase } from '../access/key-store.ts';
import { type Database, openForReading, openForWriting } from './database.ts';
import { downsample } from './downsampling.ts';

// Whole, so that what they have can be counted.
const lampSeries = await import('../lighting/lamp-series.ts');
const alarms = await import('./alarm-queries.ts');
const devices = await import('./device-queries.ts');
const ledger = await import('./ledger-queries.ts');
const orders = await import('./order-queries.ts');
const readings = await import('./reading-queries.ts');
const series = await import('./series-queries.ts');

/** Files that ask a database something. Whoever adds one adds its statements below. */
const ASKING = [
  'access/answer-store.ts',
  'access/key-store.ts',
  'lighting/lamp-series.ts',
  'read-model/alarm-queries.ts',
  'read-model/alarm-rows.ts',
  'read-model/block-rows.ts',
  'read-model/database.ts',
  'read-model/device-queries.ts',
  'read-model/downsampling.ts',
  'read-model/ledger-queries.ts',
  'read-model/order-queries.ts',
  'read-model/order-rows.ts',
  'read-model/read-model.ts',
  'read-model/reading-queries.ts',
  'read-model/reading-rows.ts',
  'read-model/reading-writer.ts',
  'read-model/row-inserter.ts',
  'read-model/series-numbers.ts',
  'read-model/series-queries.ts',
];

const ASKS = /\b(?:select|delete)From\(|\b(?:insert|replace)Into\(|\bupdateTable\(|\bsql[<`]|\.prepare\(/;

/** What goes through a whole table, sorts, or looks at rows one by one: a piece of its text, and why it is no long way. */
const REASONS: readonly (readonly [text: RegExp, reason: string])[] = [
  [/from "cursors"$/, 'two rows for each shard'],
  [/FROM keys ORDER BY created_ms, id/, 'once at the start: as many keys as the owner of the folder made'],
  [
    /DELETE FROM answers WHERE rowid IN/,
    'the answers kept of one caller, and of all: 1,000 and 20,000 at most, once in 32 writes',
  ],
  [/GROUP BY start_ms|GROUP BY 1|start_ms - start_ms %/, 'buckets of one series, as many as a span has at most'],
  [/FROM zone_devices LEFT JOIN devices/, 'the lamps of one zone, 65,536 at most, in a thread of its own with 20 seconds'],
  [/from "alarms" where "cause" = \? and "opening_kind" = \?/, 'unclosed alarms of one cause: one for each meter of a cabinet'],
  [/from "readings" inner join "senders" .* order by .* limit \?$/, 'a join to one row each'],
  [/devices.model = \? AND devices.id > \?/, 'the series of one device after the other, as its limit has it'],
];

/** A step of a walk says of each of its rows whether it fits: by rows of other tables found by their keys, which the plan shows. */
const withoutFits = (text: string): string => text.replace(/^select .* as "fits" from /s, 'select * from ');

/** A page of a whole list is a walk along an index which its limit ends. */
function isPage(whole: string, plan: readonly string[]): boolean {
  const text = withoutFits(whole).replace(/ where "alarms"\."closed_ms" is null(?= order by)/, '');
  return (
    /\slimit (?:\?|1)$/i.test(text) &&
    !/\swhere\s|\sgroup by\s|\(select/i.test(text) &&
    !plan.some((line) => line.includes('TEMP B-TREE'))
  );
}

type Asked = { readonly text: string; readonly file: string };

/** Statements that were prepared, by whoever. */
const asked = new Map<string, Asked>();
const { prepare } = DatabaseSync.prototype;

describe('the plans of all statements', () => {
  before(() => {
    DatabaseSync.prototype.prepare = function (this: DatabaseSync, text: string) {
      const name = (this.location() ?? '').split('/').at(-1) ?? '';
      if (!text.startsWith('EXPLAIN')) asked.set(text.replaceAll(/\s+/g, ' ').trim(), { text, file: name });
      return prepare.call(this, text);
    };
  });
  after(() => {
    DatabaseSync.prototype.prepare = prepare;
  });

  test('whoever asks a database is known here', () => {
    const folder = join(import.meta.dirname, '..');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.test)\.ts$/.test(name));
    const asks = (name: string) => ASKS.test(readFileSync(join(folder, name), 'utf8'));
    assert.deepEqual(files.filter(asks).sort(), ASKING);
  });

  test('every question of the read model is asked, in all its forms', () =>
    inTemporaryFolder(async (folder) => {
      const file = made(folder);
      fill(file);
      const { database, close } = openForReading(file);
      for (const [name, ask] of Object.entries(QUESTIONS)) for (const one of ask) await assert.doesNotReject(one(database), name);
      close();
    }));

  test('nothing that asks is left out', () => {
    const modules = { ...alarms, ...devices, ...ledger, ...orders, ...readings, ...series, ...lampSeries };
    const functions = Object.entries(modules).filter(([name, value]) => typeof value === 'function' && !PURE.has(name));
    assert.deepEqual(Object.keys(QUESTIONS).sort(), [...functions.map(([name]) => name), 'downsample'].sort());
  });

  test('the rows are written, those of an erased reading deleted, and the file opened again', () =>
    inTemporaryFolder(async (folder) => {
      const first = await runDoors(folder);
      const [lamp, badge] = [await enrolDevice(first.city), await enrolDevice(first.city, { personal: true })];
      for (const device of [lamp, badge]) await first.shard.client.ingest(device.reading(1));
      const { database } = first.gateway.readModel;
      const readingCount = (wanted: number) =>
        eventually(
          () => readings.findReadings(database, { limit: 9, before: null }),
          ({ length }) => length === wanted,
        );
      await readingCount(2);
      await first.shard.erase(badge.id, 'request');
      await readingCount(1);
      await first.close();
      await (await runDoors(folder, false)).close();
      for (const said of ['delete from "device_activity"', 'select * from "cursors"'])
        assert.ok(
          [...asked.keys()].some((text) => text.startsWith(said)),
          said,
        );
    }));

  test('keys, their log and answers are kept', () =>
    inTemporaryFolder(async (folder) => {
      const database = openAccessDatabase(folder);
      const failed = (error: Error) => assert.fail(error);
      const access = new Access({
        database,
        anonymous: 'here',
        clock: () => 1_000,
        randomBytes: freshBytes,
        onWriteFailure: failed,
      });
      const wanted = { name: 'x', rights: ['readings:read'], devices: null, deviceTypes: null, expiresMs: 9_000 } as const;
      access.revokeKey(access.createKey(wanted, { owner: 'mayor' }).key.id, { owner: 'mayor' });
      access.log(10, null);
      const answers = new AnswerStore(database, () => 1_000);
      const request = { principal: 'p', key: 'k', digest: freshBytes(32), repeats: false };
      answers.begin(request);
      answers.end(request, { status: 200, type: 't', body: freshBytes(1) });
      answers.end(request, null);
      access.close();
    }));

  test('none goes a long way', () =>
    inTemporaryFolder(async (folder) => {
      made(folder);
      const readModel = new DatabaseSync(join(folder, 'read-model.sqlite'));
      const access = openAccessDatabase(folder);
      const [used, found] = [new Set<RegExp>(), [] as string[]];
      const statements = [...asked.values()].filter(({ text }) => !/^PRAGMA/.test(text));
      assert.ok(statements.length > 100, `${statements.length} statements`);
      for (const { text, file } of statements) {
        const connection = file === 'access.sqlite' ? access : readModel;
        const rows = prepare.call(connection, `EXPLAIN QUERY PLAN ${text}`).all() as { detail: string }[];
        const plan = rows.map(({ detail }) => detail);
        const why = longWays(connection, text, plan);
        const flat = text.replaceAll(/\s+/g, ' ').trim();
        const reason = REASONS.find(([piece]) => piece.test(flat));
        if (why.length > 0 && reason !== undefined) used.add(reason[0]);
        else if (why.length > 0 && !isPage(flat, plan)) found.push(`${why.join(', ')}\n  ${flat}\n  ${plan.join('\n  ')}`);
      }
      access.close();
      readModel.close();
      assert.deepEqual(found, []);
      assert.deepEqual(
        REASONS.filter(([piece]) => !used.has(piece)).map(([piece]) => String(piece)),
        [],
        'a reason without a statement',
      );
    }));

  test('a statement that does is found', () =>
    inTemporaryFolder(async (folder) => {
      made(folder);
      const connection = new DatabaseSync(join(folder, 'read-model.sqlite'));
      const waysOf = (text: string): readonly string[] => {
        const rows = prepare.call(connection, `EXPLAIN QUERY PLAN ${text}`).all() as { detail: string }[];
        const plan = rows.map(({ detail }) => detail);
        return isPage(text, plan) ? [] : longWays(connection, text, plan);
      };
      assert.deepEqual(waysOf('select "id" from "orders" where "command" = ?'), [
        'goes through orders',
        'looks at command row by row',
      ]);
      const sorted = 'select * from "orders" where "zone" = ? order by "command" limit ?';
      assert.deepEqual(waysOf(sorted), ['sorts']);
      const looked =
        'select * from "orders" where "command" = ? and ("at_ms", "id") < (?, ?) order by "at_ms" desc, "id" desc limit ?';
      assert.deepEqual(waysOf(looked), ['looks at command row by row']);
      assert.deepEqual(waysOf('select * from "orders" order by "at_ms", "id" limit ?'), []);
      assert.deepEqual(waysOf('select * from "orders" order by "command" limit ?'), ['goes through orders', 'sorts']);
      assert.deepEqual(waysOf('select count(*) from "orders"'), ['goes through orders']);
      connection.close();
    }));
});

/** A read model without rows. */
function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'read-model.sqlite');
  openForWriting(file).close();
  return file;
}

/** Whole tables that are gone through, sorting, and columns that are compared with something and by no index. */
function longWays(connection: DatabaseSync, text: string, plan: readonly string[]): string[] {
  const tables = new Set(namesOf(connection, 'table'));
  const aliases = new Map([...text.matchAll(/"?(\w+)"? AS "?(\w+)"?/gi)].map(([, table, alias]) => [alias, table]));
  const scanned = plan.flatMap((line) => {
    const name = /^SCAN (\w+)/.exec(line)?.[1] ?? '';
    const table = aliases.get(name) ?? name;
    return tables.has(table) ? [`goes through ${table}`] : [];
  });
  const sorts = plan.some((line) => line.includes('USE TEMP B-TREE')) ? ['sorts'] : [];
  const known = new Set(plan.flatMap((line) => columnsOf(connection, line)));
  const filters = [
    ...withoutFits(text).matchAll(/\bwhere\b(.*?)(?=\border by\b|\bgroup by\b|\blimit\b|\breturning\b|$)/gis),
  ].flatMap(([, clause = '']) =>
    [...clause.matchAll(/(?:"?\w+"?\.)?"?(\w+)"? (?:=|is|in|IS|IN) \(?(?:\?|null)/g)].map(([, column = '']) => column),
  );
  const unhelped = filters.filter((column) => !known.has(column)).map((column) => `looks at ${column} row by row`);
  return [...new Set([...scanned, ...sorts, ...unhelped])];
}

function namesOf(connection: DatabaseSync, type: string): string[] {
  const rows = prepare.call(connection, 'SELECT name FROM sqlite_master WHERE type = ?').all(type) as { name: string }[];
  return rows.map(({ name }) => name);
}

/** Columns that the index of a line of a plan is asked by, and those by which it leaves rows out. */
function columnsOf(connection: DatabaseSync, line: string): string[] {
  const asking = /\((.*)\)$/.exec(line)?.[1] ?? '';
  const index = /INDEX (\w+)/.exec(line)?.[1] ?? '';
  const made = prepare.call(connection, 'SELECT sql FROM sqlite_master WHERE name = ?').get(index) as
    | { sql: string | null }
    | undefined;
  const left = / WHERE (.*)$/.exec(made?.sql ?? '')?.[1] ?? '';
  // A key that is the number of its row goes by that name.
  const keys = asking.includes('rowid') ? KEYS : '';
  return [...`${asking} ${left} ${keys}`.matchAll(/[a-z_]+/g)].map(([column]) => column);
}

const KEYS = 'number sender height log_index';

/** What these modules have that asks nothing. */
const PURE = new Set(['proposalStatus', 'orderStateOf', 'spanOf']);

const [ID, MS] = ['ab'.repeat(32), 1_790_000_000_000];
type Question = (database: Database) => Promise<unknown>;

/** Every combination of these, each given or not. */
function all<T extends object>(fields: T): Partial<T>[] {
  const made: Partial<T>[] = [{}];
  for (const [name, value] of Object.entries(fields)) made.push(...made.map((one) => ({ ...one, [name]: value })));
  return made;
}

const PAGE = { limit: 3 } as const;
const AFTER = [null, ID] as const;

const QUESTIONS: Readonly<Record<string, readonly Question[]>> = {
  findAlarms: (['open', 'unclosed', 'closed'] as const).flatMap((state) =>
    all({ state, severity: 'minor' as const, cause: 'device-silent' as const, zone: ID, subject: ID }).flatMap((filter) =>
      [null, { openedMs: MS, id: ID }].map(
        (from): Question =>
          (database) =>
            alarms.findAlarms(database, { ...PAGE, ...filter, before: from }),
      ),
    ),
  ),
  findAlarm: [(database) => alarms.findAlarm(database, ID)],
  findUnclosed: [null, { openedMs: MS, id: ID }].map((from) => (database) => alarms.findUnclosed(database, from, 9)),
  findMissed: [alarms.findMissed],
  findAccounted: [alarms.findAccounted],
  findSilent: [null, { lastMs: MS, sender: 1 }].map(
    (from) => (database) => alarms.findSilent(database, { sinceMs: MS, after: from, rowCount: 9 }),
  ),
  findSenderOf: [(database) => alarms.findSenderOf(database, ID)],
  findNewestReading: [(database) => alarms.findNewestReading(database, 1)],
  findNewestReadingOf: [(database) => alarms.findNewestReadingOf(database, ID, MS)],
  findDevices: all({ status: 'active' as const, type: 'lamp', model: ID }).flatMap((filter) =>
    AFTER.map((from) => (database) => devices.findDevices(database, { ...PAGE, ...filter, after: from })),
  ),
  findDevice: [(database) => devices.findDevice(database, ID)],
  findModels: AFTER.map((from) => (database) => devices.findModels(database, { ...PAGE, after: from })),
  findManufacturers: AFTER.map((from) => (database) => devices.findManufacturers(database, { ...PAGE, after: from })),
  findBlocks: [null, 9].map((below) => (database) => ledger.findBlocks(database, 3, below)),
  findBlocksByHash: [(database) => ledger.findBlocksByHash(database, ID)],
  findTransactions: [null, 9].map((below) => (database) => ledger.findTransactions(database, 3, below)),
  findAnchors: [null, { height: 1, shard: ID, size: 1 }].map((from) => (database) => ledger.findAnchors(database, 3, from)),
  findAccounts: AFTER.map((from) => (database) => ledger.findAccounts(database, 3, from)),
  findProposals: [null, { createdMs: MS, id: ID }].map((from) => (database) => ledger.findProposals(database, 3, from)),
  findZones: AFTER.map((from) => (database) => orders.findZones(database, 3, from)),
  findZonesOf: [(database) => orders.findZonesOf(database, 'lighting')],
  findZoneDevices: [(database) => orders.findZoneDevices(database, ID, { ...PAGE, after: '' })],
  findOrders: all({ zone: ID, device: ID, status: 'issued' as const }).flatMap((filter) =>
    [null, { atMs: MS, id: ID }].map(
      (from): Question =>
        (database) =>
          orders.findOrders(database, { ...PAGE, ...filter, before: from }),
    ),
  ),
  findOrder: [(database) => orders.findOrder(database, ID)],
  findIssued: [(database) => orders.findIssued(database, MS)],
  findAnswers: AFTER.map((from) => (database) => orders.findAnswers(database, ID, { ...PAGE, after: from })),
  countAnswers: [(database) => orders.countAnswers(database, ID)],
  findAnswered: [(database) => orders.findAnswered(database, ID)],
  findLocalActs: all({ device: ID }).flatMap((filter) =>
    [null, { timeMs: MS, reading: ID }].map(
      (from): Question =>
        (database) =>
          orders.findLocalActs(database, { ...PAGE, ...filter, before: from }),
    ),
  ),
  findReadings: all({ device: ID, fromMs: 0, toMs: MS + 9 }).flatMap((filter) =>
    [null, { timeMs: MS, shard: 0, entry: 1 }].map(
      (from): Question =>
        (database) =>
          readings.findReadings(database, { ...PAGE, ...filter, before: from }),
    ),
  ),
  findSequences: [0, 1].map(
    (keyNumber) => (database) =>
      readings.findSequences(database, { ...{ device: ID, keyNumber, fromMs: MS, toMs: MS + 1, countMax: 3 } }),
  ),
  findSeriesOf: all({ unit: 'W' }).map(
    (filter): Question =>
      (database) =>
        series.findSeriesOf(database, ID, { name: 'power', ...filter }, 3),
  ),
  findLatest: all({ name: 'power', unit: 'W', type: 'lamp', device: ID }).flatMap((filter) =>
    [null, { model: ID, device: ID, name: 'a', series: 0 }].map(
      (from): Question =>
        (database) =>
          series.findLatest(database, { ...PAGE, ...filter, after: from }),
    ),
  ),
  countPersonal: [undefined, 'lamp'].map((type) => (database) => series.countPersonal(database, type)),
  lastTime: [(database) => series.lastTime(database, 1)],
  findSamples: all({ name: 'power', unit: 'W', fromMs: 0, toMs: MS + 9 }).flatMap((filter) =>
    [null, { series: 1, timeMs: 1, shard: 0, entry: 0, position: 0 }].map(
      (from): Question =>
        (database) =>
          series.findSamples(database, { ...PAGE, device: ID, ...filter, after: from }),
    ),
  ),
  downsample: [1, 2].map((one) => (database) => downsample(database, { series: one, fromMs: 1, toMs: 10 * MS, points: 10 })),
  findLamps: [(database) => lampSeries.findLamps(database, ID)],
  meansOf: (['samples', 'rollups'] as const).map((from) => (database) => {
    const span = { fromMs: MS, toMs: MS + 60_000, stepMs: 60_000, from };
    return lampSeries.meansOf(database, { level: 1, power: 2, firstMs: MS, lastMs: MS }, span);
  }),
};

/** One row of what questions go on from; a series with more samples than are counted one by one. */
function fill(file: string): void {
  const connection = new DatabaseSync(file);
  connection.exec(`
    INSERT INTO models VALUES ('${ID}', 'maker', 'Lamp', 'lamp', 0, 1, 0, NULL);
    INSERT INTO devices VALUES ('${ID}', '${ID}', NULL, 'active', 'r', NULL, 'lamp', 0, 0, NULL);
    INSERT INTO zone_devices VALUES ('${ID}', '${ID}');
    INSERT INTO orders VALUES ('${ID}', '${ID}', '${ID}', 1, 'x', '[]', 'ordinary', 1, 1, x'00', '[]', 'issued', 1, 1, 1, NULL);
    INSERT INTO alarms VALUES ('${ID}', 'device-silent', '${ID}', 'gone', 1, 'o', 'reading', 1, NULL, 1, 1, NULL, NULL, NULL);
    INSERT INTO senders VALUES (1, '${ID}');
    INSERT INTO readings VALUES (1, ${MS}, 0, 1, x'00', 0, 5, ${MS}, 1, 0, NULL);
    INSERT INTO key_hours VALUES (1, 0, ${MS - 3_600_000}, ${MS});
    INSERT INTO series VALUES (1, 1, 'power', 'W');
    INSERT INTO samples VALUES (1, ${MS}, 0, 1, 0, 0, 1.0, NULL, NULL);
    INSERT INTO rollups VALUES (1, ${MS - (MS % 900_000)}, 1000000, 1, 1, 1.0, 1.0, 1.0, ${MS}, 1.0)`);
  connection.close();
}
