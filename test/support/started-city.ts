/** A city as `npm start` runs it, on free ports, for tests and benches that are its users. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import { type CommandOptions, type CommandResult, type RunningCommand, runCommand, startCommand } from './command-line.ts';
import { freePorts } from './ports.ts';

export type StartedCity = {
  readonly api: string;
  readonly mqtt: string;
  readonly policy: string;
  /** True when this start made the city. */
  readonly founded: boolean;
  readonly demo: boolean;
  readonly command: RunningCommand;
  /** Ctrl-C, and how it ended. */
  readonly stop: () => Promise<CommandResult>;
};

/** A start that has said nothing by then has failed, however slow the machine. */
const START_MS_MAX = 120_000;
const PORTS = ['--port', '0', '--mqtt-port', '0'];

/** Starts a city in this folder and waits until its doors are open. */
export function startCity(data: string, args: readonly string[] = [], options: CommandOptions = {}): Promise<StartedCity> {
  return startWords(['start', '--data', data, ...PORTS, ...args], options);
}

/** Makes the folder of a cluster of four, on ports of its own. */
export async function makeCluster(data: string): Promise<void> {
  const made = await runCommand([
    'cluster',
    'init',
    '--data',
    data,
    '--validators',
    '4',
    '--p2p-port',
    String(await freePorts(4)),
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
}

/** The same for the validators that `oppidum cluster init` made below this folder. */
export function startCluster(data: string, args: readonly string[] = []): Promise<StartedCity> {
  return startWords(['cluster', 'start', '--data', data, ...PORTS, '--mqtts-port', '0', ...args], {});
}

async function startWords(words: readonly string[], options: CommandOptions): Promise<StartedCity> {
  const command = startCommand([...words, '--json'], options);
  let ending: CommandResult | null = null;
  const ended = command.ended.then((result) => {
    ending = result;
    return result;
  });
  const stop = (): Promise<CommandResult> => {
    command.child.kill('SIGINT');
    return ended;
  };
  const deadline = performance.now() + START_MS_MAX;
  for (;;) {
    const [line, rest] = command.output().stdout.split('\n', 2);
    if (line !== undefined && rest !== undefined) return { ...(JSON.parse(line) as StartedCity), command, stop };
    if (ending !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`the city did not start: ${command.output().stderr}`);
    }
    await sleep(20);
  }
}

/** The first reading that evidence can be had of, as soon as there is one. */
export async function firstAnchoredReading(api: string): Promise<ReadingJson> {
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    const answer = await fetch(`${api}/api/v1/readings?limit=100`);
    const { items } = (await answer.json()) as { readonly items: readonly ReadingJson[] };
    const anchored = items.find((reading) => reading.anchored);
    if (anchored !== undefined) return anchored;
    await sleep(20);
  }
  throw new Error('no reading was anchored');
}
