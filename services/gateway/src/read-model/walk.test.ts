import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { pino } from 'pino';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { AlarmCounts } from '../alarms/alarm-counts.ts';
import { AlarmWatch } from '../alarms/alarm-watch.ts';
import { findAlarms } from './alarm-queries.ts';
import type { FoundSign } from './alarm-rows.ts';
import { type Database, openForReading, openForWriting } from './database.ts';
import { findDevices } from './device-queries.ts';
import { countAnswers, findOrders } from './order-queries.ts';
import { findSequences } from './reading-queries.ts';
import { countPersonal, findLatest, findSamples } from './series-queries.ts';
import { BOUNDS, type Walked, walk } from './walk.ts';

const ONE_QUESTION = BOUNDS.rows * BOUNDS.steps;
/** More than one question looks at, and more silent devices than were looked at once. */
const COUNT = Math.max(ONE_QUESTION, 20_000) + 3_000;
const id = (prefix: string, number: number | string): string => `${prefix}${number.toString().padStart(62, '0')}`;
const [DAY_MS, MS] = [86_400_000, 1_790_000_000_000 - (1_790_000_000_000 % 86_400_000)];

/** A read model of so many rows, in a table that a filter has to look through. */
const withRows = (sql: string, use: (database: Database, connection: DatabaseSync) => Promise<void>): Promise<void> =>
  inTemporaryFolder(async (folder) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'read-model.sqlite');
    openForWriting(file).close();
    const connection = new DatabaseSync(file);
    const n = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${COUNT})`;
    connection.exec(`BEGIN; ${sql.replaceAll('FOR EACH', n)}; COMMIT`);
    const { database, close } = openForReading(file);
    await use(database, connection).finally(() => {
      close();
      connection.close();
    });
  });
const numbered = (prefix: string, expression = 'i'): string => `printf('${prefix}%062d', ${expression})`;

/** All pages, and how many questions that took. */
async function follow<Row, Place>(ask: (from: Place | null) => Promise<Walked<Row, Place>>): Promise<readonly [Row[], number]> {
  const rows: Row[] = [];
  for (let [from, count] = [null as Place | null, 1]; ; count++) {
    const { rows: found, end } = await ask(from);
    rows.push(...found);
    if (end === null) return [rows, count];
    from = end;
  }
}

const MODEL = `INSERT INTO manufacturers VALUES ('m', 'works', 'a', 0, NULL);
  INSERT INTO models VALUES ('${id('00', 1)}', 'm', 'Lamp', 'lamp', 0, 1, 0, NULL);
  INSERT INTO devices SELECT ${numbered('dd')}, '${id('00', 1)}', NULL, CASE i WHEN ${COUNT - 1} THEN 'revoked' ELSE 'active' END, 'r', NULL,
    'lamp', 0, 0, NULL FROM n`;

describe('a walk through rows', () => {
  test('has an end, however many there are, and says where it goes on; others have their turns', async () => {
    const looked: number[] = [];
    let [turns, isOver] = [0, false];
    const watching = (async () => {
      for (; !isOver; turns++) await nextTurn();
    })();
    const step = async (from: number | null, rowCount: number) => {
      looked.push(rowCount);
      return { rows: [], end: (from ?? 0) + rowCount };
    };
    const { rows, end } = await walk<never, number>(3, null, step);
    isOver = true;
    await watching;
    assert.deepEqual([rows, end], [[], looked.reduce((sum, count) => sum + count, 0)]);
    assert.deepEqual([looked.length, Math.max(...looked)], [BOUNDS.steps, BOUNDS.rows]);
    assert.ok(turns >= BOUNDS.steps - 1, `${turns} turns`);
  });

  test('devices of a type with another status', () =>
    withRows(MODEL.replace('INSERT INTO devices', 'FOR EACH INSERT INTO devices'), async (database, connection) => {
      const wanted = { limit: 51, type: 'lamp', status: 'revoked' } as const;
      const [found, questions] = await follow<{ readonly id: string }, string>((after) =>
        findDevices(database, { ...wanted, after }),
      );
      assert.deepEqual([found.map(({ id: one }) => one), questions], [[id('dd', COUNT - 1)], 2]);
      assert.deepEqual(await findDevices(database, { limit: 51, after: null, type: 'other' }), { rows: [], end: null });
      const first = await findDevices(database, { limit: 3, after: null, type: 'lamp' });
      assert.deepEqual([first.rows.map(({ id: one }) => one), first.end], [[0, 1, 2].map((i) => id('dd', i)), null]);
      connection.exec('UPDATE devices SET status = status');
      const { count } = connection.prepare('SELECT sum(count) AS count FROM device_counts').get() as { count: number };
      assert.deepEqual([count, await countPersonal(database, undefined)], [COUNT, 0], 'each device is counted once');
    }));

  test('the newest values of a name that one device has', () =>
    withRows(
      `${MODEL.replace('INSERT INTO devices', 'FOR EACH INSERT INTO devices')};
      INSERT INTO models VALUES ('${id('00', 0)}', 'm', 'Empty', 'lamp', 0, 1, 0, NULL), ('${id('00', 2)}', 'm', 'Empty', 'lamp', 0, 1, 0, NULL);
      FOR EACH INSERT INTO senders SELECT i, ${numbered('dd')} FROM n;
      FOR EACH INSERT INTO series SELECT i + 1, i, CASE i WHEN ${COUNT - 1} THEN 'rare' ELSE 'power' END, 'W' FROM n;
      FOR EACH INSERT INTO samples SELECT i + 1, ${MS} + j.value, 0, i, 0, 0, i, NULL, NULL FROM n, json_each('[0, 1]') AS j`,
      async (database) => {
        type Found = Awaited<ReturnType<typeof findLatest>>;
        const of = (wanted: object) => (after: Found['end']) => findLatest(database, { limit: 51, ...wanted, after });
        const [rare, questions] = await follow(of({ name: 'rare' }));
        assert.deepEqual(
          rare.map(({ device, number, time_ms: timeMs }) => [device, number, timeMs]),
          [[id('dd', COUNT - 1), COUNT - 1, MS + 1]],
        );
        assert.equal(questions, 2);
        for (const none of [{ name: 'nothing' }, { unit: 'K' }, { name: 'power', unit: 'K', type: 'lamp' }])
          assert.deepEqual(await follow(of(none)), [[], 2]);
        assert.deepEqual(await follow(of({ type: 'other' })), [[], 1]);
        const page = await of({ limit: 2 })(null);
        assert.deepEqual([page.rows.map(({ device }) => device), page.end], [[id('dd', 0), id('dd', 1)], null]);
        const [last] = page.rows.slice(-1);
        const next = await of({ limit: 1 })(last === undefined ? null : { ...last });
        assert.equal(next.rows[0]?.device, id('dd', 2));
        const samples = await findSamples(database, { limit: 9, device: id('dd', 5), after: null });
        assert.deepEqual([samples.rows.length, samples.end], [2, null]);
      },
    ));

  test('samples of a device with many series that said nothing in the span', () =>
    withRows(
      `${MODEL.replace('SELECT', 'SELECT * FROM (SELECT').replace(' FROM n', ' FROM (SELECT 0 AS i))')};
      INSERT INTO senders VALUES (1, '${id('dd', 0)}');
      FOR EACH INSERT INTO series SELECT i + 1, 1, 'name ' || i, NULL FROM n;
      FOR EACH INSERT INTO samples SELECT i + 1, ${MS} + i, 0, i, 0, 0, i, NULL, NULL FROM n`,
      async (database) => {
        const wanted = { limit: 9, device: id('dd', 0), fromMs: MS + COUNT - 1 };
        type Found = Awaited<ReturnType<typeof findSamples>>;
        const [found, questions] = await follow((after: Found['end']) => findSamples(database, { ...wanted, after }));
        assert.deepEqual([found.map(({ name }) => name), questions], [[`name ${COUNT - 1}`], 2]);
      },
    ));

  test('orders of a zone in another state, and alarms of a zone', () =>
    withRows(
      `FOR EACH INSERT INTO orders SELECT ${numbered('0f')}, '${id('a1', 0)}', NULL, 1, 'x', '[]', 'ordinary', 1, 1, x'00', '[]',
        CASE i WHEN 0 THEN 'cancelled' ELSE 'issued' END, i, i, 1, NULL FROM n;
      FOR EACH INSERT INTO alarms SELECT ${numbered('aa')}, 'device-silent', ${numbered('dd')}, 'gone', i, 'o', 'reading', 1, NULL, 1, 1, NULL, NULL, NULL FROM n;
      INSERT INTO zone_devices VALUES ('${id('dd', 0)}', '${id('a1', 0)}');
      INSERT INTO order_answers VALUES ('o', 'a', 0, NULL, 1, 'r'), ('o', 'b', 0, NULL, 1, 'r'), ('o', 'b', 2, NULL, 1, 'r');
      INSERT OR IGNORE INTO order_answers VALUES ('o', 'a', 0, NULL, 2, 's')`,
      async (database) => {
        const zone = id('a1', 0);
        type Orders = Awaited<ReturnType<typeof findOrders>>;
        const cancelled = (before: Orders['end']) => findOrders(database, { limit: 5, zone, status: 'cancelled', before });
        const [orders, asked] = await follow(cancelled);
        assert.deepEqual([orders.map((order) => order.id), asked], [[id('0f', 0)], 2]);
        assert.deepEqual(await findOrders(database, { limit: 5, zone: id('a2', 0), before: null }), { rows: [], end: null });
        type Alarms = Awaited<ReturnType<typeof findAlarms>>;
        const ofZone = (before: Alarms['end']) => findAlarms(database, { limit: 5, zone, state: 'unclosed', before });
        const [alarms, questions] = await follow(ofZone);
        assert.deepEqual([alarms.map((alarm) => alarm.id), questions], [[id('aa', 0)], 2]);
        const counts = new AlarmCounts({ database }, () => 1);
        const [first, second] = await Promise.all([counts.counts(), counts.counts()]);
        assert.equal(first, second, 'counted once for both');
        assert.deepEqual([first.open, first.acknowledged, first.bySeverity.minor], [COUNT, 0, COUNT]);
        assert.deepEqual(await countAnswers(database, 'o'), { ack: 2, rejected: 0, applied: 1 }, 'each sort of a device once');
      },
    ));

  test('numbers of a device key: those of other keys are no long way, and too many readings are refused', () =>
    withRows(
      // Key 0 signs one a second; key 1 one in the middle and one at the end, and key 2 one at either end.
      `INSERT INTO senders VALUES (1, 'lamp');
      FOR EACH INSERT INTO readings SELECT 1, ${MS} + 1000 * i, 0, i, x'00', 0, i + 1, 0, 1, 0, NULL FROM n;
      INSERT INTO readings VALUES (1, ${MS + 9_500_000}, 0, ${COUNT}, x'00', 1, 4, 0, 1, 0, NULL),
        (1, ${MS + 9_501_500}, 0, ${COUNT + 1}, x'00', 1, 6, 0, 1, 0, NULL);
      INSERT INTO key_hours VALUES (1, 0, ${MS}, ${MS + 5 * 3_600_000}), (1, 1, ${MS + 7_200_000}, ${MS + 7_200_000})`,
      async (database) => {
        const ask = (keyNumber: number, fromMs: number, toMs: number) =>
          findSequences(database, { device: 'lamp', keyNumber, fromMs, toMs, countMax: 500 });
        assert.deepEqual(await ask(0, MS + 5_000, MS + 8_000), { first: 5, last: 9, lastInside: 8 });
        assert.deepEqual(await ask(1, MS, MS + DAY_MS), { first: 4, last: 6, lastInside: 6 });
        assert.deepEqual(await ask(1, MS + 9_500_500, MS + DAY_MS), { first: 4, last: 6, lastInside: 6 });
        assert.deepEqual(await ask(1, MS, MS + 9_501_000), { first: 4, last: 6, lastInside: 4 });
        assert.equal(await ask(1, MS, MS + 9_000_000), null);
        assert.equal(await ask(2, MS, MS + DAY_MS), null);
        await assert.rejects(ask(0, MS, MS + 501_000), (error) => error instanceof FormatError && error.code === 'TOO_LARGE');
        assert.deepEqual(await ask(0, MS, MS + 500_000), { first: 1, last: 501, lastInside: 500 });
      },
    ));
});

test('who fell silent last is seen, however many have been silent for longer', () =>
  withRows(
    `INSERT INTO models VALUES ('${id('00', 1)}', 'm', 'Lamp', 'lamp', 0, 1, 0, NULL), ('${id('00', 2)}', 'm', 'Meter', 'meter', 0, 1, 0, NULL);
    FOR EACH INSERT INTO devices SELECT ${numbered('dd')}, CASE i WHEN ${COUNT - 1} THEN '${id('00', 2)}' ELSE '${id('00', 1)}' END, NULL,
      CASE i WHEN 0 THEN 'suspended' ELSE 'active' END, 'r', NULL, 'x', 0, 0, NULL FROM n;
    FOR EACH INSERT INTO senders SELECT i, ${numbered('dd')} FROM n;
    FOR EACH INSERT INTO device_activity SELECT i, ${MS} + i, 1 FROM n;
    INSERT INTO device_keys VALUES ('${id('dd', 1)}', 0, 'imported')`,
    async (database) => {
      const noted: FoundSign[] = [];
      let nowMs = MS - DAY_MS;
      const watch = new AlarmWatch({
        node: { read: () => null, checkpoint: () => null },
        shards: [],
        readModel: {
          ...{ database, isCaughtUp: true, hasFailed: false, lag: () => ({ blocks: 0, readings: 0 }) },
          note: (signs) => void noted.push(...signs),
        },
        logger: pino({ level: 'silent' }),
        clock: () => nowMs,
      });
      nowMs = MS + DAY_MS;
      await watch.look();
      assert.deepEqual(
        noted.map(({ what, cause, subject, detail }) => [what, cause, toHex(subject), detail]),
        [
          ['raise', 'device-silent', id('dd', COUNT - 1), null],
          ['raise', 'model-silent', id('00', 1), String(COUNT - 3)],
        ],
      );
    },
  ));
