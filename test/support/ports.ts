/**
 * Ports for programs that are told one, bind it later, and again after each end. They lie below those that a system gives to whoever dials
 * (Linux: from 32,768 on, ip(7)): one of those may be somebody's by then, and a validator that was killed does not come back. Each is kept
 * from the other tests of this machine until this process ends.
 */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [FIRST, END] = [12_000, 32_000];
/** A link for each port that is kept, made in one step with the id of the process that keeps it. */
const FOLDER = join(tmpdir(), 'oppidum-test-ports');

const kept = new Set<number>();
process.once('exit', () => {
  for (const port of [...kept]) giveBack(port);
});

/** The first of so many ports in a row that nobody uses now. */
export async function freePorts(count: number): Promise<number> {
  mkdirSync(FOLDER, { recursive: true });
  for (;;) {
    const first = randomInt(FIRST, END - count);
    const ports = Array.from({ length: count }, (_, i) => first + i);
    if (ports.every(keep) && (await Promise.all(ports.map(isFree))).every(Boolean)) return first;
    for (const port of ports) if (kept.has(port)) giveBack(port);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '0.0.0.0'), 'listening');
    await once(server.close(), 'close');
    return true;
  } catch {
    return false;
  }
}

function keep(port: number): boolean {
  try {
    symlinkSync(String(process.pid), fileOf(port));
    kept.add(port);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isRunning(holderOf(port))) rmSync(fileOf(port), { force: true });
    return false;
  }
}

function giveBack(port: number): void {
  kept.delete(port);
  rmSync(fileOf(port), { force: true });
}

function holderOf(port: number): number {
  try {
    return Number(readlinkSync(fileOf(port)));
  } catch {
    return 0;
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function fileOf(port: number): string {
  return join(FOLDER, String(port));
}
