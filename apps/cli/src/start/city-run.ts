/** A city of one validator from start to stop: its services, the simulated city, and who ends when one of them does. */

import type { Cli } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { Child, describeEnding, type Ending, runToEnd } from './children.ts';
import {
  GATEWAY,
  GATEWAY_NODE_FLAGS,
  gatewayFlags,
  isReady,
  PAGES,
  PAGES_FOLDER,
  type Ready,
  type RunOptions,
} from './start-options.ts';
import { StopRequest } from './stop-request.ts';
import { tellCity } from './tell.ts';
import { admitTown, CITY, CITY_NODE_FLAGS, checkUnchanged, townFlags, zoneTown } from './town.ts';

/** One run. */
export class CityRun {
  readonly #cli: Cli;
  readonly #options: RunOptions;
  /** In the order in which they were started. */
  readonly #children: Child[] = [];
  readonly #stop = new StopRequest(() => {
    for (const child of this.#children) child.kill();
  });
  #isOver = false;

  constructor(cli: Cli, options: RunOptions) {
    this.#cli = cli;
    this.#options = options;
  }

  /** Runs until told to stop, or until a process of the city ends by itself. Gives the exit code. */
  async toEnd(): Promise<number> {
    await checkUnchanged(this.#cli.data, this.#options);
    try {
      const ending = await Promise.race([this.#stop.asked, this.#run()]);
      this.#isOver = true;
      if (ending === null) this.#cli.output.note('Stopping… (again to stop at once)');
      await this.#stopAll();
      return ending === null ? EXIT.ok : this.#explain(ending);
    } catch (error) {
      this.#isOver = true;
      await this.#stopAll();
      throw error;
    }
  }

  /** Resolves when a process ends without being asked. */
  async #run(): Promise<Ending> {
    const { data, output } = this.#cli;
    output.note('Starting…');
    const gateway = this.#start('the city', GATEWAY, gatewayFlags(data, this.#options), GATEWAY_NODE_FLAGS);
    const first = await gateway.firstMessage();
    if (!isReady(first)) return first as Ending;
    void runToEnd(PAGES, ['--out', PAGES_FOLDER]);
    const isDemo = await this.#startTown(first);
    const { speed } = this.#options;
    const isOver = (): boolean => this.#isOver || this.#stop.isAsked;
    if (isDemo) void zoneTown(this.#cli, first.http, isOver, (line) => output.note(line));
    const told = tellCity({ cli: this.#cli, place: data, ready: first, isDemo, speed, isOver });
    const ending = await Promise.race(this.#children.map(({ ended }) => ended));
    this.#isOver = true;
    await told;
    return ending;
  }

  #start(name: string, file: string, args: readonly string[], nodeFlags: readonly string[] = []): Child {
    const child = new Child(name, file, args, { isShown: this.#cli.verbose, nodeFlags });
    this.#children.push(child);
    return child;
  }

  /** True when the simulated city runs. */
  async #startTown(ready: Ready): Promise<boolean> {
    if (!this.#options.demo || !(await admitTown(this.#cli, ready.http))) return false;
    if (this.#stop.isAsked) return false;
    this.#start('the simulated city', CITY, townFlags(this.#cli.data, ready, this.#options), CITY_NODE_FLAGS);
    return true;
  }

  /** In the opposite order: who sends before who receives. */
  async #stopAll(): Promise<void> {
    this.#stop.isStopping = true;
    for (const child of [...this.#children].reverse()) await child.stop();
  }

  /** Why the run ended by itself; services say on standard error what they know. */
  #explain(ending: Ending): number {
    const { name, code, signal } = ending;
    const wasRunning = this.#children.length > 1 || name !== 'the city';
    if (!wasRunning && code !== null && code !== 0) return code;
    const what = `${name.charAt(0).toUpperCase()}${name.slice(1)} ended ${describeEnding(ending)}`;
    throw new CliFailure(`${what}, so everything was stopped`, {
      exitCode: code !== null && code > 1 ? code : EXIT.failed,
      action:
        signal === 'SIGBUS'
          ? 'A file of the data folder is cut off, or its disk fails: check the disk, then restore what is damaged; the next start ends here, too'
          : 'See the lines above; nothing that was acknowledged is lost, and the next start goes on from there',
    });
  }
}
