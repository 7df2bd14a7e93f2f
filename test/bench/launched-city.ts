/** A fresh city started as `npm start` starts it, launcher included, for benches. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../tools/run.cjs', import.meta.url));

/** `words`: of the launcher; `before`: given the folder that the city will have; `environment`: more than ours. */
type LaunchOptions = {
  readonly words?: readonly string[];
  readonly before?: (data: string) => Promise<unknown>;
  readonly environment?: NodeJS.ProcessEnv;
};

/** What the start said of itself, and the launcher's process. */
export type LaunchedCity = {
  readonly api: string;
  readonly data: string;
  readonly process: ChildProcess;
};

/**
 * Starts a city with its simulated devices in a fresh folder, calls `use`, stops and removes it. With `words` by another command than
 * `start`; `before` prepares the folder.
 */
export async function withLaunchedCity<T>(
  use: (city: LaunchedCity) => Promise<T>,
  { words = ['start'], before = async () => undefined, environment = {} }: LaunchOptions = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-bench-'));
  const data = join(folder, 'city');
  await before(data);
  const args = [LAUNCHER, ...words, '--data', data, '--port', '0', '--mqtt-port', '0', '--json'];
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    return await use({ api: await readApi(child), data, process: child });
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The address in the one line that `start --json` prints once every door is open. */
async function readApi(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const part of child.stdout as AsyncIterable<Buffer>) {
    text += part.toString('utf8');
    if (text.includes('\n')) return (JSON.parse(text.slice(0, text.indexOf('\n'))) as { readonly api: string }).api;
  }
  throw new Error('the city did not start');
}
