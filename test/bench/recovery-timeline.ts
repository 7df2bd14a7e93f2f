/** When a validator came how far in its recovery, by what it and its CometBFT say; and when the city had its vote. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { VALIDATOR_NODE_FLAGS } from '@oppidum/node/validator-flags';

const VALIDATOR = fileURLToPath(import.meta.resolve('@oppidum/node/validator-main'));

/** The line by which each is known; of those that come more than once, the last (`applied`). */
const LINES = {
  /** Its modules are loaded, its stores open, and its CometBFT runs. */
  running: /^cometbft: /,
  /** Replay of what CometBFT has and the application has not. */
  handshake: /Completed ABCI Handshake/,
  discovering: /Discovering snapshots/,
  proving: /Offering snapshot to ABCI app/,
  applied: /Applied snapshot chunk/,
  restored: /Snapshot restored/,
  consensus: /Time to switch to consensus reactor/,
} as const;

type Step = keyof typeof LINES;

/** A validator as a process of its own. */
export class TimedValidator {
  readonly #startMs = performance.now();
  readonly #atS = new Map<Step, number>();
  readonly #child: ChildProcess;
  /** Where block sync ended; 0 where it did not run. */
  consensusHeight = 0;

  /** A group of processes of its own, so that its CometBFT is killed with it. */
  constructor(path: string) {
    const words = [...VALIDATOR_NODE_FLAGS, VALIDATOR, '--data', path, '--log-level', 'info'];
    this.#child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on('line', (line) => this.#note(line));
  }

  /** Seconds from its start until now. */
  get ageS(): number {
    return (performance.now() - this.#startMs) / 1_000;
  }

  /** Seconds from its start until this step, or not a number where it never came there. */
  at(step: Step): number {
    return this.#atS.get(step) ?? Number.NaN;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    if (signal === 'SIGKILL') process.kill(-child.pid, signal);
    else child.kill(signal);
    await ended;
  }

  #note(line: string): void {
    for (const [step, pattern] of Object.entries(LINES) as [Step, RegExp][]) {
      if (!pattern.test(line) || (this.#atS.has(step) && step !== 'applied')) continue;
      this.#atS.set(step, this.ageS);
      if (step === 'consensus') this.consensusHeight = Number(/height=(\d+)/.exec(line)?.[1] ?? 0);
    }
  }
}
