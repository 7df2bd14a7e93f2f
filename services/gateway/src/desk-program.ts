/** Programs of ours that a desk starts beside the city: each says what it does in lines of JSON, and learns by its channel when we are gone. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'];
const COMPLAINT_LENGTH_MAX = 2_048;
/** Between asking a program to end and ending it. */
const ASK_MS = 5_000;

/** How it ended; `complaint` is the end of what it wrote on standard error. */
export type ProgramEnd = { readonly code: number | null; readonly complaint: string };

/** A program at work. `ended` settles when it is gone and every line is heard. */
export type Program = { readonly child: ChildProcess; readonly ended: Promise<ProgramEnd> };

/** Starts a file of ours with these words; `hear` gets each of its lines. */
export function startProgram(
  args: readonly string[],
  hear: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Program {
  const child = spawn(process.execPath, [...NODE_FLAGS, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-COMPLAINT_LENGTH_MAX);
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  const heard = async (): Promise<ProgramEnd> => {
    for await (const line of createInterface({ input: child.stdout as Readable })) hear(line);
    return { code: await closed, complaint: complaint.trim() };
  };
  return { child, ended: heard() };
}

/** Kills it; resolves when it is gone. */
export async function endOf(child: ChildProcess | null): Promise<void> {
  if (child === null || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Asks it to end what it began and itself, and kills one that does not; resolves when it is gone. */
export async function askToEnd(child: ChildProcess | null): Promise<void> {
  if (child === null || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), ASK_MS);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(timer);
}
