/** What happens in a city, as events for whoever listens: of each block what it recorded, of each entry of a shard what it says. */

import { toHex } from '@oppidum/formats/bytes';
import { parseSign } from '@oppidum/formats/cose';
import type { Crypto } from '@oppidum/formats/crypto';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { parseOrder } from '@oppidum/formats/order-statement';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at, parseState } from '@oppidum/formats/state-layout';
import { type OrderRecord, orderKind } from '@oppidum/formats/state-orders';
import { kindOfKey } from '@oppidum/formats/state-registry';
import { anchorHeadKind } from '@oppidum/formats/state-telemetry';
import { parsePayload } from '@oppidum/formats/transaction';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import type { KeptReading } from '@oppidum/telemetry/client';
import { type AlarmEvent, blockAlarms, readingAlarms } from '../alarms/live-alarms.ts';
import { answerOf, localOf } from '../read-model/order-rows.ts';
import { msOf, openReading, showRecord } from '../read-model/reading-rows.ts';

/** What can be listened to. */
export const TOPICS = ['readings', 'blocks', 'transactions', 'anchors', 'devices', 'orders', 'alarms'] as const;
export type Topic = (typeof TOPICS)[number];

/** `device` and `deviceType` say whom it is about; null: about no device. */
export type LiveEvent = {
  readonly topic: Topic;
  readonly device: string | null;
  readonly deviceType: string | null;
  /** JSON without line breaks. */
  readonly data: string;
};

/** Records that an event of a reading shows; a pack may have 10,000. */
const RECORDS_SHOWN_MAX = 16;

/** The events of a block, always all of them and in the same order: their numbers are parts of ids. */
export function blockEvents(node: Pick<NodeClient, 'read'>, block: CommittedBlock): LiveEvent[] {
  const { height, timeMs, transactions, changes, appHash } = block;
  const about = { device: null, deviceType: null };
  const data = { height, timeMs, transactionCount: transactions.length, logSize: block.logSize, appHash: toHex(appHash) };
  const events: LiveEvent[] = [{ topic: 'blocks', ...about, data: JSON.stringify(data) }];
  for (const transaction of transactions) {
    const { index, position, code } = transaction;
    const shown = { id: toHex(transaction.id), height, position, index, timeMs, code, kinds: kindsOf(transaction.envelope) };
    events.push({ topic: 'transactions', ...about, data: JSON.stringify(shown) });
  }
  for (const { key, value } of changes) {
    const name = value === null ? null : (kindOfKey(key)?.name ?? null);
    if (value === null || name === null) continue;
    const id = key.subarray(2, 34);
    if (name === anchorHeadKind.name) {
      const { size, root } = parseState(anchorHeadKind, value);
      const shown = { shard: toHex(id), size, root: toHex(root), height, timeMs };
      events.push({ topic: 'anchors', ...about, data: JSON.stringify(shown) });
    }
    if (name === orderKind.name) events.push(orderEvent(node, id, parseState(orderKind, value), { height, timeMs }));
    if (name === deviceKind.name) {
      const { status, label = null, reason = null, model } = parseState(deviceKind, value);
      const shown = { device: toHex(id), label, status, reason, height, timeMs };
      const deviceType = node.read(at(modelKind, model))?.deviceType ?? null;
      events.push({ topic: 'devices', device: toHex(id), deviceType, data: JSON.stringify(shown) });
    }
  }
  events.push(...blockAlarms(node, block).map((said) => alarmEvent(node, said)));
  return events;
}

function alarmEvent(node: Pick<NodeClient, 'read'>, { device, data }: AlarmEvent): LiveEvent {
  const deviceType = device === null ? null : deviceTypeOf(node, device);
  return { topic: 'alarms', device: device === null ? null : toHex(device), deviceType, data: JSON.stringify(data) };
}

