/**
 * Memory of a city at rest with its 120 simulated devices: every process that `npm start` leaves running, the launcher included.
 * Counted is what no file backs (`Pss_Anon` and `Pss_Shmem` of proc(5) smaps_rollup): pages of files the system takes back at will.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstAnchoredReading } from '../support/started-city.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { withLaunchedCity } from './launched-city.ts';

/** Three rounds of readings, and whatever the start left to be collected. */
const SETTLE_SECONDS = 30;
const SAMPLE_MS = 1_000;

/**
 * The largest of one sample a second, from half a minute after the first reading on: `pssMb` of a start that finds its code compiled, as
 * all but the first of a version do, and `firstStartPssMb` of that one, in which each process has loaded what strips types.
 */
export async function benchIdle({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  if (process.platform !== 'linux') throw new Error('this bench reads /proc, which only Linux has');
  const compiled = mkdtempSync(join(tmpdir(), 'oppidum-compiled-'));
  try {
    const firstStartPssMb = await measure(compiled, seconds, say);
    return { pssMb: await measure(compiled, seconds, say), firstStartPssMb };
  } finally {
    rmSync(compiled, { recursive: true, force: true });
  }
}

/** `compiled`: where processes look for compiled code, and put it. */
function measure(compiled: string, seconds: number, say: BenchOptions['say']): Promise<number> {
  return withLaunchedCity(
    async (city) => {
      await firstAnchoredReading(city.api);
      say(`settling for ${SETTLE_SECONDS} s`);
      await sleep(1_000 * SETTLE_SECONDS);
      const root = city.process.pid as number;
      let pssMb = 0;
      const end = performance.now() + 1_000 * seconds;
      do {
        const sizes = familyOf(root).map((pid) => [pid, unbackedMb(pid)] as const);
        pssMb = Math.max(
          pssMb,
          sizes.reduce((sum, [, mb]) => sum + mb, 0),
        );
        say(sizes.map(([pid, mb]) => `${commandOf(pid)} ${mb.toFixed(0)} MB`).join(', '));
        await sleep(SAMPLE_MS);
      } while (performance.now() < end);
      return pssMb;
    },
    { environment: { NODE_COMPILE_CACHE: compiled } },
  );
}

/** A process and all that descend from it. */
function familyOf(root: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => {
      const stat = readIfThere(`/proc/${name}/stat`);
      // The second field is the program's name in parentheses and may itself contain spaces.
      const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      return parent === undefined ? [] : [[Number(name), Number(parent)] as const];
    });
  const family = [root];
  for (const pid of family) family.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  return family;
}

/** Megabytes of a process that no file backs (proc(5)); 0 where there is none. */
export function unbackedMb(pid: number): number {
  const rollup = readIfThere(`/proc/${pid}/smaps_rollup`) ?? '';
  const kibibytes = [...rollup.matchAll(/^Pss_(?:Anon|Shmem): +([0-9]+) kB$/gm)].map(([, size]) => Number(size));
  return (1_024 * kibibytes.reduce((sum, size) => sum + size, 0)) / 1e6;
}

/** `services/gateway/src/main.ts` of a command line. */
function commandOf(pid: number): string {
  const words = (readIfThere(`/proc/${pid}/cmdline`) ?? '').split('\0');
  const file = words.find((word) => /(main\.ts|run\.cjs)$/.test(word)) ?? String(pid);
  return file.split('/').slice(-4).join('/');
}

/** Null for a process that ended meanwhile. */
function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
