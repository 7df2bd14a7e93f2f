/**
 * A CometBFT whose node was killed. It ends when it notices that its application is gone, but it may be at a place where it never does,
 * and then holds the databases of its home against every other. Whoever holds the data folder may end it.
 */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** Ends every CometBFT that runs on this home, where the system tells of processes as Linux does. */
export function endOrphans(home: string): void {
  for (const pid of listNumbers('/proc')) {
    if (!runsOn(pid, resolve(home))) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already, or another user's.
    }
  }
}

function runsOn(pid: number, home: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.findIndex((word, i) => word === 'node' && words[i + 1] === '--home');
    if (at < 0) return false;
    // The folder itself, not its name: a container has places of the same names, and a link is another name of ours.
    const [its, ours] = [`/proc/${pid}/root${resolve(readlinkSync(`/proc/${pid}/cwd`), words[at + 2] ?? '')}`, home].map((path) =>
      statSync(path),
    );
    return its?.dev === ours?.dev && its?.ino === ours?.ino;
  } catch {
    return false;
  }
}

function listNumbers(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
