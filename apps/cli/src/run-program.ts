/** Work of a service in a process of its own: it answers with JSON on standard output, and its sentences are already for people. */

import { spawn } from 'node:child_process';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** What a program said and how it ended; `complaint` is what it wrote on standard error, without our name in front. */
export type ProgramAnswer = { readonly said: string; readonly complaint: string; readonly code: number | null };

/** Runs an entry point of ours, by its URL, to its end. */
export async function runProgram(entry: string, args: readonly string[]): Promise<ProgramAnswer> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(entry), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [said, written] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { said, complaint: written.trim().replace(/^oppidum: /, ''), code: await ended };
}
