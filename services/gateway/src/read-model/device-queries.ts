/** Devices, models and manufacturers out of the read model, in the order of their ids. */

import type { DeviceJson, ManufacturerJson, ModelJson } from '../api-types.ts';
import type { Database, Tables } from './database.ts';
import { inOrder, type Step, type Walked, walk } from './walk.ts';

/** The devices that are wanted; `after` is the id of the last one already shown. */
export type DeviceQuery = {
  readonly limit: number;
  readonly after: string | null;
  readonly status?: Tables['devices']['status'] | undefined;
  readonly type?: string | undefined;
  readonly model?: string | undefined;
};

/** Up to `limit` devices. One filter is a stretch of an index; of several the first is, and the rest is looked at row by row. */
export async function findDevices(
  database: Database,
  { limit, after, status, type, model }: DeviceQuery,
): Promise<Walked<DeviceJson, string>> {
  const filters = [filterBy('model', model), filterBy('device_type', type), filterBy('status', status)].flat();
  const [first, ...rest] = filters;
  const step = async (from: string | null, rowCount: number): Promise<Step<string, string>> => {
    let query = database.selectFrom('devices').select('id').orderBy('id').limit(rowCount);
    if (first !== undefined) query = query.where(first.column, '=', first.value);
    if (from !== null) query = query.where('id', '>', from);
    const looked = await query
      .select(({ eb, and }) => and(rest.map(({ column, value }) => eb(column, '=', value))).as('fits'))
      .execute();
    const rows = looked.flatMap(({ id, fits }) => (fits ? [id] : []));
    return { rows, end: looked.length < rowCount ? null : (looked.at(-1)?.id ?? null) };
  };
  const { rows: ids, end } = await walk(limit, after, step);
  const rows = ids.length === 0 ? [] : await selectDevices(database).where('devices.id', 'in', ids).execute();
  return { rows: inOrder(ids, rows, ({ id }) => id).map(showDevice), end };
}

function filterBy<C extends 'model' | 'device_type' | 'status'>(column: C, value: Tables['devices'][C] | undefined) {
  return value === undefined ? [] : [{ column, value }];
}

/** One device, or null. */
export async function findDevice(database: Database, id: string): Promise<DeviceJson | null> {
  const row = await selectDevices(database).where('devices.id', '=', id).executeTakeFirst();
  return row === undefined ? null : showDevice(row);
}

function selectDevices(database: Database) {
  return database
    .selectFrom('devices')
    .innerJoin('models', 'models.id', 'devices.model')
    .innerJoin('manufacturers', 'manufacturers.id', 'models.manufacturer')
    .leftJoin('device_keys', 'device_keys.device', 'devices.id')
    .leftJoin('senders', 'senders.device', 'devices.id')
    .leftJoin('device_activity', 'device_activity.sender', 'senders.number')
    .leftJoin('zone_devices', 'zone_devices.device', 'devices.id')
    .selectAll('devices')
    .select(['models.name as model_name', 'models.simulated', 'models.manufacturer'])
    .select(['manufacturers.name as manufacturer_name', 'device_keys.number', 'device_keys.grade'])
    .select(['device_activity.last_reading_ms', 'device_activity.reading_count', 'zone_devices.zone']);
}

type DeviceRow = Awaited<ReturnType<ReturnType<typeof selectDevices>['execute']>>[number];

function showDevice(row: DeviceRow): DeviceJson {
  return {
    id: row.id,
    label: row.label,
    model: row.model,
    modelName: row.model_name,
    deviceType: row.device_type,
    manufacturer: row.manufacturer,
    manufacturerName: row.manufacturer_name,
    status: row.status,
    simulated: row.simulated === 1,
    personal: row.personal === 1,
    grade: row.grade,
    keyNumber: row.number,
    registration: row.registration,
    from: row.from_height,
    to: row.to_height,
    reason: row.reason,
    lastReadingMs: row.last_reading_ms,
    readingCount: row.reading_count ?? 0,
    zone: row.zone,
  };
}

type After = { readonly limit: number; readonly after: string | null };

/** Up to `limit` models. */
export async function findModels(database: Database, { limit, after }: After): Promise<ModelJson[]> {
  const query = database
    .selectFrom('models')
    .selectAll()
    .where('id', '>', after ?? '')
    .orderBy('id')
    .limit(limit);
  return (await query.execute()).map((row) => ({
    id: row.id,
    manufacturer: row.manufacturer,
    name: row.name,
    deviceType: row.device_type,
    personal: row.personal === 1,
    simulated: row.simulated === 1,
    from: row.from_height,
    to: row.to_height,
  }));
}

/** Up to `limit` manufacturers. */
export async function findManufacturers(database: Database, { limit, after }: After): Promise<ManufacturerJson[]> {
  const query = database
    .selectFrom('manufacturers')
    .selectAll()
    .where('id', '>', after ?? '')
    .orderBy('id')
    .limit(limit);
  return (await query.execute()).map((row) => ({
    id: row.id,
    name: row.name,
    account: row.account,
    from: row.from_height,
    to: row.to_height,
  }));
}