/** What the ledger says of an order. */
function orderEvent(
  node: Pick<NodeClient, 'read'>,
  id: Uint8Array,
  { zone, statement, status, signatures }: OrderRecord,
  block: { readonly height: number; readonly timeMs: number },
): LiveEvent {
  const { command, arguments: values, target } = parseOrder(statement);
  const device = 'device' in target ? target.device : null;
  const shown = {
    order: toHex(id),
    zone: toHex(zone),
    device: device === null ? null : toHex(device),
    command,
    arguments: values,
  };
  const data = { ...shown, what: status, code: null, signerCount: signatures.length, reading: null, ...block };
  const deviceType = device === null ? null : deviceTypeOf(node, device);
  return { topic: 'orders', device: shown.device, deviceType, data: JSON.stringify(data) };
}

function deviceTypeOf(node: Pick<NodeClient, 'read'>, device: Uint8Array): string | null {
  const record = node.read(at(deviceKind, device));
  return record === null ? null : (node.read(at(modelKind, record.model))?.deviceType ?? null);
}

function kindsOf(envelope: Uint8Array): string[] {
  const { payload } = parseSign(envelope);
  return payload === null ? [] : parsePayload(payload).actions.map(({ kind }) => kind);
}

/**
 * The events of an entry, none once it is erased: what a device said about orders, then the reading itself. Of a reading about people
 * nothing is told but that it came.
 */
export function readingEvents(
  { crypto, node }: { readonly crypto: Crypto; readonly node: Pick<NodeClient, 'read'> },
  shard: { readonly id: Uint8Array },
  { index, digest, receivedMs, envelope, isPersonal }: KeptReading,
): readonly LiveEvent[] {
  if (envelope === null) return [];
  const { reading, records } = openReading(crypto, envelope);
  const device = toHex(reading.device);
  const record = node.read(at(deviceKind, reading.device));
  const deviceType = deviceTypeOf(node, reading.device);
  const urnPrefixSize = deviceUrnPrefix(reading.device).length;
  const shown = isPersonal ? [] : records.slice(0, RECORDS_SHOWN_MAX).map((item) => showRecord(item, urnPrefixSize));
  const data = {
    ...{ id: toHex(digest), device, label: record?.label ?? null, deviceType, shard: toHex(shard.id), index },
    ...{ sequence: reading.sequence, receivedMs, timeMs: msOf(records.at(-1)?.timeS ?? 0), clockErrorMs: reading.clockErrorMs },
    ...{ personal: isPersonal, recordCount: records.length, records: shown },
  };
  const told = isPersonal
    ? []
    : records.flatMap((item) => answerEvent(item, urnPrefixSize, { id: data.id, device, deviceType }) ?? []);
  const named = isPersonal ? [] : records.map(({ name, value }) => ({ name: name.slice(urnPrefixSize), value }));
  const alarms = readingAlarms(node, { device: reading.device, records: named }, { evidence: data.id, timeMs: receivedMs });
  return [
    ...told,
    ...alarms.map((said) => alarmEvent(node, said)),
    { topic: 'readings', device, deviceType, data: JSON.stringify(data) },
  ];
}

/** What a device signed about an order, or about what it did without one; null for any other record. */
function answerEvent(
  item: ResolvedRecord,
  urnPrefixSize: number,
  { id, device, deviceType }: { readonly id: string; readonly device: string; readonly deviceType: string | null },
): LiveEvent | null {
  const name = item.name.slice(urnPrefixSize);
  const [answer, local] = [answerOf(name, item), localOf(name, item)];
  if (answer === null && local === null) return null;
  const what = answer?.kind ?? 'local';
  const about = { order: answer?.order ?? null, zone: null, device, command: local, arguments: null };
  const data = {
    ...about,
    what,
    code: answer?.code ?? null,
    signerCount: null,
    reading: id,
    height: null,
    timeMs: msOf(item.timeS),
  };
  return { topic: 'orders', device, deviceType, data: JSON.stringify(data) };
}
