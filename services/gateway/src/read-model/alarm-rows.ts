/**
 * Alarms as rows: what the record says opens and closes them (specs/alarms.md §3 and §4), in the order of the log. Whoever deletes the file
 * finds the same alarms again, but for those that only time opens.
 */

import { ALARM_CAUSES, ALARM_RULES, type AlarmCause, alarmId } from '@oppidum/formats/alarm';
import { type AlarmSign, alarmSignOfEvent, alarmSignOfRefusal } from '@oppidum/formats/alarm-signs';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseSign } from '@oppidum/formats/cose';
import type { Crypto } from '@oppidum/formats/crypto';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import type { AcknowledgementRecord } from '@oppidum/formats/state-alarms';
import { parsePayload } from '@oppidum/formats/transaction';
import type { CommittedTransaction } from '@oppidum/node/client';
import { type RawBuilder, sql } from 'kysely';
import { orderZoneOf } from '../alarms/order-zone.ts';
import type { Database, EvidenceKind } from './database.ts';

/** A sign with where it was found and when, in milliseconds since 1970. */
export type FoundSign = AlarmSign & { readonly evidence: string; readonly kind: EvidenceKind; readonly timeMs: number };

/** True for a row that something new opens anew: its cause was gone, or what happened had been acknowledged. */
const IS_OVER = `(alarms.closed_ms IS NOT NULL OR (alarms.ends = 'seen' AND EXISTS (SELECT 1 FROM alarm_acknowledgements
  WHERE alarm = alarms.id AND alarm_acknowledgements.opening = alarms.opening)))`;
const IS_NEW_OPENING = "(alarms.ends = 'seen' OR alarms.closed_ms IS NOT NULL)";
const COLUMNS = 'id, cause, subject, ends, opened_ms, opening, opening_kind, last_ms, detail, count, opening_count';
const RAISED = `ON CONFLICT (id) DO UPDATE SET
  opened_ms = CASE WHEN ${IS_OVER} THEN excluded.opened_ms ELSE alarms.opened_ms END,
  count = CASE WHEN ${IS_OVER} THEN 1 ELSE alarms.count + 1 END,
  opening_count = alarms.opening_count + ${IS_OVER},
  opening = CASE WHEN ${IS_NEW_OPENING} THEN excluded.opening ELSE alarms.opening END,
  opening_kind = CASE WHEN ${IS_NEW_OPENING} THEN excluded.opening_kind ELSE alarms.opening_kind END,
  last_ms = excluded.last_ms, detail = excluded.detail, closed_ms = NULL, closed_by = NULL, closed_kind = NULL`;

/** The two statements. */
export const RAISE_SQL = `INSERT INTO alarms (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1) ${RAISED}`;
/** What an account opened no word of the meter closes, nor the other way round: whose power is stolen could have it say that none is. */
export const CLEAR_SQL = `UPDATE alarms SET closed_ms = ?, closed_by = ?, closed_kind = ? WHERE id = ? AND closed_ms IS NULL
  AND (opening_kind = 'account') = (? = 'account')`;

/** What `RAISE_SQL` takes. */
export function raiseValues(crypto: Pick<Crypto, 'sha256'>, sign: FoundSign) {
  const { cause, subject, evidence, kind, timeMs, detail } = sign;
  const id = toHex(alarmId(crypto, { cause, subject }));
  return [id, cause, toHex(subject), ALARM_RULES[cause].ends, timeMs, evidence, kind, timeMs, detail] as const;
}

/** What `CLEAR_SQL` takes. */
export function clearValues(crypto: Pick<Crypto, 'sha256'>, { cause, subject, evidence, kind, timeMs }: FoundSign) {
  return [timeMs, evidence, kind, toHex(alarmId(crypto, { cause, subject })), kind] as const;
}

/** Writes signs that were not found in readings; those stand in the transaction of their rows (`reading-writer.ts`). */
export async function writeSigns(database: Database, signs: readonly FoundSign[]): Promise<void> {
  for (const sign of signs) {
    const [text, values] =
      sign.what === 'raise' ? [RAISE_SQL, raiseValues(nobleCrypto, sign)] : [CLEAR_SQL, clearValues(nobleCrypto, sign)];
    await statement(text, values).execute(database);
  }
}

/** SQL with `?` for each value. */
function statement(text: string, values: readonly (string | number | null)[]): RawBuilder<unknown> {
  const pieces = text.split('?').map((piece) => sql.raw(piece));
  return sql.join(
    pieces.flatMap((piece, i) => (i < values.length ? [piece, sql`${values[i]}`] : [piece])),
    sql.raw(''),
  );
}

/** Who acknowledged which opening; all of them are kept, so that rows that are filled again come out the same. */
export function writeAcknowledgement(database: Database, alarm: string, record: AcknowledgementRecord): Promise<unknown> {
  const { opening, response, account, atMs, height } = record;
  return database
    .replaceInto('alarm_acknowledgements')
    .values({ alarm, opening: toHex(opening), account: toHex(account), response, at_ms: atMs, height })
    .execute();
}

/** What an executed transaction says: its events, and an order that was refused. After the rows of its block's records. */
export async function writeTransactionSigns(
  database: Database,
  transaction: CommittedTransaction,
  timeMs: number,
): Promise<void> {
  const signs = transaction.events.flatMap(({ kind, body }) => alarmSignOfEvent(kind, body) ?? []);
  const zone = transaction.code === 'OK' ? null : await refusedZone(database, transaction);
  const refusal = zone === null ? null : alarmSignOfRefusal(zone, transaction.code);
  const evidence = toHex(transaction.id);
  const found = [...signs, ...(refusal === null ? [] : [refusal])];
  await writeSigns(
    database,
    found.map((sign) => ({ ...sign, evidence, kind: 'transaction', timeMs })),
  );
}

/** The zone of the first order that a refused transaction would have issued; null where there is none, or no such zone. */
async function refusedZone(database: Database, { envelope }: CommittedTransaction): Promise<Bytes | null> {
  const { payload } = parseSign(envelope);
  const actions = payload === null ? [] : parsePayload(payload).actions;
  for (const action of actions) {
    const zone = await orderZoneOf(action, (order) => zoneOfOrder(database, order));
    if (zone === null) continue;
    const [known] = await database.selectFrom('zones').select('id').where('id', '=', toHex(zone)).execute();
    return known === undefined ? null : zone;
  }
  return null;
}

async function zoneOfOrder(database: Database, order: Bytes): Promise<Bytes | null> {
  const [row] = await database.selectFrom('orders').select('zone').where('id', '=', toHex(order)).execute();
  return row === undefined ? null : parseHex(row.zone);
}

/** Causes that nobody says: they follow from what is missing. */
export const MISSED_CAUSES = [
  'device-silent',
  'model-silent',
  'shard-behind',
  'validator-silent',
] as const satisfies readonly AlarmCause[];

/** Causes of the read model, in the order of their list. */
export function isCause(name: string): name is AlarmCause {
  return ALARM_CAUSES.some((cause) => cause === name);
}
