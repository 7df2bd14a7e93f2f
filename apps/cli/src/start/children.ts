/**
 * The processes of a city: started in order, ended in the opposite order, and none outlives the others. Each has a channel to this
 * process, so that it stops by itself when this one is killed (`tools/stay-with-parent.cjs`).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const STAY_WITH_PARENT = fileURLToPath(new URL('../../../../tools/stay-with-parent.cjs', import.meta.url));
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--require', STAY_WITH_PARENT];
/** A service that was asked to stop and did not within this time is killed: what it acknowledged is durable anyhow. */
const STOP_MS = 20_000;
const LAST_WORDS_MS = 500;

/** How a process ended. */
export type Ending = { readonly name: string; readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ChildOptions = {
  readonly isShown?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeFlags?: readonly string[];
  /** Told of every line that it writes, instead of our own output. */
  readonly onLine?: (line: string) => void;
};

/** How a process ended, in words. */
export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`;
}

/** A process of the city. `name` is what people call it. */
export class Child {
  readonly name: string;
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #messages: object[] = [];
  #onMessage: ((message: object) => void) | null = null;

  /** Starts a file of ours, by its URL. Its standard error is ours, or `onLine` is told of it; its standard output where `isShown`. */
  constructor(name: string, file: string, args: readonly string[], options: ChildOptions = {}) {
    this.name = name;
    const { isShown = false, nodeFlags = [], onLine } = options;
    const shown = onLine === undefined ? process.stderr : 'pipe';
    this.#process = spawn(process.execPath, [...NODE_FLAGS, ...nodeFlags, fileURLToPath(file), ...args], {
      stdio: ['ignore', isShown ? shown : 'ignore', onLine === undefined ? 'inherit' : 'pipe', 'ipc'],
      env: { ...process.env, ...options.env },
      // Signals of the terminal reach this process alone, which ends the others in their order.
      detached: onLine !== undefined,
    });
    for (const input of [this.#process.stdout, this.#process.stderr] satisfies (Readable | null)[])
      if (input !== null && onLine !== undefined) createInterface({ input }).on('line', onLine);
    this.ended = new Promise((resolve) => {
      this.#process.on('error', () => resolve({ name, code: null, signal: null }));
      // Its last words may come a moment after its end; whoever holds its output open is not waited for.
      this.#process.on('close', (code, signal) => resolve({ name, code, signal }));
      this.#process.on('exit', (code, signal) => setTimeout(resolve, LAST_WORDS_MS, { name, code, signal }).unref());
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

/** The same for a file that answers on its standard output. Throws nothing: the exit code says how it went. */
export async function outputOf(
  file: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (ended) => resolve(ended ?? 1));
  });
  return { code, output };
}
