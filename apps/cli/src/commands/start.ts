/**
 * `oppidum start` (`npm start`): a city on this machine. The first start founds it; every start runs the services, then the simulated
 * city, says where everything is, and ends them in the opposite order when told to. This process stays small: it loads nothing of them.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { addExamples, type Cli, openCli, wholeNumber } from '../cli.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { Child, type Ending, runToEnd } from '../start/children.ts';
import { firstReading, nextSteps } from '../start/first-steps.ts';
import { cityName, isFounded, NAME_DEFAULT } from '../start/found.ts';

type StartOptions = {
  readonly host?: string;
  readonly port?: number;
  readonly mqttPort?: number;
  readonly mqttsPort?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly mqttUrl?: string;
  readonly mqttLogin?: string;
  readonly config?: string;
  readonly map?: string;
  readonly shards?: number;
  readonly name?: string;
  readonly demo: boolean;
  readonly speed?: number;
  readonly seed?: number;
  readonly devices?: number;
};
/** `logLevel`: a person reads along, so only what needs one is shown, unless somebody asked for more. */
type RunOptions = StartOptions & { readonly logLevel: string };

/** What the gateway says once every door is open. */
type Ready = { readonly http: string; readonly mqtt: string; readonly mqtts: string; readonly founded: boolean };

const GATEWAY = import.meta.resolve('@oppidum/gateway/main');
const CITY = import.meta.resolve('@oppidum/city/main');
/** Builds the pages that browsers are given, where their sources changed; the folder is ready before its pages are. */
const PAGES = new URL('../../../../tools/pages.ts', import.meta.url).href;
const PAGES_FOLDER = fileURLToPath(new URL('../../../../.cache/pages', import.meta.url));
/** As `services/gateway/src/node-flags.ts` says, which commands do not load. */
const GATEWAY_NODE_FLAGS = ['--max-semi-space-size=16'];
/** Few devices make little garbage: a small young generation saves 18 MB. */
const CITY_NODE_FLAGS = ['--max-semi-space-size=1'];
const PORT_MAX = 65_535;
const SPEED_MAX = 1_000;
const SEED_MAX = 4_294_967_295;
const DEVICE_COUNT_MAX = 1_000;
const KNOWN_SETTINGS = ['data', 'logLevel', 'map'] as const;

/** Adds options and the work to the command. */
export function buildStart(command: Command): void {
  command
    .option('--port <n>', 'port of the API (default: 8420; 0 takes a free one)', wholeNumber('--port', 0, PORT_MAX))
    .option('--mqtt-port <n>', 'port of MQTT (default: 8421; 0 takes a free one)', wholeNumber('--mqtt-port', 0, PORT_MAX))
    .option(
      '--mqtts-port <n>',
      'port of MQTT by TLS (default: the one behind it, 8422)',
      wholeNumber('--mqtts-port', 0, PORT_MAX),
    )
    .option('--tls-cert <file>', 'certificate of MQTT by TLS with its chain (default: one is made)')
    .option('--tls-key <file>', 'its private key, mode 600')
    .option('--mqtt-url <url>', 'a broker from which readings are taken, too')
    .option('--mqtt-login <file>', 'user name and password for it, mode 600')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1, this machine alone)')
    .option(
      '--shards <n>',
      'telemetry shards, all but the first as processes of their own (default: those declared)',
      wholeNumber('--shards', 1, 64),
    )
    .option('--map <file>', 'GeoJSON of streets for maps, as `city import` writes it; the simulated city moves in')
    .option('--config <file>', 'YAML file with the same settings; flags and environment win')
    .option('--name <name>', `first start: host-like name of the city (default: ${NAME_DEFAULT})`, cityName)
    .option('--no-demo', 'without the simulated city')
    .option('--speed <n>', 'of the simulated city’s clock, 1 to 1000 (default: 1)', wholeNumber('--speed', 1, SPEED_MAX))
    .option('--seed <n>', 'first start: which simulated city it is (default: 1)', wholeNumber('--seed', 0, SEED_MAX))
    .option('--devices <n>', 'of the simulated city, 1 to 1000 (default: 120)', wholeNumber('--devices', 1, DEVICE_COUNT_MAX))
    .action(async (options: StartOptions, self: Command) => {
      const cli = openCli(self);
      const said = self.optsWithGlobals<{ data?: string }>().data ?? process.env['OPPIDUM_DATA'];
      const file = options.config ?? process.env['OPPIDUM_CONFIG'];
      const settings = file === undefined ? {} : await readSettings(file);
      const logLevel = process.env['OPPIDUM_LOG_LEVEL'] ?? settings.logLevel ?? (cli.verbose ? 'info' : 'warn');
      const map = options.map ?? process.env['OPPIDUM_MAP'] ?? settings.map;
      const run = { ...options, ...(map === undefined ? {} : { map }), logLevel };
      process.exitCode = await new Run({ ...cli, data: said ?? settings.data ?? cli.data }, run).toEnd();
    });
  command.addHelpText(
    'after',
    '\nThe first start makes keys, genesis and city.policy in the data folder; later ones resume. Ctrl-C stops.',
  );
  addExamples(command, [
    ['with the simulated city', 'start'],
    ['its day in 24 minutes', 'start --speed 60      # npm start -- --speed 60'],
    ['without it', 'start --no-demo      # npm start -- --no-demo'],
    ['beside another one', 'start --data other-city --port 0 --mqtt-port 0'],
  ]);
}

