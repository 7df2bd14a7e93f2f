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
  readonly clock: ClockState;
  /** Between two readings of a device, in town time. */
  readonly periodMs: number;
  readonly log: TroubleLog;
};

/** What does not move says where it is once an hour of UTC. */
const PLACE_EVERY_MS = 3_600_000;
const PHASES = 0x9a;

/** A member with its schedule and what it did last. */
type Worker = Member & {
  readonly schedule: Schedule;
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
  readonly #links: readonly MqttLink[];
  readonly #saysTime: boolean;
  #isStopped = false;

  constructor(members: readonly Member[], options: FleetOptions) {
    const { log, shardKeys, mqttUrl, periodMs } = options;
    this.#options = options;
    this.#saysTime = !isUtc(options.clock);
    // Each at its own place within the period, so that devices do not march in step; a time that is said is one of whole seconds.
    const grainMs = this.#saysTime ? 1_000 : 1;
    this.#workers = members.map((member, i) => ({
      ...member,
      schedule: { periodMs, phaseMs: Math.floor((uniform(PHASES, i) * periodMs) / grainMs) * grainMs },
      measuredMs: Number.NEGATIVE_INFINITY,
      placedMs: Number.NEGATIVE_INFINITY,
      timer: null,
    }));
    const link = {
      shardKeys,
      onTrouble: ({ code }: { readonly code: string }) => {
        if (!this.#isStopped) log.trouble(code, 'a device cannot deliver; readings wait in the outbox');
      },
      onSettled: ({ code }: { readonly code: string | null }) => {
        if (code !== null) log.trouble(code, 'a reading was refused for good');
        else log.well('readings are delivered again');
      },
    };
    this.#links = members.map(({ device }) => new MqttLink(mqttUrl, device, link));
  }

  /** Each device measures at once, as of the newest moment of its schedule, then at each following one, and connects. */
  start(): void {
    for (const worker of this.#workers) this.#measure(worker);
    for (const link of this.#links) link.start();
  }

  /** Ends all connections; unsettled readings stay in the outbox. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#workers) if (timer !== null) clearTimeout(timer);
    await Promise.all(this.#links.map((link) => link.stop()));
  }

  /** Measures the newest moment that is due; what was missed in between stays unmeasured, as with any device that slept. */
  #measure(worker: Worker): void {
    const { clock } = this.#options;
    const nowMs = Date.now();
    const dueMs = slotBefore(worker.schedule, townTime(clock, nowMs));
    if (dueMs > worker.measuredMs) {
      worker.measuredMs = dueMs;
      this.#report(worker, dueMs, nowMs);
    }
    const nextMs = dueMs + worker.schedule.periodMs;
    const waitMs = Math.ceil((nextMs - townTime(clock, nowMs)) / clock.speed);
    worker.timer = setTimeout(() => this.#measure(worker), waitMs);
  }

  /** Signs what it measures with the time at which it does so (decisions/0019-time-of-the-town.md). */
  #report(worker: Worker, townMs: number, nowMs: number): void {
    const { device, post } = worker;
    const isPlaceDue = !post.isMoving && nowMs - worker.placedMs >= PLACE_EVERY_MS;
    if (isPlaceDue) worker.placedMs = nowMs;
    const values = [
      ...(isPlaceDue ? placeValues(post) : []),
      ...post.measure(townMs),
      ...(this.#saysTime ? [{ sensor: 'town-time', value: new Date(townMs).toISOString().replace('.000Z', 'Z') }] : []),
    ];
    device.measure(values).catch((error: unknown) => {
      if (!isOutboxFull(error)) throw error;
      this.#options.log.trouble('OUTBOX_FULL', 'the outbox is full; new readings are dropped until the city is back');
    });
  }
}

/** Where a device stands, as it would tell it itself. */
function placeValues({ place }: Post): readonly SensorValue[] {
  return [quantity('lat', place.lat, 'lat'), quantity('lon', place.lon, 'lon')];
}
