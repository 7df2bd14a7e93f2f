/** Alarms out of the read model, with who acknowledged them. */

import { ALARM_CAUSES, ALARM_RULES, type AlarmCause, type Severity } from '@oppidum/formats/alarm';
import type { AlarmState } from '@oppidum/formats/alarm-life';
import { sql } from 'kysely';
import { MISSED_CAUSES } from './alarm-rows.ts';
import type { Database } from './database.ts';

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

/** Up to `limit` alarms, those opened last first, before one already shown. */
export async function findAlarms(
  database: Database,
  {
    limit,
    before,
    ...filter
  }: AlarmFilter & { readonly limit: number; readonly before: { readonly openedMs: number; readonly id: string } | null },
): Promise<AlarmRow[]> {
  const { state, severity, cause, zone, subject } = filter;
  let query = selectAlarms(database).orderBy('alarms.opened_ms', 'desc').orderBy('alarms.id', 'desc').limit(limit);
  if (state === 'unclosed') query = query.where(STATE, '!=', 'closed');
  else if (state !== undefined) query = query.where(STATE, '=', state);
  if (severity !== undefined) query = query.where('cause', 'in', causesOf(severity));
  if (cause !== undefined) query = query.where('cause', '=', cause);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  if (zone !== undefined)
    query = query.where(({ eb, or }) =>
      or([eb('subject', '=', zone), eb('zone_devices.zone', '=', zone), eb('orders.zone', '=', zone)]),
    );
  if (before !== null)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('alarms.opened_ms', 'alarms.id'), '<', tuple(before.openedMs, before.id)),
    );
  return query.execute();
}

function causesOf(severity: Severity): readonly AlarmCause[] {
  return ALARM_CAUSES.filter((cause) => ALARM_RULES[cause].severity === severity);
}

/** The alarm with this id, or null. */
export async function findAlarm(database: Database, id: string): Promise<AlarmRow | null> {
  const [row] = await selectAlarms(database).where('alarms.id', '=', id).execute();
  return row ?? null;
}

/** Of every alarm that is not closed, what counts and calls: few columns, for all of them. */
export async function findUnclosed(
  database: Database,
): Promise<readonly { readonly cause: string; readonly opened_ms: number; readonly state: AlarmState }[]> {
  return database
    .selectFrom('alarms')
    .leftJoin('alarm_acknowledgements as acknowledged', (join) =>
      join.onRef('acknowledged.alarm', '=', 'alarms.id').onRef('acknowledged.opening', '=', 'alarms.opening'),
    )
    .select(['cause', 'opened_ms', STATE.as('state')])
    .where(STATE, '!=', 'closed')
    .execute();
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

/** Active devices, none of them about people, that sent readings and none since. `limit`: so many of them. */
export async function findSilent(
  database: Database,
  { sinceMs, limit }: { readonly sinceMs: number; readonly limit: number },
): Promise<readonly { readonly device: string; readonly model: string; readonly sender: number; readonly lastMs: number }[]> {
  return (
    database
      .selectFrom('device_activity')
      .innerJoin('senders', 'senders.number', 'device_activity.sender')
      .innerJoin('devices', 'devices.id', 'senders.device')
      .innerJoin('models', 'models.id', 'devices.model')
      .leftJoin('device_keys', 'device_keys.device', 'devices.id')
      .select(['devices.id as device', 'devices.model', 'device_activity.sender', 'device_activity.last_reading_ms as lastMs'])
      .where('device_activity.last_reading_ms', '<', sinceMs)
      .where('devices.status', '=', 'active')
      .where('models.personal', '=', 0)
      // Somebody read a file in: nothing is there that could speak again.
      .where(({ or, eb }) => or([eb('device_keys.grade', 'is', null), eb('device_keys.grade', '!=', 'imported')]))
      .orderBy('device_activity.last_reading_ms')
      .limit(limit)
      .execute()
  );
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
