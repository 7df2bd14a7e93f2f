/**
 * How much of the MQTT door strangers may take up. A connection that is not let in yet costs little and has to say who it is at once; where
 * too many say nothing, the one that was silent longest makes room, so that those who do speak always find a place.
 */

import { networkOf } from '@oppidum/node/networks';

export type MqttLimits = {
  /** Open connections, all together. */
  readonly connectionCountMax: number;
  /** Connections that are not let in yet, all together and from one address. */
  readonly pendingCountMax: number;
  readonly pendingPerAddressMax: number;
  /** Connections from one address that were refused, in a minute. */
  readonly refusedPerMinuteMax: number;
};

export const MQTT_LIMITS: MqttLimits = {
  connectionCountMax: 20_000,
  pendingCountMax: 4_096,
  pendingPerAddressMax: 512,
  refusedPerMinuteMax: 600,
};

const MINUTE_MS = 60_000;

/** A connection that waits to be let in. */
export type Pending = { readonly address: string; readonly end: () => void };

/** The door's book of who waits and who was refused. */
export class MqttLimiter {
  readonly #limits: MqttLimits;
  readonly #now: () => number;
  /** In the order they came. */
  readonly #pending = new Set<Pending>();
  readonly #pendingOf = new Map<string, Set<Pending>>();
  #refusedOf = new Map<string, number>();
  #minute = 0;

  /** `now`: milliseconds of any clock that only rises. */
  constructor(limits: MqttLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** True when this address was refused too often of late. */
  isBarred(address: string): boolean {
    return (this.#refused().get(networkOf(address)) ?? 0) >= this.#limits.refusedPerMinuteMax;
  }

  /** Notes a refused connection. */
  refused(address: string): void {
    const network = networkOf(address);
    const refused = this.#refused();
    refused.set(network, (refused.get(network) ?? 0) + 1);
  }

  /** Takes a connection in; the answer is the one that has to make room, if any. */
  arrived(pending: Pending): Pending | null {
    const network = networkOf(pending.address);
    const own = this.#pendingOf.get(network) ?? new Set();
    const { pendingPerAddressMax, pendingCountMax } = this.#limits;
    const [oldest] = own.size >= pendingPerAddressMax ? own : this.#pending.size >= pendingCountMax ? this.#pending : [];
    if (oldest !== undefined) this.settled(oldest);
    this.#pendingOf.set(network, own.add(pending));
    this.#pending.add(pending);
    return oldest ?? null;
  }

  /** The connection was let in, or is gone. */
  settled(pending: Pending): void {
    if (!this.#pending.delete(pending)) return;
    const network = networkOf(pending.address);
    const own = this.#pendingOf.get(network);
    own?.delete(pending);
    if (own?.size === 0) this.#pendingOf.delete(network);
  }

  /** Counts of the minute that runs. */
  #refused(): Map<string, number> {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    if (minute !== this.#minute) this.#refusedOf = new Map();
    this.#minute = minute;
    return this.#refusedOf;
  }
}
