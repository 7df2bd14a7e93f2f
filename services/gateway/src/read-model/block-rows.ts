/**
 * Blocks as rows. A block names every record that it wrote or removed, so the tables of records follow the state map key by key and
 * no event has to be understood.
 */

import { toHex } from '@oppidum/formats/bytes';
import { parseSign } from '@oppidum/formats/cose';
import { acknowledgementKind } from '@oppidum/formats/state-alarms';
import {
  type DeviceKeyRecord,
  type DeviceRecord,
  deviceKeyKind,
  deviceKind,
  type ManufacturerRecord,
  type ModelRecord,
  manufacturerKind,
  modelKind,
} from '@oppidum/formats/state-devices';
import { type AccountRecord, accountKind, type ProposalRecord, proposalKind } from '@oppidum/formats/state-governance';
import { parseState } from '@oppidum/formats/state-layout';
import { deviceZoneKind, orderKind, zoneKind } from '@oppidum/formats/state-orders';
import { kindOfKey } from '@oppidum/formats/state-registry';
import { type AnchorHeadRecord, anchorHeadKind } from '@oppidum/formats/state-telemetry';
import { deviceOwnerKind } from '@oppidum/formats/state-trust';
import { parseActions, parsePayload } from '@oppidum/formats/transaction';
import type { StateChange } from '@oppidum/ledger/city';
import type { CommittedBlock, CommittedTransaction } from '@oppidum/node/client';
import { writeAcknowledgement, writeTransactionSigns } from './alarm-rows.ts';
import type { Database } from './database.ts';
import { removeDeviceZone, writeDeviceZone, writeIssuances, writeOrder, writeZone } from './order-rows.ts';

type Writer<V> = (database: Database, id: string, record: V, key: Uint8Array) => Promise<unknown>;
type AnyWriter = Writer<never>;

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0);
const term = ({ from, to }: { readonly from: number; readonly to?: number }) => ({ from_height: from, to_height: to ?? null });

const writeManufacturer: Writer<ManufacturerRecord> = (database, id, record) =>
  database
    .replaceInto('manufacturers')
    .values({ id, name: record.name, account: toHex(record.account), ...term(record) })
    .execute();

const writeModel: Writer<ModelRecord> = (database, id, record) =>
  database
    .replaceInto('models')
    .values({
      id,
      manufacturer: toHex(record.manufacturer),
      name: record.name,
      device_type: record.deviceType,
      personal: flag(record.personal),
      simulated: flag(record.simulated),
      ...term(record),
    })
    .execute();

/** Not by REPLACE: the device would be counted again. */
const writeDevice: Writer<DeviceRecord> = async (database, id, record) => {
  const model = toHex(record.model);
  const kind = await database.selectFrom('models').select(['device_type', 'personal']).where('id', '=', model).executeTakeFirst();
  // Models stand before devices in the state, and both may be newer than what is being filled from it: their block follows.
  if (kind === undefined) return undefined;
  const facts = {
    model,
    label: record.label ?? null,
    status: record.status,
    registration: toHex(record.registration),
    reason: record.reason ?? null,
    ...kind,
    ...term(record),
  };
  return database
    .insertInto('devices')
    .values({ id, ...facts })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(facts))
    .execute();
};

const writeDeviceOwner: Writer<{ readonly owner: Uint8Array }> = (database, device, { owner }) =>
  database
    .replaceInto('device_owners')
    .values({ device, owner: toHex(owner) })
    .execute();

/** Keys are numbered upwards and changed later (`to`): the newest number wins. */
const writeDeviceKey: Writer<DeviceKeyRecord> = (database, device, record, key) => {
  const number = Number(Buffer.from(key.subarray(-8)).readBigUInt64BE());
  return database
    .insertInto('device_keys')
    .values({ device, number, grade: record.grade })
    .onConflict((conflict) =>
      conflict.column('device').doUpdateSet({ number, grade: record.grade }).where('device_keys.number', '<=', number),
    )
    .execute();
};

const writeAccount: Writer<AccountRecord> = (database, id, record) =>
  database
    .replaceInto('accounts')
    .values({ id, holder: record.holder, name: record.name ?? null, key_count: record.keyCount, ...term(record) })
    .execute();

