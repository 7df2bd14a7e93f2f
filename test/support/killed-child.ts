/** A test file that runs itself as a child, which writes durably until it is killed, and says on standard output what is durable. */

import { spawn } from 'node:child_process';

/** Set in the child: the folder it writes to. */
export const CRASH_FOLDER = process.env['OPPIDUM_TEST_CRASH_FOLDER'];

/** Runs the file on the folder, kills it `delayMs` after its first output, and gives its whole lines: the last may be cut off. */
export async function killAfter(file: string, folder: string, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, OPPIDUM_TEST_CRASH_FOLDER: folder, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), delayMs);
    output += String(chunk);
  });
  await new Promise((done) => child.on('close', done));
  return output.split('\n').slice(0, -1);
}
