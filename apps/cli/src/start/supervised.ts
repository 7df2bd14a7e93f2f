/**
 * A process that is kept running: started again when it ends, at once the first time, then after a pause that doubles up to ten
 * seconds, and soon again once it has run for half a minute. What happens is said, though not each time where it happens for ever. One
 * that says by its exit code that it stopped for good is left as it is.
 */

import { EXIT } from '../failure.ts';
import { Child, type ChildOptions, describeEnding, type Ending } from './children.ts';

/** What is run. `args` are asked for at each start, so that a later one can take the ports of the first. */
export type Program = {
  readonly name: string;
  /** URL of a file of ours. */
  readonly file: string;
  readonly args: () => readonly string[];
  readonly nodeFlags?: readonly string[];
};

export type SupervisedOptions = {
  readonly program: Program;
  /** Told of every line that the process writes. */
  readonly onLine: (line: string) => void;
  /** Told in words of what happened to it. */
  readonly onNote: (text: string) => void;
  /** The last thing that it said for itself, or null: why it ended. */
  readonly reason: () => string | null;
  /** One that ends before it was ever ready is not started again: whoever started it says why and stops. */
  readonly mustStart?: boolean;
  /** Told when it stopped for good. */
  readonly onFinal?: () => void;
  /** Told of the first message of each life. */
  readonly onReady?: (message: object) => void;
};

export const PAUSE_MS = { first: 250, last: 10_000, settled: 30_000 } as const;
/** Ends that are told each; of those that follow soon after, one a minute. */
const TOLD_COUNT = 3;
const TELL_MS = 60_000;

/** One process under supervision, from `start` to `stop`. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #child: Child | null = null;
  #timer: NodeJS.Timeout | null = null;
  #pauseMs: number = PAUSE_MS.first;
  #endCount = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #wasReady = false;
  #isStopping = false;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.name = options.program.name;
  }

  /** Starts it; resolves with its first message, or with how its first life ended before that. */
  start(): Promise<object | Ending> {
    const { program, onLine, onReady } = this.#options;
    const { name, file, nodeFlags = [] } = program;
    const options: ChildOptions = { nodeFlags, onLine };
    const child = new Child(name, file, program.args(), options);
    const startedMs = performance.now();
    this.#child = child;
    void child.ended.then((ending) => this.#onEnd(ending, performance.now() - startedMs));
    const first = child.firstMessage();
    void first.then((message) => {
      if ('signal' in message) return;
      this.#wasReady = true;
      onReady?.(message);
    });
    return first;
  }

  /** Ends it now. */
  kill(): void {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#child?.kill();
  }

  /** Asks it to stop and waits until it has; it is not started again. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#child?.stop();
  }

  #onEnd(ending: Ending, livedMs: number): void {
    this.#child = null;
    if (this.#isStopping || (this.#options.mustStart === true && !this.#wasReady)) return;
    if (livedMs > PAUSE_MS.settled) {
      this.#pauseMs = PAUSE_MS.first;
      this.#endCount = 0;
    }
    this.#endCount += 1;
    if (ending.code === EXIT.final) {
      this.#options.onNote(`ended ${describeEnding(ending)}${this.#why()}; it is not started again`);
      this.#options.onFinal?.();
      return;
    }
    this.#tell(ending);
    this.#timer = setTimeout(() => void this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MS.last);
  }

  #tell(ending: Ending): void {
    const nowMs = performance.now();
    if (this.#endCount > TOLD_COUNT && nowMs - this.#toldMs < TELL_MS) return;
    this.#toldMs = nowMs;
    const again = this.#endCount > TOLD_COUNT ? `, ${this.#endCount} times by now` : '';
    this.#options.onNote(`ended ${describeEnding(ending)}${again}${this.#why()} (starts again in ${this.#pauseMs / 1_000} s)`);
  }

  #why(): string {
    const reason = this.#options.reason();
    return reason === null ? '' : `: ${reason}`;
  }
}