const writeProposal: Writer<ProposalRecord> = (database, id, record) =>
  database
    .replaceInto('proposals')
    .values({
      id,
      body: toHex(record.body),
      proposer: toHex(record.proposer),
      kinds: JSON.stringify(parseActions(record.actions).map(({ kind }) => kind)),
      created_ms: record.createdMs,
      expires_ms: record.expiresMs,
      approval_count: record.approvalCount,
      executed: flag(record.executed),
      withdrawn: flag(record.withdrawn),
      rejected_at: record.rejected ?? null,
    })
    .execute();

/** The newest anchor of a shard, kept as one of a history. */
const writeAnchor: Writer<AnchorHeadRecord> = (database, shard, record) =>
  database
    .replaceInto('anchors')
    .values({ shard, size: record.size, root: toHex(record.root), height: record.at, time_ms: record.timeMs })
    .execute();

/** Who follows which kind, by the first id of its key. Other kinds are read from the state when somebody asks. */
const WRITERS: ReadonlyMap<string, AnyWriter> = new Map<string, AnyWriter>([
  [manufacturerKind.name, writeManufacturer],
  [modelKind.name, writeModel],
  [deviceKind.name, writeDevice],
  [deviceKeyKind.name, writeDeviceKey],
  [deviceOwnerKind.name, writeDeviceOwner],
  [accountKind.name, writeAccount],
  [proposalKind.name, writeProposal],
  [anchorHeadKind.name, writeAnchor],
  [zoneKind.name, writeZone],
  [deviceZoneKind.name, writeDeviceZone],
  [orderKind.name, writeOrder],
  [acknowledgementKind.name, writeAcknowledgement],
]);

/** The kinds that have tables, for a first filling from the state. */
export const followedKinds: readonly string[] = [...WRITERS.keys()];

/** What becomes of the rows when a record goes. Of other kinds none is ever removed: what ends has its `to`. */
const REMOVERS: ReadonlyMap<string, (database: Database, id: string) => Promise<unknown>> = new Map([
  [deviceZoneKind.name, removeDeviceZone],
  // What the ledger forgot stays in the lists.
  [orderKind.name, () => Promise.resolve()],
]);

/** Follows changed records. */
export async function writeRecords(database: Database, changes: readonly StateChange[]): Promise<void> {
  for (const { key, value } of changes) {
    const kind = kindOfKey(key);
    const write = kind === null ? undefined : WRITERS.get(kind.name);
    if (kind === null || write === undefined) continue;
    const id = toHex(key.subarray(2, 34));
    if (value !== null) await write(database, id, parseState(kind, value) as never, key);
    else {
      const remove = REMOVERS.get(kind.name);
      if (remove === undefined) throw new Error(`a ${kind.name} was removed from the state`);
      await remove(database, id);
    }
  }
}

/** Writes a block, its transactions and its records. */
export async function writeBlock(database: Database, block: CommittedBlock): Promise<void> {
  const { height, timeMs, transactions, stateRoot } = block;
  await database
    .replaceInto('blocks')
    .values({
      height,
      time_ms: timeMs,
      first_index: block.firstIndex,
      log_size: block.logSize,
      transaction_count: transactions.length,
      state_root: stateRoot === null ? null : toHex(stateRoot),
      app_hash: toHex(block.appHash),
    })
    .execute();
  for (let i = 0; i < transactions.length; i += ROWS_OF_ONE_INSERT) {
    const rows = transactions.slice(i, i + ROWS_OF_ONE_INSERT).map((transaction) => transactionRow(transaction, timeMs));
    await database.replaceInto('transactions').values(rows).execute();
  }
  await writeRecords(database, block.changes);
  for (const transaction of transactions) {
    await writeIssuances(database, transaction);
    await writeTransactionSigns(database, transaction, timeMs);
  }
}

/** SQLite takes 32,766 parameters a statement. */
const ROWS_OF_ONE_INSERT = 500;

function transactionRow(transaction: CommittedTransaction, timeMs: number) {
  const { payload } = parseSign(transaction.envelope);
  if (payload === null) throw new Error('an executed transaction has a payload');
  const { signers, actions } = parsePayload(payload);
  return {
    log_index: transaction.index,
    id: toHex(transaction.id),
    height: transaction.height,
    position: transaction.position,
    time_ms: timeMs,
    code: transaction.code,
    signers: JSON.stringify(signers.map(toHex)),
    kinds: JSON.stringify(actions.map(({ kind }) => kind)),
  };
}
