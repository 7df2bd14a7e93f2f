/** `node:timers/promises` in virtual time. */

import { time } from '../virtual-time.ts';

/** See the original. */
export function setTimeout<T>(delayMs: number, value?: T): Promise<T | undefined> {
  return time.wait(delayMs).then(() => value);
}

/** See the original. */
export function setImmediate(): Promise<void> {
  return time.wait(0);
}
