/** What `start` and `cluster start` are told: flags, environment and a YAML file, of which this process must know a part. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type Cli, openCli, wholeNumber } from '../cli.ts';
import { nodeFolder } from '../cluster-folder.ts';
import { cityName, NAME_DEFAULT } from './found.ts';

export type StartOptions = {
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
  readonly haltHeight?: number;
  readonly name?: string;
  readonly demo: boolean;
  readonly speed?: number;
  readonly seed?: number;
  readonly devices?: number;
};
/** `logLevel`: a person reads along, so only what needs one is shown, unless somebody asked for more. */
export type RunOptions = StartOptions & { readonly logLevel: string };

/** What the gateway says once every door is open. */
export type Ready = { readonly http: string; readonly mqtt: string; readonly mqtts: string; readonly founded: boolean };

/** The folder is ready before its pages are (tools/pages.ts). */
export const PAGES_FOLDER = fileURLToPath(new URL('../../../../.cache/pages', import.meta.url));
/** As `services/gateway/src/node-flags.ts` says, which commands do not load. */
export const GATEWAY_NODE_FLAGS = ['--max-semi-space-size=16'];
export const GATEWAY = import.meta.resolve('@oppidum/gateway/main');
/** Builds the pages that browsers are given, where their sources changed. */
export const PAGES = new URL('../../../../tools/pages.ts', import.meta.url).href;
/** What carries out attacks for the desk of a demo city. */
const ATTACKS = fileURLToPath(new URL('../main.ts', import.meta.url));
export const PORT_MAX = 65_535;
const SPEED_MAX = 1_000;
const SEED_MAX = 4_294_967_295;
const DEVICE_COUNT_MAX = 1_000;
const KNOWN_SETTINGS = ['data', 'logLevel', 'map'] as const;

/** Adds what both commands understand. */
export function addStartOptions(command: Command): void {
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
    .option('--halt-height <n>', 'stop after the block of this height', wholeNumber('--halt-height', 1, Number.MAX_SAFE_INTEGER))
    .option('--map <file>', 'GeoJSON of streets for maps, as `city import` writes it; the simulated city moves in')
    .option('--config <file>', 'YAML file with the same settings; flags and environment win')
    .option('--name <name>', `first start: host-like name of the city (default: ${NAME_DEFAULT})`, cityName)
    .option('--no-demo', 'without the simulated city')
    .option('--speed <n>', 'of the simulated city’s clock, 1 to 1000 (default: 1)', wholeNumber('--speed', 1, SPEED_MAX))
    .option('--seed <n>', 'first start: which simulated city it is (default: 1)', wholeNumber('--seed', 0, SEED_MAX))
    .option('--devices <n>', 'of the simulated city, 1 to 1000 (default: 120)', wholeNumber('--devices', 1, DEVICE_COUNT_MAX));
}

/** What a run is told. `place` is the data folder as it was named, `cli.data` that of a node in it. */
export async function readStart(
  self: Command,
  options: StartOptions,
): Promise<{ readonly cli: Cli; readonly place: string; readonly run: RunOptions }> {
  const cli = openCli(self);
  const said = self.optsWithGlobals<{ data?: string }>().data ?? process.env['OPPIDUM_DATA'];
  const file = options.config ?? process.env['OPPIDUM_CONFIG'];
  const settings = file === undefined ? {} : await readSettings(file);
  const logLevel = process.env['OPPIDUM_LOG_LEVEL'] ?? settings.logLevel ?? (cli.verbose ? 'info' : 'warn');
  const map = options.map ?? process.env['OPPIDUM_MAP'] ?? settings.map;
  const place = said ?? settings.data ?? cli.place;
  const run = { ...options, ...(map === undefined ? {} : { map }), logLevel };
  return { cli: { ...cli, place, data: nodeFolder(place) }, place, run };
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

/** The flags of the gateway of a data folder. */
export function gatewayFlags(data: string, options: RunOptions): readonly string[] {
  const { host, port, mqttPort, mqttsPort, tlsCert, tlsKey, mqttUrl, mqttLogin } = options;
  const { config, shards, haltHeight, map, demo, logLevel, name = NAME_DEFAULT } = options;
  const flags = flagsOf({
    data,
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
    'halt-height': haltHeight,
    'log-level': logLevel,
    found: name,
    pages: PAGES_FOLDER,
    // The simulated town draws its own streets.
    map: map ?? (demo ? join(data, 'demo', 'map.geojson') : undefined),
  });
  // Where visitors may play the dishonest operator, on copies, and attack cities of their own.
  return demo ? [...flags, '--tamper-desk', '--attack-desk', ATTACKS] : flags;
}

/** Flags as words; what is undefined is left out. */
export function flagsOf(flags: Readonly<Record<string, string | number | undefined>>): readonly string[] {
  return Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}

/** True for the first message of a gateway. */
export function isReady(message: object): message is Ready {
  return 'ready' in message && message.ready === true && 'http' in message;
}
