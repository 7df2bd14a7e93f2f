/** What processes used, by Linux's /proc: processor time by thread, memory that no file backs, children. Load does not change the first. */

import { readdirSync, readFileSync } from 'node:fs';

/** Processor time in seconds by name of thread, of all threads that live. */
export type ThreadSeconds = ReadonlyMap<string, number>;

/** Of a second, by proc(5): `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICKS = 100;
const [USER_FIELD, SYSTEM_FIELD] = [11, 12] as const;

/** Processor time that a process took since it began, in seconds; ended threads included. */
export function processSeconds(pid: number): number {
  return secondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** The same by thread: Node names its own. */
export function threadSeconds(pid: number): ThreadSeconds {
  const seconds = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    const name = thread === String(pid) ? 'main' : stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    seconds.set(name, (seconds.get(name) ?? 0) + secondsOf(stat));
  }
  return seconds;
}

/** Processes that a process started. */
export function childrenOf(pid: number): readonly number[] {
  const tasks = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
  return tasks.flatMap((children) => children.trim().split(' ')).flatMap((child) => (child === '' ? [] : [Number(child)]));
}

/** The second field is a name in parentheses and may itself contain spaces. */
function secondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS;
}
