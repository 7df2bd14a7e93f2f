/** The processes of the city that attacks are carried out on, of one validator or of four, as `start` and `cluster start` run them. */

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import { findEngines } from '../engine.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { Child, outputOf } from '../start/children.ts';
import { isPortFree } from '../start/cluster-ports.ts';
import { VALIDATOR, VALIDATOR_NODE_FLAGS } from '../start/cluster-run.ts';
import { GATEWAY, GATEWAY_NODE_FLAGS } from '../start/start-options.ts';

/** Doors of the first validator, and the data folders of all. */
export type Services = {
  readonly http: string;
  readonly mqtt: string;
  readonly folders: readonly string[];
  readonly kill: () => void;
  readonly stop: () => Promise<void>;
};

const FOUND = import.meta.resolve('@oppidum/node/found-cluster-main');
const NAME = 'attacked.example';
const FREE_PORTS = ['--port', '0', '--mqtt-port', '0', '--mqtts-port', '0'];
const VALIDATOR_COUNT = 4;
/** Below those that a system gives to whoever dials (Linux: from 32,768 on, ip(7)). */
const [PORT_MIN, PORT_END] = [12_000, 32_000];

/** Founds a city of one validator and starts it. `flags`: of Node, before each service. */
export function startOne(folder: string, flags: readonly string[]): Promise<Services> {
  const data = join(folder, 'city');
  return gather([data], [startGateway(['--data', data, '--found', NAME], flags)]);
}

/** The same of four, which CometBFT brings to agreement. Throws ENGINE_MISSING. */
export async function startFour(folder: string, flags: readonly string[]): Promise<Services> {
  if (!findEngines().some(({ fits }) => fits)) throw formatError('ENGINE_MISSING', { want: 'cometbft 0.38' });
  const data = join(folder, 'city');
  const port = await freePorts(VALIDATOR_COUNT);
  const args = ['--data', data, '--validators', String(VALIDATOR_COUNT), '--name', NAME, '--p2p-port', String(port)];
  if ((await outputOf(FOUND, args)).code !== 0) throw failure('was not founded', []);
  const folders = Array.from({ length: VALIDATOR_COUNT }, (_, i) => join(data, `validator-${i + 1}`));
  const [first, ...others] = folders as [string, ...string[]];
  const validators = others.map((other) => start(VALIDATOR, ['--data', other], [...VALIDATOR_NODE_FLAGS, ...flags]));
  return gather(folders, [startGateway(['--data', first], flags), ...validators]);
}

type Service = { readonly child: Child; readonly words: readonly string[] };

function startGateway(args: readonly string[], flags: readonly string[]): Service {
  return start(GATEWAY, [...args, ...FREE_PORTS], [...GATEWAY_NODE_FLAGS, ...flags]);
}

function start(file: string, args: readonly string[], nodeFlags: readonly string[]): Service {
  const words: string[] = [];
  const onLine = (line: string): void => void words.push(line);
  return { child: new Child('the city', file, args, { env: withoutSettings(), nodeFlags, onLine }), words };
}

/** All of them once all are ready; the first has the doors. */
async function gather(folders: readonly string[], services: readonly Service[]): Promise<Services> {
  const children = services.map(({ child }) => child);
  const kill = (): void => {
    for (const child of children) child.kill();
  };
  // Whoever ends this process leaves none of them behind, and nothing is removed under one that still writes.
  process.prependOnceListener('exit', kill);
  const [ready] = (await Promise.all(children.map((child) => child.firstMessage()))) as [object];
  if (!('http' in ready) || !('mqtt' in ready)) {
    kill();
    throw failure('did not start', services[0]?.words ?? []);
  }
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
    process.removeListener('exit', kill);
  };
  return { http: String(ready.http), mqtt: String(ready.mqtt), folders, kill, stop };
}

function failure(what: string, words: readonly string[]): CliFailure {
  return new CliFailure(`The city of the attacks ${what}: ${words.at(-1) ?? ''}`, { exitCode: EXIT.unavailable });
}

/** The first of so many ports in a row that nobody uses. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(PORT_MIN, PORT_END - count);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isPortFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

/** Settings of a city that somebody runs here, such as a broker of theirs, are none of this one. */
function withoutSettings(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => name.startsWith('OPPIDUM_'));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
