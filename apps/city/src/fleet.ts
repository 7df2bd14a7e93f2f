/** The devices of the simulated city at work: each measures on its own clock and talks MQTT over its own connection, like any stranger. */

import type { Device } from '@oppidum/device/device';
import { MqttLink } from '@oppidum/device/mqtt-link';
import { isOutboxFull } from '@oppidum/device/outbox';
import type { ShardKeys } from '@oppidum/device/shard-keys';
import type { DeviceKind } from './kinds.ts';
import type { TroubleLog } from './trouble-log.ts';

/** A device with what it measures. */
export type Member = { readonly device: Device; readonly kind: DeviceKind; readonly seed: number };

export type FleetOptions = {
  readonly mqttUrl: string;
  readonly shardKeys: ShardKeys;
  readonly intervalMs: number;
  readonly log: TroubleLog;
};

/** Share of the interval by which each measurement comes earlier or later, so that devices do not march in step. */
const JITTER = 0.1;

/** All devices, from `start` to `stop`. */
export class Fleet {
  readonly #members: readonly Member[];
  readonly #options: FleetOptions;
  readonly #links: readonly MqttLink[];
  readonly #timers = new Map<Member, NodeJS.Timeout>();
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

  #measure(member: Member): void {
    const { device, kind, seed } = member;
    const timeMs = Date.now();
    device.measure(kind.measure(seed, { timeMs, hour: localHour(timeMs) })).catch((error: unknown) => {
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

/** The hour of day on this machine's clock, with its fraction. */
function localHour(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getHours() + date.getMinutes() / 60 + date.getSeconds() / 3_600;
}
