/** Settings of a gateway: flags win over environment, environment over the YAML file, the file over defaults. */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ANONYMOUS } from './access/principal.ts';

const PORT_MAX = 65_535;
const port = z.coerce.number().int().min(0).max(PORT_MAX);
const host = z.string().regex(/^[A-Za-z0-9.:[\]_-]{1,255}$/, 'a host name or an address');

const rate = z.coerce.number().int().min(1).max(10_000_000);

const settings = z.strictObject({
  /** The data folder of the city. */
  data: z.string().min(1).default('./city-data'),
  /** Both doors listen here. */
  host: host.default('127.0.0.1'),
  port: port.default(8420),
  mqttPort: port.default(8421),
  /** MQTT by TLS; the port behind `mqttPort` unless given. */
  mqttsPort: port.optional(),
  /** PEM files of the server's certificate with its chain, and of its private key; made where none is given. */
  tlsCert: z.string().min(1).optional(),
  tlsKey: z.string().min(1).optional(),
  /** A broker from which readings are taken, too. */
  mqttUrl: z
    .string()
    .refine((text) => isBrokerUrl(text), 'mqtt:// or mqtts://, host and port, without user name and password')
    .optional(),
  /** File of mode 600 with `username` and `password` for it (YAML); or OPPIDUM_MQTT_USERNAME and OPPIDUM_MQTT_PASSWORD. */
  mqttLogin: z.string().min(1).optional(),
  /** Telemetry shards on this machine; all but the first in processes of their own. */
  shards: z.coerce.number().int().min(1).max(64).default(1),
  /** Whether this process starts the other shards; `no` where each is a service of its own. */
  startShards: z.enum(['yes', 'no']).default('yes'),
  /** The last block that the node takes part in; then it stops. */
  haltHeight: z.coerce.number().int().min(1).optional(),
  /** Folder of the pages that browsers are given (tools/pages.ts). */
  pages: z.string().min(1).optional(),
  /** GeoJSON that maps show below the devices: streets, waters. */
  map: z.string().min(1).optional(),
  /** Further names by which browsers may call this service. */
  hosts: z.array(host).max(32).default([]),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** HTTP requests a minute of one API key, or from one address. */
  requestsPerMinute: rate.default(60_000),
  /** Of these, what changes something; and evidence, which is made anew for each. */
  writesPerMinute: rate.default(60_000),
  evidencePerMinute: rate.default(12_000),
  /** Reports of devices without an account that the city's own pays for. */
  reportsPerMinute: z.coerce.number().int().min(1).max(10_000).default(600),
  /** Who may read without an API key what is not about people. `here`: who is on this machine. */
  anonymous: z.enum(ANONYMOUS).default('here'),
});

/** Every setting, checked. */
export type Config = z.infer<typeof settings> & { readonly mqttsPort: number };

/** What is asked for once and never configured. */
export type StartOptions = {
  readonly config: Config;
  /** Make a city of this name where the data folder is missing or empty. */
  readonly found: string | null;
  /** Fill the read model anew. */
  readonly reindex: boolean;
  /** A demo city: its visitors may alter copies of it (`tamper-desk.ts`). Never by a file or the environment. */
  readonly tamperDesk: boolean;
  /** A demo city: the program by which its visitors attack cities of their own (`attack-desk.ts`). Never by a file or the environment. */
  readonly attackDesk: string | null;
};

const FLAGS = {
  data: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'mqtt-port': { type: 'string' },
  'mqtts-port': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'mqtt-url': { type: 'string' },
  'mqtt-login': { type: 'string' },
  hosts: { type: 'string' },
  pages: { type: 'string' },
  map: { type: 'string' },
  shards: { type: 'string' },
  'start-shards': { type: 'string' },
  'halt-height': { type: 'string' },
  'log-level': { type: 'string' },
  'requests-per-minute': { type: 'string' },
  'writes-per-minute': { type: 'string' },
  'evidence-per-minute': { type: 'string' },
  'reports-per-minute': { type: 'string' },
  anonymous: { type: 'string' },
  config: { type: 'string' },
  found: { type: 'string' },
  reindex: { type: 'boolean' },
  'tamper-desk': { type: 'boolean' },
  'attack-desk': { type: 'string' },
} as const;

