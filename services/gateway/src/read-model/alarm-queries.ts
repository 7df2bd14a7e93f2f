/** Alarms out of the read model, with who acknowledged them. */

import { ALARM_CAUSES, ALARM_RULES, type AlarmCause, type Severity } from '@oppidum/formats/alarm';
import type { AlarmState } from '@oppidum/formats/alarm-life';
import { sql } from 'kysely';
import { MISSED_CAUSES } from './alarm-rows.ts';
import type { Database } from './database.ts';
import { inOrder, type Step, type Walked, walk } from './walk.ts';

/** `unclosed`: open or acknowledged. */
export type AlarmFilter = {
  readonly state?: AlarmState | 'unclosed' | undefined;
  readonly severity?: Severity | undefined;
  readonly cause?: AlarmCause | undefined;
  readonly zone?: string | undefined;
  readonly subject?: string | undefined;
};

/** Of an alarm and the acknowledgement of its opening. What happened is over once somebody looked; what lasts once it is gone. */
const STATE = sql<AlarmState>`CASE
  WHEN alarms.closed_ms IS NOT NULL THEN 'closed'
  WHEN acknowledged.account IS NULL THEN 'open'
  WHEN alarms.ends = 'seen' THEN 'closed'
  ELSE 'acknowledged' END`;

function selectAlarms(database: Database) {
  return database
    .selectFrom('alarms')
    .leftJoin('alarm_acknowledgements as acknowledged', (join) =>
      join.onRef('acknowledged.alarm', '=', 'alarms.id').onRef('acknowledged.opening', '=', 'alarms.opening'),
    )
    .leftJoin('zone_devices', 'zone_devices.device', 'alarms.subject')
    .leftJoin('orders', 'orders.id', 'alarms.subject')
    .leftJoin('accounts', 'accounts.id', 'acknowledged.account')
    .selectAll('alarms')
    .select(['acknowledged.account', 'acknowledged.response', 'acknowledged.at_ms', 'acknowledged.height'])
    .select(['accounts.name as account_name', 'zone_devices.zone as device_zone', 'orders.zone as order_zone'])
    .select(STATE.as('state'));
}
export type AlarmRow = Awaited<ReturnType<ReturnType<typeof selectAlarms>['execute']>>[number];

/** Where an alarm stands in the list. */
export type AlarmPlace = { readonly openedMs: number; readonly id: string };

/**
 * Up to `limit` alarms, those opened last first, before one already shown. Those of a subject, of a cause, and those not closed are stretches
 * of an index each; whatever else is asked is looked at row by row.
 */
export async function findAlarms(
  database: Database,
  { limit, before, ...filter }: AlarmFilter & { readonly limit: number; readonly before: AlarmPlace | null },
): Promise<Walked<AlarmRow, AlarmPlace>> {
  const { rows: ids, end } = await walk(limit, before, (from, rowCount) => lookAt(database, filter, from, rowCount));
  const rows = ids.length === 0 ? [] : await selectAlarms(database).where('alarms.id', 'in', ids).execute();
  return { rows: inOrder(ids, rows, ({ id }) => id), end };
}

async function lookAt(
  database: Database,
  { subject, cause, ...rest }: AlarmFilter,
  from: AlarmPlace | null,
  rowCount: number,
): Promise<Step<string, AlarmPlace>> {
  let query = selectStates(database)
    .select(['alarms.id', 'alarms.opened_ms'])
    .orderBy('alarms.opened_ms', 'desc')
    .orderBy('alarms.id', 'desc')
    .limit(rowCount);
  if (subject !== undefined) query = query.where('alarms.subject', '=', subject);
  if (subject === undefined && cause !== undefined) query = query.where('alarms.cause', '=', cause);
  if (subject === undefined && rest.state !== undefined && rest.state !== 'closed')
    query = query.where('alarms.closed_ms', 'is', null);
  if (from !== null)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('alarms.opened_ms', 'alarms.id'), '<', tuple(from.openedMs, from.id)),
    );
  const looked = await query.select(fitting({ cause, ...rest }).as('fits')).execute();
  const last = looked.length < rowCount ? undefined : looked.at(-1);
  return {
    rows: looked.flatMap(({ id, fits }) => (fits ? [id] : [])),
    end: last === undefined ? null : { openedMs: last.opened_ms, id: last.id },
  };
}

/** True for an alarm that is wanted. */
function fitting({ state, severity, cause, zone }: AlarmFilter) {
  const wanted = [
    ...(state === undefined ? [] : [state === 'unclosed' ? sql`${STATE} != 'closed'` : sql`${STATE} = ${state}`]),
    ...(severity === undefined ? [] : [sql`alarms.cause IN (${sql.join(causesOf(severity))})`]),
    ...(cause === undefined ? [] : [sql`alarms.cause = ${cause}`]),
    ...(zone === undefined
      ? []
      : [
          sql`(alarms.subject = ${zone} OR EXISTS (SELECT 1 FROM zone_devices WHERE device = alarms.subject AND zone = ${zone})
            OR EXISTS (SELECT 1 FROM orders WHERE id = alarms.subject AND zone = ${zone}))`,
        ]),
  ];
  return wanted.length === 0 ? sql<0 | 1>`1` : sql<0 | 1>`${sql.join(wanted, sql` AND `)}`;
}

function causesOf(severity: Severity): readonly AlarmCause[] {
  return ALARM_CAUSES.filter((cause) => ALARM_RULES[cause].severity === severity);
}

