/**
 * Tokens that made a connection, for as long as they could make another. In memory: after a restart of the door, a token of the minutes
 * before is good once more (specs/doors.md §1.2).
 */

import { type Rejection, reject } from '@oppidum/formats/errors';

/** Connections that one device may make before the first of its tokens is past its time. */
const PER_DEVICE_MAX = 256;
const SWEEP_S = 60;

/** A token by its random part; `forgetS`: from then on it is refused anyway. */
type UsedToken = { readonly id: string; readonly forgetS: number };

/** Remembers by device, so that no device can crowd out another's. */
export class UsedTokens {
  readonly #used = new Map<string, Map<string, number>>();
  #sweptS = 0;

  /** Uses a token. TOKEN_USED; RATE_LIMITED for a device with too many. */
  use(device: string, { id, forgetS }: UsedToken, nowS: number): Rejection | null {
    if (nowS >= this.#sweptS + SWEEP_S) this.#sweep(nowS);
    const own = this.#used.get(device) ?? new Map<string, number>();
    if (own.has(id)) return reject('TOKEN_USED');
    if (own.size >= PER_DEVICE_MAX) forgetPast(own, nowS);
    if (own.size >= PER_DEVICE_MAX) return reject('RATE_LIMITED', { connectionCountMax: PER_DEVICE_MAX });
    this.#used.set(device, own.set(id, forgetS));
    return null;
  }

  #sweep(nowS: number): void {
    this.#sweptS = nowS;
    for (const [device, own] of this.#used) {
      forgetPast(own, nowS);
      if (own.size === 0) this.#used.delete(device);
    }
  }
}

function forgetPast(own: Map<string, number>, nowS: number): void {
  for (const [id, forgetS] of own) if (forgetS <= nowS) own.delete(id);
}