const SETTING_FLAGS = [
  'data',
  'host',
  'port',
  'mqtt-port',
  'mqtts-port',
  'tls-cert',
  'tls-key',
  'mqtt-url',
  'mqtt-login',
  'hosts',
  'pages',
  'map',
  'shards',
  'start-shards',
  'halt-height',
  'log-level',
  'requests-per-minute',
  'writes-per-minute',
  'evidence-per-minute',
  'reports-per-minute',
  'anonymous',
] as const;

type Environment = Readonly<Record<string, string | undefined>>;
/** Where each setting was given that is no default. */
type Origins = ReadonlyMap<string, { readonly from: string }>;

/** JSON Schema (2020-12) of the YAML file. */
export function configSchema(): object {
  return z.toJSONSchema(settings, { io: 'input' });
}

/** Every setting with where its value comes from. Throws as `readConfig`. */
export function explainConfig(args: readonly string[], environment: Environment) {
  const { config, origins } = readSettings(args, environment);
  return Object.entries(config).map(([name, value]) => ({ name, value, from: origins.get(name)?.from ?? 'default' }));
}

/** Reads settings from where they may stand. Throws CONFIG_INVALID, naming the setting and where it was given. */
export function readConfig(args: readonly string[], environment: Environment): StartOptions {
  const { origins: _origins, ...options } = readSettings(args, environment);
  return options;
}

function readSettings(args: readonly string[], environment: Environment): StartOptions & { readonly origins: Origins } {
  const flags = parseFlags(args);
  const file = flags.config ?? environment['OPPIDUM_CONFIG'];
  const given = new Map<string, { readonly value: unknown; readonly from: string }>();
  if (file !== undefined) {
    for (const [name, value] of Object.entries(readYaml(file))) given.set(name, { value, from: `file ${file}` });
  }
  for (const flag of SETTING_FLAGS) {
    const variable = `OPPIDUM_${flag.replaceAll('-', '_').toUpperCase()}`;
    const set = (text: string | undefined, from: string): void => {
      if (text !== undefined) given.set(nameOf(flag), { value: flag === 'hosts' ? splitList(text) : text, from });
    };
    set(environment[variable], `environment ${variable}`);
    set(flags[flag], `flag --${flag}`);
  }
  const parsed = settings.safeParse(Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  if (parsed.success) {
    const config = { ...parsed.data, mqttsPort: parsed.data.mqttsPort ?? portBehind(parsed.data.mqttPort) };
    const desks = { tamperDesk: flags['tamper-desk'] ?? false, attackDesk: flags['attack-desk'] ?? null };
    const once = { reindex: flags.reindex ?? false, ...desks };
    return { config, found: flags.found ?? null, ...once, origins: given };
  }
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? (issue?.code === 'unrecognized_keys' ? issue.keys[0] : ''));
  throw formatError('CONFIG_INVALID', { setting: name, from: given.get(name)?.from ?? 'nowhere', reason: issue?.message ?? '' });
}

/** Beside a free port, another free one. */
function portBehind(mqttPort: number): number {
  return mqttPort === 0 || mqttPort === PORT_MAX ? 0 : mqttPort + 1;
}

function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^mqtts?:$/.test(url.protocol) && url.hostname !== '' && url.username === '' && url.password === '';
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw formatError('CONFIG_INVALID', { from: 'flags', reason: (error as Error).message });
  }
}

/** `mqtt-port` → `mqttPort`. */
function nameOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function splitList(text: string): readonly string[] {
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

function readYaml(file: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = parseYaml(readFileSync(file, 'utf8'), { strict: true, uniqueKeys: true, maxAliasCount: 0 });
    if (document === null) return {};
    if (typeof document === 'object' && !Array.isArray(document)) return document as Readonly<Record<string, unknown>>;
    throw formatError('CONFIG_INVALID', { from: `file ${file}`, reason: 'not a mapping of settings' });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = (error as Error).message.split('\n')[0] ?? '';
    throw formatError('CONFIG_INVALID', { from: `file ${file}`, reason });
  }
}