/** The alarm with this id, or null. */
export async function findAlarm(database: Database, id: string): Promise<AlarmRow | null> {
  const [row] = await selectAlarms(database).where('alarms.id', '=', id).execute();
  return row ?? null;
}

/** An alarm that is open or acknowledged: what counts and calls. */
export type UnclosedAlarm = AlarmPlace & { readonly cause: string; readonly state: AlarmState };

/** Up to `rowCount` alarms that no sign has closed, before one; some of them are closed all the same, since somebody looked. */
export async function findUnclosed(
  database: Database,
  from: AlarmPlace | null,
  rowCount: number,
): Promise<readonly UnclosedAlarm[]> {
  let query = selectStates(database)
    .select(['alarms.id', 'alarms.cause', 'alarms.opened_ms as openedMs', STATE.as('state')])
    .where('alarms.closed_ms', 'is', null)
    .orderBy('alarms.opened_ms', 'desc')
    .orderBy('alarms.id', 'desc')
    .limit(rowCount);
  if (from !== null)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('alarms.opened_ms', 'alarms.id'), '<', tuple(from.openedMs, from.id)),
    );
  return query.execute();
}

/** Alarms with what says in which state they are. */
function selectStates(database: Database) {
  return database
    .selectFrom('alarms')
    .leftJoin('alarm_acknowledgements as acknowledged', (join) =>
      join.onRef('acknowledged.alarm', '=', 'alarms.id').onRef('acknowledged.opening', '=', 'alarms.opening'),
    );
}

/** What time opened and has not closed, and when. */
export async function findMissed(
  database: Database,
): Promise<readonly { readonly cause: string; readonly subject: string; readonly openedMs: number }[]> {
  return database
    .selectFrom('alarms')
    .select(['cause', 'subject', 'opened_ms as openedMs'])
    .where('cause', 'in', MISSED_CAUSES)
    .where('closed_ms', 'is', null)
    .execute();
}

/** Meters (hex) of whose cabinets an account opened an alarm that is not closed. */
export async function findAccounted(database: Database): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('alarms')
    .select('subject')
    .where('cause', '=', 'power-residual')
    .where('opening_kind', '=', 'account')
    .where('closed_ms', 'is', null)
    .execute();
  return rows.map(({ subject }) => subject);
}

/** A device that is silent: its newest reading came at `lastMs`. `owner`: null for the maker. */
export type SilentDevice = {
  readonly device: string;
  readonly model: string;
  readonly owner: string | null;
  readonly sender: number;
  readonly lastMs: number;
};
type SilentPlace = Pick<SilentDevice, 'lastMs' | 'sender'>;

/**
 * Of up to `rowCount` senders that sent nothing since, those silent longest first and after one already looked at: those that are active
 * devices, none of them about people.
 */
export async function findSilent(
  database: Database,
  { sinceMs, after, rowCount }: { readonly sinceMs: number; readonly after: SilentPlace | null; readonly rowCount: number },
): Promise<Step<SilentDevice, SilentPlace>> {
  let query = database
    .selectFrom('device_activity')
    .innerJoin('senders', 'senders.number', 'device_activity.sender')
    .leftJoin('devices', 'devices.id', 'senders.device')
    .leftJoin('device_keys', 'device_keys.device', 'senders.device')
    .leftJoin('device_owners', 'device_owners.device', 'senders.device')
    .select(['senders.device', 'devices.model', 'devices.status', 'devices.personal', 'device_keys.grade'])
    .select(['device_owners.owner', 'device_activity.sender', 'device_activity.last_reading_ms as lastMs'])
    .where('device_activity.last_reading_ms', '<', sinceMs)
    .orderBy('device_activity.last_reading_ms')
    .orderBy('device_activity.sender')
    .limit(rowCount);
  if (after !== null)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('device_activity.last_reading_ms', 'device_activity.sender'), '>', tuple(after.lastMs, after.sender)),
    );
  const looked = await query.execute();
  const last = looked.length < rowCount ? undefined : looked.at(-1);
  return {
    rows: looked.flatMap(({ model, status, personal, grade, ...rest }) =>
      // Of what somebody read in from a file nothing is there that could speak again.
      model !== null && status === 'active' && personal === 0 && grade !== 'imported' ? [{ ...rest, model }] : [],
    ),
    end: last === undefined ? null : { lastMs: last.lastMs, sender: last.sender },
  };
}

/** The number of a device (hex) that has sent readings, or null. */
export async function findSenderOf(database: Database, device: string): Promise<number | null> {
  const row = await database.selectFrom('senders').select('number').where('device', '=', device).executeTakeFirst();
  return row?.number ?? null;
}

/** The digest of the newest reading of a sender, in hex, or null. */
export async function findNewestReading(database: Database, sender: number): Promise<string | null> {
  const [row] = await database
    .selectFrom('readings')
    .select('id')
    .where('sender', '=', sender)
    .orderBy('time_ms', 'desc')
    .limit(1)
    .execute();
  return row === undefined ? null : Buffer.from(row.id).toString('hex');
}

/** The same of a device (hex), of what was measured before `endMs`. */
export async function findNewestReadingOf(database: Database, device: string, endMs: number): Promise<string | null> {
  const [row] = await database
    .selectFrom('readings')
    .innerJoin('senders', 'senders.number', 'readings.sender')
    .select('readings.id')
    .where('senders.device', '=', device)
    .where('time_ms', '<', endMs)
    .orderBy('time_ms', 'desc')
    .limit(1)
    .execute();
  return row === undefined ? null : Buffer.from(row.id).toString('hex');
}
