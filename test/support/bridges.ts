/** A bridge as its own process, as people run it: settings in a file, keys and outbox in a folder of the test. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toHex } from '@oppidum/formats/bytes';
import { stringify } from 'yaml';
import type { TestMaker } from './city-process.ts';
import { until } from './city-process.ts';

const MAIN = fileURLToPath(import.meta.resolve('@oppidum/bridge/main'));

export type BridgeEvent = { readonly event: string; readonly code?: string; readonly device?: string };

/** What a test bridge needs of its city. `data` is the city's folder. */
type Place = { readonly folder: string; readonly http: string; readonly data: string; readonly settings: object };

function argumentsOf({ folder, http, data, settings }: Place): readonly string[] {
  const file = join(folder, 'bridge.yaml');
  writeFileSync(file, stringify(settings));
  return [file, '--api', http, '--policy', join(data, 'city.policy'), '--folder', join(folder, 'bridge')];
}

/** Registers the devices of a bridge; their ids by name. */
export function enrolTestBridge(place: Place, { manufacturer, maker }: TestMaker): ReadonlyMap<string, string> {
  const by = ['--manufacturer', toHex(manufacturer), '--account', toHex(maker.account)];
  const key = ['--key', join(place.data, 'keys', 'operator.seed')];
  const args = [MAIN, 'enrol', ...argumentsOf(place), ...by, ...key];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the bridge was not enrolled: ${stderr}`);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  return new Map(rows.map(([id, name]) => [name as string, id as string]));
}

/** A running bridge and what it says. */
export class TestBridge {
  readonly events: BridgeEvent[] = [];
  /** The first line of its output: the address of a listener. */
  address = '';
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const { stdout, stderr, stdin } = child;
    if (stdout === null || stderr === null || stdin === null) throw new Error('the bridge has no pipes');
    createInterface({ input: stdout }).on('line', (line) => {
      this.address = line;
    });
    createInterface({ input: stderr }).on('line', (line) => {
      this.events.push(line.startsWith('{') ? (JSON.parse(line) as BridgeEvent) : { event: line });
    });
  }

  /** Starts it and waits until it works, or ended. */
  static async start(place: Place): Promise<TestBridge> {
    const bridge = new TestBridge(spawn(process.execPath, [MAIN, 'run', ...argumentsOf(place)], { stdio: 'pipe' }));
    const isOver = (): boolean => bridge.#child.exitCode !== null;
    await until(
      'the bridge works',
      () => bridge.count('started') > 0 || isOver(),
      () => JSON.stringify(bridge.events),
    );
    return bridge;
  }

  count(event: string, code?: string): number {
    return this.events.filter((other) => other.event === event && (code === undefined || other.code === code)).length;
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Its exit code, once it ended by itself. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Ends it; its exit code. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill(signal);
      await gone;
    }
    return this.#child.exitCode;
  }
}
