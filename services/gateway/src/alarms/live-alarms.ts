/** Alarms as events for whoever listens: each sign as it is found, and each acknowledgement. */

import { ALARM_RULES, alarmId } from '@oppidum/formats/alarm';
import { type AlarmSign, alarmSignOfEvent, alarmSignOfRefusal, alarmSignsOf } from '@oppidum/formats/alarm-signs';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parseSign } from '@oppidum/formats/cose';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { acknowledgementKind } from '@oppidum/formats/state-alarms';
import { at, parseState } from '@oppidum/formats/state-layout';
import { deviceZoneKind, orderKind, zoneKind } from '@oppidum/formats/state-orders';
import { kindOfKey } from '@oppidum/formats/state-registry';
import { parsePayload } from '@oppidum/formats/transaction';
import type { CommittedBlock, CommittedTransaction, NodeClient } from '@oppidum/node/client';
import { orderZoneOf } from './order-zone.ts';

type Reader = Pick<NodeClient, 'read'>;
/** What an event says; `device`: whom it is about. */
export type AlarmEvent = { readonly device: Bytes | null; readonly data: object };

/** What a block says about alarms, in its order: transactions, then who acknowledged what. */
export function blockAlarms(node: Reader, { height, timeMs, transactions, changes }: CommittedBlock): readonly AlarmEvent[] {
  const said = transactions.flatMap((transaction) =>
    signsOf(node, transaction).map((sign) => signEvent(sign, { evidence: toHex(transaction.id), height, timeMs })),
  );
  const answered = changes.flatMap(({ key, value }): AlarmEvent[] => {
    if (value === null || kindOfKey(key)?.name !== acknowledgementKind.name) return [];
    const { cause, subject, opening, response } = parseState(acknowledgementKind, value);
    const alarm = toHex(key.subarray(2, 34));
    const evidence = toHex(opening);
    const data = { alarm, cause, subject: toHex(subject), what: 'acknowledge', detail: response, evidence, height, timeMs };
    return [{ device: null, data }];
  });
  return [...said, ...answered];
}

function signsOf(node: Reader, { events, code, envelope }: CommittedTransaction): readonly AlarmSign[] {
  const told = events.flatMap(({ kind, body }) => alarmSignOfEvent(kind, body) ?? []);
  if (code === 'OK') return told;
  const { payload } = parseSign(envelope);
  for (const action of payload === null ? [] : parsePayload(payload).actions) {
    const zone = orderZoneOf(action, (order) => node.read(at(orderKind, order))?.zone ?? null);
    if (zone === null || node.read(at(zoneKind, zone)) === null) continue;
    return [...told, ...[alarmSignOfRefusal(zone, code)].filter((sign) => sign !== null)];
  }
  return told;
}

/** What a reading says about alarms. `records` without the URN of the device in their names. */
export function readingAlarms(
  node: Reader,
  reading: { readonly device: Bytes; readonly records: readonly Pick<ResolvedRecord, 'name' | 'value'>[] },
  found: { readonly evidence: string; readonly timeMs: number },
): readonly AlarmEvent[] {
  const { device, records } = reading;
  const speaker = {
    device,
    zone: () => node.read(at(deviceZoneKind, device))?.zone ?? null,
    zoneOfOrder: (order: Bytes) => node.read(at(orderKind, order))?.zone ?? null,
  };
  return alarmSignsOf(speaker, records).map((sign) => signEvent(sign, { ...found, height: null }));
}

function signEvent(
  { what, cause, subject, detail }: AlarmSign,
  found: { readonly evidence: string; readonly height: number | null; readonly timeMs: number },
): AlarmEvent {
  const alarm = toHex(alarmId(nobleCrypto, { cause, subject }));
  const device = ALARM_RULES[cause].subject === 'device' ? subject : null;
  return { device, data: { alarm, cause, subject: toHex(subject), what, detail, ...found } };
}