/** What this process must know of a YAML file of settings; what else is in it, or wrong with it, is the gateway's matter. */
async function readSettings(file: string): Promise<Partial<Record<(typeof KNOWN_SETTINGS)[number], string>>> {
  const { parse } = await import('yaml');
  try {
    const settings = (parse(readFileSync(file, 'utf8')) ?? {}) as Readonly<Record<string, unknown>>;
    const known = KNOWN_SETTINGS.map((name) => [name, settings[name]] as const);
    return Object.fromEntries(known.filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

/** One run from start to stop. */
class Run {
  readonly #cli: Cli;
  readonly #options: RunOptions;
  /** In the order in which they were started. */
  readonly #children: Child[] = [];
  readonly #asked: Promise<null>;
  #isOver = false;
  #isStopping = false;

  constructor(cli: Cli, options: RunOptions) {
    this.#cli = cli;
    this.#options = options;
    this.#asked = new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.on(signal, () => {
          if (this.#isStopping) for (const child of this.#children) child.kill();
          this.#isOver = true;
          resolve(null);
        });
    });
  }

  /** Runs until told to stop, or until a process of the city ends by itself. Gives the exit code. */
  async toEnd(): Promise<number> {
    const { data } = this.#cli;
    await checkName(data, this.#options.name);
    if (this.#options.demo) checkSeed(data, this.#options.seed);
    try {
      const ending = await Promise.race([this.#asked, this.#run()]);
      this.#isOver = true;
      if (ending === null) this.#cli.output.note('Stopping… (again to stop at once)');
      await this.#stop();
      return ending === null ? EXIT.ok : this.#explain(ending);
    } catch (error) {
      this.#isOver = true;
      await this.#stop();
      throw error;
    }
  }

  /** Resolves when a process ends without being asked. */
  async #run(): Promise<Ending> {
    this.#cli.output.note('Starting…');
    const gateway = this.#start('the city', GATEWAY, this.#gatewayFlags(), GATEWAY_NODE_FLAGS);
    const first = await gateway.firstMessage();
    if (!isReady(first)) return first as Ending;
    void runToEnd(PAGES, ['--out', PAGES_FOLDER]);
    const isDemo = await this.#startDemo(first);
    const told = this.#tell(first, isDemo);
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

  #gatewayFlags(): readonly string[] {
    const { host, port, mqttPort, mqttsPort, tlsCert, tlsKey, mqttUrl, mqttLogin } = this.#options;
    const { config, shards, map, demo, logLevel, name = NAME_DEFAULT } = this.#options;
    const flags = {
      data: this.#cli.data,
      host,
      port,
      'mqtt-port': mqttPort,
      'mqtts-port': mqttsPort,
      'tls-cert': tlsCert,
      'tls-key': tlsKey,
      'mqtt-url': mqttUrl,
      'mqtt-login': mqttLogin,
      config,
      shards,
      'log-level': logLevel,
      found: name,
      pages: PAGES_FOLDER,
      // The simulated town draws its own streets.
      map: map ?? (demo ? join(this.#cli.data, 'demo', 'map.geojson') : undefined),
    };
    const given = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
    // Where visitors may play the dishonest operator, on copies.
    return demo ? [...given, '--tamper-desk'] : given;
  }

  /** True when the simulated city runs. */
  async #startDemo({ http: api, mqtt }: Ready): Promise<boolean> {
    const { data, output } = this.#cli;
    const folder = join(data, 'demo');
    if (!this.#options.demo) return false;
    const isAdmitted = existsSync(join(folder, 'manufacturer.json'));
    if (!isAdmitted && !existsSync(join(data, 'keys', 'operator.seed'))) {
      output.note('The key of the operator is not here, so nobody can admit simulated devices: running without them.');
      return false;
    }
    if (!isAdmitted) {
      const { admitDemoMaker } = await import('../start/demo-maker.ts');
      await admitDemoMaker({ ...this.#cli, api }, folder);
    }
    if (this.#isOver) return false;
    const { map, speed, seed, devices } = this.#options;
    const wishes = Object.entries({ plan: map, speed, seed, devices }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    );
    this.#start('the simulated city', CITY, ['--api', api, '--mqtt', mqtt, '--folder', folder, ...wishes], CITY_NODE_FLAGS);
    return true;
  }

  async #tell({ http: api, mqtt, mqtts, founded }: Ready, isDemo: boolean): Promise<void> {
    const { data, output, json } = this.#cli;
    const policy = join(data, 'city.policy');
    if (json) {
      output.line(JSON.stringify({ api, mqtt, mqtts, data, policy, founded, demo: isDemo }));
      return;
    }
    output.line(founded ? `A new city was made in ${data}.` : `The city in ${data} goes on.`);
    output.line();
    output.fields([
      ['Console', `${api}  (see the town, check a reading)`],
      ['API', `${api}  (documentation: ${api}/docs)`],
      ['MQTT', mqtt],
      ['MQTT by TLS', mqtts],
      ['policy', `${policy}  (all that a verifier needs)`],
      ['verifier', `${api}/verify  (save the page: it works without a network)`],
    ]);
    output.line();
    if (isDemo)
      output.line('The devices attached are simulated: no machine stands behind their readings, and every verdict says so.');
    const { speed = 1 } = this.#options;
    if (isDemo && speed > 1) output.line(`Their town’s clock runs ${speed} times as fast; each reading says it as town-time.`);
    const reading = isDemo ? await firstReading(api, () => this.#isOver) : null;
    if (this.#isOver) return;
    output.line('Try, in another terminal:');
    for (const step of nextSteps({ api, data, reading, isDemo })) output.line(`  ${step}`);
    output.line();
    output.line('Ctrl-C stops it; the next start goes on where this one ended.');
  }

  /** In the opposite order: who sends before who receives. */
  async #stop(): Promise<void> {
    this.#isStopping = true;
    for (const child of [...this.#children].reverse()) await child.stop();
  }

  /** Why the run ended by itself; services say on standard error what they know. */
  #explain({ name, code, signal }: Ending): number {
    const how = signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`;
    const wasRunning = this.#children.length > 1 || name !== 'the city';
    if (!wasRunning && code !== null && code !== 0) return code;
    throw new CliFailure(`${name.charAt(0).toUpperCase()}${name.slice(1)} ended ${how}, so everything was stopped`, {
      exitCode: code !== null && code > 1 ? code : EXIT.failed,
      action:
        signal === 'SIGBUS'
          ? 'A file of the data folder is cut off, or its disk fails: check the disk, then restore what is damaged; the next start ends here, too'
          : 'See the lines above; nothing that was acknowledged is lost, and the next start goes on from there',
    });
  }
}

function isReady(message: object): message is Ready {
  return 'ready' in message && message.ready === true;
}

/** A service is started by the same words each time: the name that the city has is no change of it. */
async function checkName(data: string, name: string | undefined): Promise<void> {
  if (name === undefined || !isFounded(data)) return;
  const { parseGenesis } = await import('@oppidum/formats/genesis');
  const genesis = parseGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))));
  if (genesis.name !== name)
    throw usageFailure(
      `The city in ${data} is ${genesis.name}, and its name stays`,
      'Leave out --name, or name another folder with --data',
    );
}

/** As with the name: a simulated city keeps the seed from which it was made. */
function checkSeed(data: string, seed: number | undefined): void {
  const own = seed === undefined ? undefined : seedOfDemo(join(data, 'demo', 'town.json'));
  if (own !== undefined && own !== seed)
    throw usageFailure(
      `The simulated city in ${data} was made from seed ${own}, and keeps it`,
      'Leave out --seed, or name another folder with --data',
    );
}

/** Undefined before its first start. */
function seedOfDemo(file: string): number | undefined {
  try {
    const { seed } = JSON.parse(readFileSync(file, 'utf8')) as { readonly seed?: unknown };
    return typeof seed === 'number' ? seed : undefined;
  } catch {
    return undefined;
  }
}
