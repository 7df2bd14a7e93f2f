/**
 * The validators of a city that lie on this machine, from start to stop: each is kept running, what they say is one log, and the first
 * has the doors and the simulated city; with `doors: 'all'` each has doors of its own.
 */

import { basename, resolve } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import type { Cli } from '../cli.ts';
import { hasBegun, validatorFolders } from '../cluster-folder.ts';
import { findEngines } from '../engine.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { type Ending, runToEnd } from './children.ts';
import { checkClusterPorts } from './cluster-ports.ts';
import { JoinedLog } from './joined-log.ts';
import {
  flagsOf,
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
import { type Program, Supervised } from './supervised.ts';
import { tellCity } from './tell.ts';
import { admitTown, CITY, CITY_NODE_FLAGS, checkUnchanged, linkTown, townFlags, zoneTown } from './town.ts';

export type Doors = 'first' | 'all' | 'none';

export type ClusterOptions = RunOptions & {
  /** Data folders of the validators that are run here, the one with the simulated city first. */
  readonly folders: readonly string[];
  readonly doors: Doors;
};

export const VALIDATOR = import.meta.resolve('@oppidum/node/validator-main');
/** As `services/node/src/validator-flags.ts` says, which commands do not load. */
export const VALIDATOR_NODE_FLAGS = ['--max-semi-space-size=8', '--initial-old-space-size=64', '--heap-growing-percent=150'];
const TOWN = 'simulated-city';
/** Each further validator's doors are so many ports further. */
const PORT_STEP = 10;
/** What CometBFT says loudest at a start in order. */
const DIALLING = 'Until all of them listen, each may warn that it cannot dial another: nothing is wrong with that.';
const PORT_DEFAULTS = { port: 8420, mqttPort: 8421 } as const;
const PORT_VARIABLES = ['OPPIDUM_CONFIG', 'OPPIDUM_PORT', 'OPPIDUM_MQTT_PORT', 'OPPIDUM_MQTTS_PORT'];
const RETRY_MS = 5_000;
/** How often it is looked whether the cluster has grown. */
const LOOK_MS = 1_000;

type Ports = { readonly port?: number; readonly mqttPort?: number; readonly mqttsPort?: number };
type Member = { readonly name: string; readonly folder: string; readonly supervised: Supervised };

/** One run. */
export class ClusterRun {
  readonly #cli: Cli;
  readonly #options: ClusterOptions;
  readonly #log: JoinedLog;
  readonly #members: Member[];
  readonly #isFirst: boolean;
  #watch: NodeJS.Timeout | null = null;
  /** What each gateway said when it first was ready: a later life takes the same ports. */
  readonly #ready = new Map<string, Ready>();
  #town: Supervised | null = null;
  /** Validators that stopped for good. */
  readonly #over = new Set<string>();
  readonly #allOver = Promise.withResolvers<'over'>();
  readonly #stop = new StopRequest(() => {
    for (const supervised of this.#all()) supervised.kill();
  });

  constructor(cli: Cli, options: ClusterOptions) {
    this.#cli = cli;
    this.#options = options;
    const names = options.folders.map((folder) => basename(resolve(folder)));
    this.#log = new JoinedLog([...names, TOWN], (line) => {
      if (!cli.quiet) process.stderr.write(`${line}\n`);
    });
    this.#isFirst = !options.folders.some(hasBegun);
    this.#members = options.folders.map((folder, i) => this.#member(folder, i));
  }

  /** Runs until told to stop; ends sooner when the first validator never came up, or all have stopped for good. Gives the exit code. */
  async toEnd(): Promise<number> {
    await checkUnchanged(this.#cli.data, this.#options);
    if (!findEngines().some(({ fits }) => fits)) throw formatError('ENGINE_MISSING', { want: 'cometbft 0.38' });
    await checkClusterPorts(this.#options.folders, this.#options.doors === 'none' ? [] : this.#doorPorts());
    const failed = await Promise.race([this.#stop.asked, this.#run(), this.#allOver.promise]);
    if (failed === null) this.#cli.output.note('Stopping… (again to stop at once)');
    await this.#stopAll();
    if (failed === 'over') return EXIT.final;
    if (failed === null) return EXIT.ok;
    if (failed.code !== null && failed.code !== 0) return failed.code;
    throw new CliFailure(`${failed.name} did not start`, { exitCode: EXIT.failed, action: 'See the lines above' });
  }

  #member(folder: string, i: number): Member {
    const name = basename(resolve(folder));
    const program = this.#hasDoors(i) ? this.#gateway(name, folder, i) : this.#validator(name, folder);
    return { name, folder, supervised: this.#supervise(program, i === 0) };
  }

  /** `cluster grow` has made a folder: it is run from now on. */
  #takeUp(): void {
    const known = new Set(this.#members.map(({ name }) => name));
    for (const folder of validatorFolders(this.#cli.place).filter((each) => !known.has(basename(each)))) {
      const member = this.#member(folder, this.#members.length);
      this.#members.push(member);
      this.#log.voice(member.name).note('is new here, and is started');
      void member.supervised.start();
    }
  }

  /** Resolves only with how the first validator failed before it was ever ready. */
  async #run(): Promise<Ending> {
    this.#cli.output.note(`Starting ${this.#members.map(({ name }) => name).join(', ')}…`);
    if (this.#members.length > 1) this.#cli.output.note(DIALLING);
    const [first, ...others] = this.#members.map(({ supervised }) => supervised.start());
    const message = await (first as Promise<object | Ending>);
    if ('signal' in message) return message as Ending;
    this.#watch = setInterval(() => this.#takeUp(), LOOK_MS);
    if (isReady(message)) await this.#open(message, others);
    else this.#tellWithoutDoors();
    return new Promise(() => undefined);
  }

  async #open(ready: Ready, others: readonly Promise<object | Ending>[]): Promise<void> {
    void runToEnd(PAGES, ['--out', PAGES_FOLDER]);
    const isDemo = await this.#startTown(ready);
    if (this.#options.doors === 'all') await Promise.all(others);
    const doors = this.#members.map(({ name }) => ({ name, ready: this.#ready.get(name) }));
    const further = doors.slice(1).flatMap(({ name, ready: its }) => (its === undefined ? [] : [[name, its.http] as const]));
    await tellCity({
      cli: this.#cli,
      place: this.#cli.place,
      ready,
      isDemo,
      speed: this.#options.speed,
      isOver: () => this.#stop.isAsked,
      isFirst: this.#isFirst,
      fields: [
        ['validators', this.#members.map(({ name }) => name).join(', ')],
        ...further.map(([name, http]) => [`API of ${name}`, http] as const),
      ],
      facts: { validators: doors.map(({ name, ready: its }) => ({ name, api: its?.http ?? null, mqtt: its?.mqtt ?? null })) },
    });
  }

  #tellWithoutDoors(): void {
    const names = this.#members.map(({ name }) => name);
    const { output, json, place } = this.#cli;
    if (json) output.line(JSON.stringify({ data: place, validators: names.map((name) => ({ name, api: null, mqtt: null })) }));
    else output.line(`${names.join(', ')} run${names.length === 1 ? 's' : ''}, without API, console and MQTT. Ctrl-C stops.`);
  }

  /** True when the simulated city runs. While there is no quorum, its maker waits to be admitted. */
  async #startTown(ready: Ready): Promise<boolean> {
    if (!this.#options.demo) return false;
    let isSaid = false;
    while (!this.#stop.isAsked) {
      try {
        if (!(await admitTown(this.#cli, ready.http))) return false;
        break;
      } catch (error) {
        if (!isSaid) this.#log.voice(TOWN).note(`its maker is not admitted yet: ${(error as Error).message}`);
        isSaid = true;
        await Promise.race([new Promise((resolve) => setTimeout(resolve, RETRY_MS)), this.#stop.asked]);
      }
    }
    if (this.#stop.isAsked) return false;
    await linkTown(this.#cli);
    const args = (): readonly string[] => townFlags(this.#cli.data, ready, this.#options);
    this.#town = this.#supervise({ name: TOWN, file: CITY, args, nodeFlags: CITY_NODE_FLAGS });
    void this.#town.start();
    void zoneTown(
      this.#cli,
      ready.http,
      () => this.#stop.isAsked,
      (line) => this.#log.voice(TOWN).note(line),
    );
    return true;
  }

  #supervise(program: Program, mustStart = false): Supervised {
    const { say, note, last } = this.#log.voice(program.name);
    const onReady = (message: object): void => {
      if (isReady(message) && !this.#ready.has(program.name)) this.#ready.set(program.name, message);
    };
    const onFinal = (): void => {
      this.#over.add(program.name);
      if (this.#over.size === this.#members.length) this.#allOver.resolve('over');
    };
    return new Supervised({ program, onLine: say, onNote: note, reason: last, onReady, onFinal, mustStart });
  }

  #validator(name: string, data: string): Program {
    const { logLevel, haltHeight } = this.#options;
    const args = (): readonly string[] => flagsOf({ data, 'log-level': logLevel, 'halt-height': haltHeight });
    return { name, file: VALIDATOR, args, nodeFlags: VALIDATOR_NODE_FLAGS };
  }

  #gateway(name: string, data: string, i: number): Program {
    const { doors: _doors, folders: _folders, config, mqttUrl, mqttLogin, shards, tlsCert, tlsKey, ...shared } = this.#options;
    const firstOnly = i === 0 ? { config, mqttUrl, mqttLogin, shards, tlsCert, tlsKey } : { demo: false };
    const args = (): readonly string[] => {
      const ports = this.#portsOf(name, i);
      return gatewayFlags(data, Object.assign({}, shared, firstOnly, ports) as RunOptions);
    };
    return { name, file: GATEWAY, args, nodeFlags: GATEWAY_NODE_FLAGS };
  }

  /** Of a gateway: those that it had, or those that were asked for, further on for each validator; a free one stays a free one. */
  #portsOf(name: string, i: number): Ports {
    const had = this.#ready.get(name);
    const portOf = (url: string): number => Number(new URL(url).port);
    if (had !== undefined) return { port: portOf(had.http), mqttPort: portOf(had.mqtt), mqttsPort: portOf(had.mqtts) };
    const { port, mqttPort, mqttsPort } = this.#options;
    if (i === 0)
      return {
        ...(port === undefined ? {} : { port }),
        ...(mqttPort === undefined ? {} : { mqttPort }),
        ...(mqttsPort === undefined ? {} : { mqttsPort }),
      };
    const further = (value: number): number => (value === 0 ? 0 : value + i * PORT_STEP);
    return {
      port: further(port ?? PORT_DEFAULTS.port),
      mqttPort: further(mqttPort ?? PORT_DEFAULTS.mqttPort),
      mqttsPort: further(mqttsPort ?? (mqttPort === 0 ? 0 : (mqttPort ?? PORT_DEFAULTS.mqttPort) + 1)),
    };
  }

  /** Ports of doors that must be free; what a file or the environment says about the first is its gateway's matter. */
  #doorPorts(): readonly number[] {
    const isSaidElsewhere = this.#options.config !== undefined || PORT_VARIABLES.some((name) => process.env[name] !== undefined);
    return this.#members.flatMap(({ name }, i) => {
      if (!this.#hasDoors(i) || (i === 0 && isSaidElsewhere)) return [];
      const { port, mqttPort, mqttsPort } = { ...PORT_DEFAULTS, ...this.#portsOf(name, i) };
      const behind = mqttPort === 0 ? 0 : mqttPort + 1;
      return [port, mqttPort, mqttsPort ?? behind].filter((each) => each !== 0);
    });
  }

  #hasDoors(i: number): boolean {
    return this.#options.doors === 'all' || (this.#options.doors === 'first' && i === 0);
  }

  #all(): readonly Supervised[] {
    return [...(this.#town === null ? [] : [this.#town]), ...this.#members.map(({ supervised }) => supervised)];
  }

  /** Who sends before who receives; then all validators at once, since none needs another to stop. */
  async #stopAll(): Promise<void> {
    this.#stop.isStopping = true;
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#log.close();
    await this.#town?.stop();
    await Promise.all(this.#members.map(({ supervised }) => supervised.stop()));
  }
}
