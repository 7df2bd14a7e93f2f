/** The devices of the simulated town at work: each measures on its own schedule and talks MQTT over its own connection, like any stranger. */

import type { Device } from '@oppidum/device/device';
import { MqttLink } from '@oppidum/device/mqtt-link';
import { isOutboxFull } from '@oppidum/device/outbox';
import type { SensorValue } from '@oppidum/device/reading-pack';
import type { ShardKeys } from '@oppidum/device/shard-keys';
import { quantity } from './kinds/kind.ts';
import { uniform } from './noise.ts';
import type { Post } from './town.ts';
import { type ClockState, isUtc, type Schedule, slotBefore, townTime } from './town-clock.ts';
import type { TroubleLog } from './trouble-log.ts';

/** A device with what it measures. */
export type Member = { readonly device: Device; readonly post: Post };

export type FleetOptions = {
  readonly mqttUrl: string;
  readonly shardKeys: ShardKeys;
  readonly pace: Pace;
  readonly log: TroubleLog;
};

/** How the town's clock runs. `periodMs`: between two readings of a device, in town time. */
export type Pace = { readonly clock: ClockState; readonly periodMs: number };

/** What does not move says where it is once an hour of UTC. */
const PLACE_EVERY_MS = 3_600_000;
const PHASES = 0x9a;

/** A member with its schedule and what it did last. */
type Worker = Member & {
  /** Its own place within each period, so that devices do not march in step: 0 to 1. */
  readonly phase: number;
  /** The newest moment measured, town time; each is measured once. */
  measuredMs: number;
  /** When it told its place last, UTC. */
  placedMs: number;
  timer: NodeJS.Timeout | null;
};

/** All devices, from `start` to `stop`. */
export class Fleet {
  readonly #workers: readonly Worker[];
  readonly #options: FleetOptions;
  readonly #links: ReadonlyMap<Device, MqttLink>;
  /** When each device had its last receipt, UTC. */
  readonly #heardMs = new Map<Device, number>();
  #pace: Pace;
  #isStopped = false;

  constructor(members: readonly Member[], options: FleetOptions) {
    const { log, shardKeys, mqttUrl, pace } = options;
    this.#options = options;
    this.#pace = pace;
    this.#workers = members.map((member, i) => ({
      ...member,
      phase: uniform(PHASES, i),
      measuredMs: Number.NEGATIVE_INFINITY,
      placedMs: Number.NEGATIVE_INFINITY,
      timer: null,
    }));
    const link = {
      shardKeys,
      onTrouble: ({ code }: { readonly code: string }) => {
        if (!this.#isStopped) log.trouble(code, 'a device cannot deliver; readings wait in the outbox');
      },
      onSettled: ({ device, code }: { readonly device: Device; readonly code: string | null }) => {
        this.#heardMs.set(device, Date.now());
        if (code !== null) log.trouble(code, 'a reading was refused for good');
        else log.well('readings are delivered again');
      },
    };
    this.#links = new Map(members.map(({ device }) => [device, new MqttLink(mqttUrl, device, link)]));
  }

  /** The connection of a device: orders come over it as well. */
  linkOf(device: Device): MqttLink {
    const link = this.#links.get(device);
    if (link === undefined) throw new Error('a device of the fleet has its connection');
    return link;
  }

  /** When a device heard of the city last, UTC; long ago where it never did. */
  heardMs(device: Device): number {
    return this.#heardMs.get(device) ?? Number.NEGATIVE_INFINITY;
  }

  /** Each device measures at once, then at each moment of its schedule, and connects. */
  start(): void {
    const nowMs = Date.now();
    const townMs = townTime(this.#pace.clock, nowMs);
    for (const worker of this.#workers) {
      this.#report(worker, townMs - (townMs % this.#grainMs), nowMs);
      this.#wait(worker);
    }
    for (const link of this.#links.values()) link.start();
  }

  /** From now on the town's clock runs like this. */
  setPace(pace: Pace): void {
    this.#pace = pace;
    for (const worker of this.#workers) this.#wait(worker);
  }

  /** Ends all connections; unsettled readings stay in the outbox. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#workers) if (timer !== null) clearTimeout(timer);
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
  }

  /** A time that is said is one of whole seconds. */
  get #grainMs(): number {
    return isUtc(this.#pace.clock) ? 1 : 1_000;
  }

  #scheduleOf({ phase }: Worker): Schedule {
    const { periodMs } = this.#pace;
    return { periodMs, phaseMs: Math.floor((phase * periodMs) / this.#grainMs) * this.#grainMs };
  }

  /** Measures the newest moment that is due; what was missed in between stays unmeasured, as with any device that slept. */
  #measure(worker: Worker): void {
    const nowMs = Date.now();
    const dueMs = slotBefore(this.#scheduleOf(worker), townTime(this.#pace.clock, nowMs));
    if (dueMs > worker.measuredMs) this.#report(worker, dueMs, nowMs);
    this.#wait(worker);
  }

  /** Until the next moment of its schedule. */
  #wait(worker: Worker): void {
    const { clock, periodMs } = this.#pace;
    const townMs = townTime(clock, Date.now());
    const nextMs = slotBefore(this.#scheduleOf(worker), townMs) + periodMs;
    if (worker.timer !== null) clearTimeout(worker.timer);
    worker.timer = setTimeout(() => this.#measure(worker), Math.ceil((nextMs - townMs) / clock.speed));
  }

  /** Signs what it measures with the time at which it does so (decisions/0019-time-of-the-town.md). */
  #report(worker: Worker, townMs: number, nowMs: number): void {
    const { device, post } = worker;
    worker.measuredMs = townMs;
    const isPlaceDue = !post.isMoving && nowMs - worker.placedMs >= PLACE_EVERY_MS;
    if (isPlaceDue) worker.placedMs = nowMs;
    const values = [...(isPlaceDue ? placeValues(post) : []), ...post.measure(townMs)];
    const packs = apart(values).map((pack) => [...pack, ...townTimeOf(this.#pace.clock, townMs)]);
    Promise.all(packs.map((pack) => device.measure(pack))).catch((error: unknown) => {
      if (!isOutboxFull(error)) throw error;
      this.#options.log.trouble('OUTBOX_FULL', 'the outbox is full; new readings are dropped until the city is back');
    });
  }
}

/**
 * What a controller says of its signals goes into a reading of its own: with it, the detector's would be larger than what rides along with
 * an anchor (specs/telemetry.md §3), and interlocks that read the detector would hold for ever.
 */
export function apart(values: readonly SensorValue[]): readonly (readonly SensorValue[])[] {
  const [measured, told] = [false, true].map((isTold) => values.filter(({ sensor }) => sensor.startsWith('signal/') === isTold));
  return [measured ?? [], told ?? []].filter(({ length }) => length > 0);
}

/** The town's own time, where it is not that of everyone, to the second. */
export function townTimeOf(clock: ClockState, townMs: number): readonly SensorValue[] {
  if (isUtc(clock)) return [];
  return [{ sensor: 'town-time', value: `${new Date(townMs).toISOString().slice(0, 19)}Z` }];
}

/** Where a device stands, as it would tell it itself. */
function placeValues({ place }: Post): readonly SensorValue[] {
  return [quantity('lat', place.lat, 'lat'), quantity('lon', place.lon, 'lon')];
}
