/**
 * The devices of the city as lists and events tell them. A list says what there is; an event says what changed since. Objects of devices
 * that did not change stay the same, so that whoever draws them sees at once what to draw again.
 */

import type { RecordJson, SampleJson } from '@oppidum/gateway/api/readings';
import type { DeviceJson } from '@oppidum/gateway/api-types';
import type { RawEvent } from './batches.ts';
import { dataOf } from './batches.ts';

/** A place in degrees (WGS 84), as the device signed it. */
export type Place = { readonly lat: number; readonly lon: number };

/** A device with the newest that is known of it. `values` and `reading` only of what came while this page listened. */
export type CityDevice = DeviceJson & {
  readonly place: Place | null;
  readonly values: readonly RecordJson[];
  readonly reading: string | null;
};

type ReadingEvent = {
  readonly id: string;
  readonly device: string;
  readonly timeMs: number;
  readonly records: readonly RecordJson[];
};
type DeviceEvent = Pick<DeviceJson, 'status' | 'label' | 'reason'> & { readonly device: string };

/** `all` changes with every reading, `named` with names, kinds and states, `placed` with places and states. */
export type CityLists = Readonly<Record<'all' | 'named' | 'placed', readonly CityDevice[]>>;

/** What lists are sorted and chosen by. */
const NAMING = ['label', 'deviceType', 'status', 'simulated'] as const;

/** Devices that a page shows at the most; a city that has more says so. */
export const DEVICES_MAX = 20_000;

/** Holds them, and what is drawn of them. */
export class CityStore {
  readonly #devices = new Map<string, CityDevice>();
  #latitudes = new Map<string, number>();
  #longitudes = new Map<string, number>();
  #lists: CityLists = { all: [], named: [], placed: [] };
  readonly #stale = new Set<keyof CityLists>();

  /** The devices, in three lists that are the same until what they are about changed. */
  lists(): CityLists {
    if (this.#stale.size === 0) return this.#lists;
    const all = [...this.#devices.values()];
    const next = (name: keyof CityLists) => (this.#stale.has(name) ? all : this.#lists[name]);
    this.#lists = { all, named: next('named'), placed: next('placed') };
    this.#stale.clear();
    return this.#lists;
  }

  /** What the list of the city says now: devices that are not in it are none. */
  setDevices(devices: readonly DeviceJson[]): void {
    const ids = new Set(devices.map(({ id }) => id));
    for (const id of this.#devices.keys()) if (!ids.has(id)) this.#remove(id);
    for (const device of devices) {
      const before = this.#devices.get(device.id);
      const lastReadingMs = latest(before?.lastReadingMs ?? null, device.lastReadingMs);
      const { values = [], reading = null } = before ?? {};
      this.#put({ ...device, lastReadingMs, values, reading, place: this.#placeOf(device.id) });
    }
  }

  /** Newest latitudes or longitudes, by the unit of SenML (RFC 8428 §12.1). */
  setCoordinates(unit: 'lat' | 'lon', samples: readonly SampleJson[]): void {
    for (const { device, value } of samples) this.#note(device, unit, value);
    for (const [id, device] of this.#devices) this.#put({ ...device, place: this.#placeOf(id) });
  }

  /** What came by the stream. True when a device was named that is in no list yet. */
  apply(events: readonly RawEvent[]): boolean {
    let isNew = false;
    for (const event of events) {
      if (event.topic === 'readings') isNew = !this.#applyReading(dataOf<ReadingEvent>(event)) || isNew;
      if (event.topic === 'devices') isNew = !this.#applyDevice(dataOf<DeviceEvent>(event)) || isNew;
    }
    return isNew;
  }

  #applyReading(data: ReadingEvent | null): boolean {
    const device = data === null ? undefined : this.#devices.get(data.device);
    if (data === null) return true;
    if (device === undefined) return false;
    const isNewer = data.timeMs >= (device.lastReadingMs ?? 0);
    if (!isNewer) return true;
    for (const { unit, value } of data.records) if (unit === 'lat' || unit === 'lon') this.#note(device.id, unit, value);
    const { timeMs: lastReadingMs, records: values, id: reading } = data;
    this.#put({ ...device, lastReadingMs, values, reading, place: this.#placeOf(device.id) });
    return true;
  }

  #applyDevice(data: DeviceEvent | null): boolean {
    const device = data === null ? undefined : this.#devices.get(data.device);
    if (data === null) return true;
    if (device === undefined) return false;
    this.#put({ ...device, status: data.status, label: data.label, reason: data.reason });
    return true;
  }

  #note(id: string, unit: 'lat' | 'lon', value: RecordJson['value']): void {
    const max = unit === 'lat' ? 90 : 180;
    if (typeof value !== 'number' || !(Math.abs(value) <= max)) return;
    (unit === 'lat' ? this.#latitudes : this.#longitudes).set(id, value);
  }

  /** The same object while the place is the same. */
  #placeOf(id: string): Place | null {
    const [lat, lon] = [this.#latitudes.get(id), this.#longitudes.get(id)];
    if (lat === undefined || lon === undefined) return null;
    const before = this.#devices.get(id)?.place;
    return before?.lat === lat && before.lon === lon ? before : { lat, lon };
  }

  #put(device: CityDevice): void {
    const before = this.#devices.get(device.id);
    if (before !== undefined && isSame(before, device)) return;
    this.#devices.set(device.id, device);
    this.#stale.add('all');
    if (before === undefined || NAMING.some((name) => before[name] !== device[name])) this.#stale.add('named');
    if (before?.place !== device.place || before?.status !== device.status) this.#stale.add('placed');
  }

  #remove(id: string): void {
    this.#devices.delete(id);
    for (const name of ['all', 'named', 'placed'] as const) this.#stale.add(name);
  }
}

function latest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function isSame(a: CityDevice, b: CityDevice): boolean {
  return (Object.keys(b) as (keyof CityDevice)[]).every((name) => a[name] === b[name]);
}
