/** Devices, models and manufacturers out of the read model, in the order of their ids. */

import type { DeviceJson, ManufacturerJson, ModelJson } from '../api-types.ts';
import type { Database, Tables } from './database.ts';

/** The devices that are wanted; `after` is the id of the last one already shown. */
export type DeviceQuery = {
  readonly limit: number;
  readonly after: string | null;
  readonly status?: Tables['devices']['status'] | undefined;
  readonly type?: string | undefined;
  readonly model?: string | undefined;
};

/** Up to `limit` devices. */
export async function findDevices(database: Database, { limit, after, status, type, model }: DeviceQuery): Promise<DeviceJson[]> {
  let query = selectDevices(database).orderBy('devices.id').limit(limit);
  if (after !== null) query = query.where('devices.id', '>', after);
  if (status !== undefined) query = query.where('devices.status', '=', status);
  if (type !== undefined) query = query.where('models.device_type', '=', type);
  if (model !== undefined) query = query.where('devices.model', '=', model);
  return (await query.execute()).map(showDevice);
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
    .select(['models.name as model_name', 'models.device_type', 'models.personal', 'models.simulated', 'models.manufacturer'])
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
