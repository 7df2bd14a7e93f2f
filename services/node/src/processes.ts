/** What the system says of a node's process and of the CometBFT that it started (proc(5)); null where it says nothing. */

import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** The living process of this machine that holds a data folder. */
export function pidOfHolder(folder: string): number | null {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')) as Readonly<Record<string, unknown>>;
    if (typeof pid !== 'number' || host !== hostname()) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

/** The CometBFT among its children. */
export function engineOf(pid: number): number | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '));
    const found = children.filter((child) => child !== '').find((child) => nameOf(Number(child)) === 'cometbft');
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}

/** Bytes of memory that are in use (`VmRSS`), pages of files included. */
export function memoryOf(pid: number): number | null {
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return kB === undefined ? null : 1_024 * Number(kB);
}

function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
