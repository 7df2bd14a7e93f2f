/** The devices of the simulated city at work: each measures on its own clock and talks MQTT over its own connection, like any stranger. */

import type { Device } from '@oppidum/device/device';
import { MqttLink } from '@oppidum/device/mqtt-link';
import { isOutboxFull } from '@oppidum/device/outbox';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import type { ShardKeys } from '@oppidum/device/shard-keys';
import type { Moment } from './kinds/curves.ts';
import type { DeviceKind, Site } from './kinds/kind.ts';
import type { TroubleLog } from './trouble-log.ts';

/** A device with what it measures. */
export type Member = { readonly device: Device; readonly kind: DeviceKind; readonly site: Site };

export type FleetOptions = {
  readonly mqttUrl: string;
  readonly shardKeys: ShardKeys;
  readonly intervalMs: number;
  readonly log: TroubleLog;
};

/** Share of the interval by which each measurement comes earlier or later, so that devices do not march in step. */
const JITTER = 0.1;
/** What does not move says where it is now and then. */
const PLACE_EVERY_MS = 3_600_000;

/** All devices, from `start` to `stop`. */
export class Fleet {
  readonly #members: readonly Member[];
  readonly #options: FleetOptions;
  readonly #links: readonly MqttLink[];
  readonly #timers = new Map<Member, NodeJS.Timeout>();
  /** When each told its place last. */
  readonly #placed = new Map<Member, number>();
  #isStopped = false;

  constructor(members: readonly Member[], options: FleetOptions) {
    this.#members = members;
    this.#options = options;
    const { log, shardKeys, mqttUrl } = options;
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

  /** Each device measures at once, then every interval, and connects. */
  start(): void {
    for (const member of this.#members) this.#measure(member);
    for (const link of this.#links) link.start();
  }

  /** Ends all connections; unsettled readings stay in the outbox. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#links.map((link) => link.stop()));
  }

  /** What it measures; its place with it from time to time, where it does not move. */
  #records(member: Member, moment: Moment): readonly SensorRecord[] {
    const { kind, site } = member;
    const measured = kind.measure(site, moment);
    const isDue = moment.timeMs - (this.#placed.get(member) ?? 0) >= PLACE_EVERY_MS;
    if (site.route !== undefined || !isDue) return measured;
    this.#placed.set(member, moment.timeMs);
    return [...placeRecords(site, moment), ...measured];
  }

  #measure(member: Member): void {
    const timeMs = Date.now();
    member.device.measure(this.#records(member, { timeMs, hour: localHour(timeMs) })).catch((error: unknown) => {
      if (!isOutboxFull(error)) throw error;
      this.#options.log.trouble('OUTBOX_FULL', 'the outbox is full; new readings are dropped until the city is back');
    });
    const delayMs = this.#options.intervalMs * (1 + JITTER * (2 * Math.random() - 1));
    this.#timers.set(
      member,
      setTimeout(() => this.#measure(member), delayMs),
    );
  }
}

/** Where a device stands, as it would tell it itself. */
function placeRecords({ place }: Site, { timeMs }: Moment): readonly SensorRecord[] {
  return [
    { sensor: 'lat', unit: 'lat', value: place.lat, timeMs },
    { sensor: 'lon', unit: 'lon', value: place.lon, timeMs },
  ];
}

/** The hour of day on this machine's clock, with its fraction. */
function localHour(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getHours() + date.getMinutes() / 60 + date.getSeconds() / 3_600;
}
