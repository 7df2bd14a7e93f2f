/** What the operating system knows: a counter that does not stop, and its own clock, for machines whose owner vouches for it. */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Monotonic, TimeSource } from './clock.ts';

const UPTIME_RESOLUTION_MS = 10;

/**
 * The machine's counter. On Linux it counts from the boot of the machine, suspended time included, so what was measured before a restart
 * of the process can still be dated; elsewhere it counts from the start of the process.
 */
export function systemMonotonic(): Monotonic {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id');
  if (boot === null || readUptimeMs() === null) return { boot: randomUUID(), nowMs: () => performance.now() };
  return { boot: boot.trim(), nowMs: () => readUptimeMs() ?? performance.now(), resolutionMs: UPTIME_RESOLUTION_MS };
}

/** /proc/uptime: seconds since boot with two decimals, of CLOCK_BOOTTIME (proc_uptime(5)). */
function readUptimeMs(): number | null {
  const seconds = Number(readIfThere('/proc/uptime')?.split(' ', 1)[0] ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.round(seconds * 1_000) : null;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The machine's own clock, for those who keep it (chrony, PTP, GNSS) and say how well. */
export function systemTime(errorMs: number): TimeSource {
  return { name: 'system', ask: () => Promise.resolve({ timeMs: Date.now(), errorMs }) };
}
