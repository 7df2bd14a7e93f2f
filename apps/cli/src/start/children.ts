/**
 * The processes of a city: started in order, ended in the opposite order, and none outlives the others. Each has a channel to this
 * process, so that it stops by itself when this one is killed (`tools/stay-with-parent.cjs`).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const STAY_WITH_PARENT = fileURLToPath(new URL('../../../../tools/stay-with-parent.cjs', import.meta.url));
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--require', STAY_WITH_PARENT];
/** A service that was asked to stop and did not within this time is killed: what it acknowledged is durable anyhow. */
const STOP_MS = 20_000;

/** How a process ended. */
export type Ending = { readonly name: string; readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process of the city. `name` is what people call it. */
export class Child {
  readonly name: string;
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #messages: object[] = [];
  #onMessage: ((message: object) => void) | null = null;

  /** Starts a file of ours, by its URL. Its standard error is ours; its standard output is ours where `isShown`. */
  constructor(
    name: string,
    file: string,
    args: readonly string[],
    options: { readonly isShown?: boolean; readonly env?: NodeJS.ProcessEnv; readonly nodeFlags?: readonly string[] } = {},
  ) {
    this.name = name;
    const output = options.isShown === true ? process.stderr : 'ignore';
    this.#process = spawn(process.execPath, [...NODE_FLAGS, ...(options.nodeFlags ?? []), fileURLToPath(file), ...args], {
      stdio: ['ignore', output, 'inherit', 'ipc'],
      env: { ...process.env, ...options.env },
    });
    this.ended = new Promise((resolve) => {
      this.#process.on('error', () => resolve({ name, code: null, signal: null }));
      this.#process.on('exit', (code, signal) => resolve({ name, code, signal }));
    });
    this.#process.on('message', (message) => {
      if (typeof message !== 'object' || message === null) return;
      if (this.#onMessage === null) this.#messages.push(message);
      else this.#onMessage(message);
    });
  }

  /** The first message that it sends, or how it ended before. */
  async firstMessage(): Promise<object | Ending> {
    const message = new Promise<object>((resolve) => {
      this.#onMessage = resolve;
      const [first] = this.#messages;
      if (first !== undefined) resolve(first);
    });
    return Promise.race([message, this.ended]);
  }

  /** Ends it now. What it acknowledged is durable; the next start puts the rest right. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Asks it to stop and waits until it has. */
  async stop(): Promise<Ending> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Runs a file of ours, by its URL, to its end; its messages go to our standard error. Gives its exit code. */
export async function runToEnd(file: string, args: readonly string[]): Promise<number> {
  const { code } = await new Child('', file, args).ended;
  return code ?? 1;
}
