/** What every command shares: global options, output, input, the address of the city and its data folder. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import type { Command } from 'commander';
import { splitAddresses } from './addresses.ts';
import { useKeyFile } from './api-key.ts';
import { nodeFolder } from './cluster-folder.ts';
import { type CliFailure, usageFailure } from './failure.ts';
import { Output } from './output.ts';

/** How the command is called everywhere: in help, hints and the next steps of `start`. */
export const COMMAND = 'npx --no-install oppidum';
export const API_DEFAULT = 'http://127.0.0.1:8420';
export const DATA_DEFAULT = './city-data';
/** Above the largest evidence in its JSON form. */
const INPUT_SIZE_MAX = 16 * 1024 * 1024;

/** The version of this command line, which is that of its package. */
export function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export type GlobalOptions = {
  readonly json: boolean;
  readonly plain: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Addresses of the city's gateways without slashes at the end, with commas between them. */
  readonly api: string;
  /** The data folder; in a folder of a cluster, that of its first validator. */
  readonly data: string;
  /** The folder as it was named. */
  readonly place: string;
  /** False where nobody may be asked anything. */
  readonly mayAsk: boolean;
};

/** A command at work. */
export type Cli = GlobalOptions & { readonly output: Output };

/** The global options of a command line, wherever on it they stand. */
export function openCli(command: Command): Cli {
  const options = command.optsWithGlobals<{
    json?: boolean;
    plain?: boolean;
    quiet?: boolean;
    verbose?: boolean;
    input?: boolean;
    api?: string;
    data?: string;
    keyFile?: string;
  }>();
  useKeyFile(options.keyFile);
  const { json = false, plain = false, quiet = false, verbose = false } = options;
  if (json && plain) throw usageFailure('--json and --plain exclude each other');
  const api = options.api ?? process.env['OPPIDUM_API'] ?? API_DEFAULT;
  const place = options.data ?? process.env['OPPIDUM_DATA'] ?? DATA_DEFAULT;
  return {
    json,
    plain,
    quiet,
    verbose,
    api: checkAddresses(api),
    data: nodeFolder(place),
    place,
    mayAsk: options.input !== false && process.stdin.isTTY === true && process.stderr.isTTY === true,
    output: new Output({ json, plain, quiet, verbose }),
  };
}

/** The addresses, with commas between them. Throws exit code 2. */
function checkAddresses(api: string): string {
  const addresses = splitAddresses(api);
  const wrong = addresses.find((address) => !isAddress(address));
  if (wrong !== undefined || addresses.length === 0)
    throw usageFailure(
      `--api is an address such as ${API_DEFAULT}, or several of one city with commas between them, not ${wrong ?? api}`,
    );
  return [...new Set(addresses)].join(',');
}

/** An address of HTTP or HTTPS. */
function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Adds an `Examples:` section to the help of a command; each line is what follows the name of the program. */
export function addExamples(command: Command, examples: readonly (readonly [what: string, line: string])[]): void {
  const lines = examples.map(([what, line]) => `  # ${what}\n  $ ${COMMAND} ${line}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** The bytes of a file, or of standard input for `-`. Throws TOO_LARGE, and as reading a file does. */
export async function readInput(file: string): Promise<Uint8Array> {
  if (file !== '-') return readFile(file);
  if (process.stdin.isTTY === true) throw usageFailure('`-` reads standard input, and that is the terminal', 'Pipe a file in');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > INPUT_SIZE_MAX) throw formatError('TOO_LARGE', { sizeMax: INPUT_SIZE_MAX });
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** The bytes of a file. Throws TOO_LARGE, and as reading a file does. */
export function readFile(file: string): Uint8Array {
  const stat = statSync(file);
  if (stat.isDirectory()) throw usageFailure(`${file} is a folder`, 'Name a file in it');
  if (stat.isFile() && stat.size > INPUT_SIZE_MAX) throw formatError('TOO_LARGE', { file, sizeMax: INPUT_SIZE_MAX });
  return new Uint8Array(readFileSync(file));
}

/** A whole number within bounds from an option or argument; `name` says which in the refusal. Throws exit code 2. */
export function wholeNumber(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < min || value > max)
      throw usageFailure(`${name} is a whole number from ${min} to ${max}, not ${text}`);
    return value;
  };
}

/** A 64-digit hex id. Throws exit code 2. */
export function idArgument(name: string): (text: string) => string {
  return (text) => {
    if (!/^[0-9a-f]{64}$/.test(text))
      throw usageFailure(`${name} has 64 digits 0-9 a-f, not ${text}`, `List them with \`${COMMAND} … list\``);
    return text;
  };
}

/**
 * The policy file to trust where none is named: `city.policy` here, else that of the data folder. Where both are there and differ,
 * whoever filled this folder may not choose whom to trust. Throws exit code 2 then.
 */
export function policyAtHand({ data }: Pick<Cli, 'data'>): string | undefined {
  const files = ['city.policy', join(data, 'city.policy')].filter((file) => existsSync(file));
  const [first, second] = files;
  if (first !== undefined && second !== undefined && !readFileSync(first).equals(readFileSync(second)))
    throw usageFailure(`${first} here and ${second} are not the same policy`, 'Name the one that you trust with --policy FILE');
  return first;
}

/** What to answer where `policyAtHand` finds none; `so`: what cannot be done then. Exit code 2. */
export function noPolicyAtHand(so = ''): CliFailure {
  return usageFailure(
    `No policy file is at hand${so}`,
    'Name the city’s data folder with --data DIR, or its policy with --policy FILE',
  );
}

/** Options that a command shown next must repeat, with a space before each: the address and folder where they are not the defaults. */
export function placeOptions({ api, data }: Pick<Cli, 'api' | 'data'>): string {
  const isDefault = data === DATA_DEFAULT || data === nodeFolder(DATA_DEFAULT);
  return `${api === API_DEFAULT ? '' : ` --api ${api}`}${isDefault ? '' : ` --data ${quoteWord(data)}`}`;
}

/** A word as a shell reads it. */
export function quoteWord(word: string): string {
  return /^[\w./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** RFC 3339 in UTC with milliseconds; a time outside what dates can say is shown as its number. */
export function formatTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : date.toISOString();
}

/** The first digits of an id, enough to tell things apart by eye. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** `1 thing`, `2 things`: nouns whose plural ends so. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
