/**
 * `oppidum key create|list|revoke|log`: API keys of a running city, through its admin door, so on its machine and as its user. Who may
 * do what with a key is in docs/access.md.
 */

import { userInfo } from 'node:os';
import type { AccessLogPageJson, ApiKeyJson, KeyRequestJson, NewApiKeyJson } from '@oppidum/gateway/api/access';
import type { Command } from 'commander';
import { callAdmin } from '../admin-calls.ts';
import { addExamples, type Cli, formatTime, idArgument, openCli, wholeNumber } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import type { Column } from '../output.ts';
import { confirm } from '../transactions.ts';

type Right = KeyRequestJson['rights'][number];
type CreateOptions = {
  readonly name: string;
  readonly right: readonly Right[];
  readonly device: readonly string[];
  readonly deviceType: readonly string[];
  readonly days: number;
};

/** What a right lets a key do; the names are the gateway's, and one that is missing does not compile. */
const RIGHTS: Readonly<Record<Right, string>> = {
  'ledger:read': 'blocks, transactions, accounts, devices, the log',
  'readings:read': 'readings, receipts and the live stream',
  'readings:write': 'send readings',
  'transactions:submit': 'send signed transactions',
  'evidence:read': 'have evidence made',
  'personal:read': 'values about people, too; each reading of them is recorded',
  'metrics:read': 'Prometheus metrics',
  'audit:read': 'who made keys and read values about people',
  'keys:manage': 'make and revoke keys over HTTP, none with more rights than its own',
};
const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 90;
const DAYS_MAX = 732;

const COLUMNS: readonly Column<ApiKeyJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'rights', text: ({ rights }) => rights.join(' ') },
  { heading: 'limited to', text: describeLimits },
  { heading: 'expires', text: ({ expiresMs }) => formatTime(expiresMs) },
  { heading: 'last used', text: ({ lastUsedMs }) => (lastUsedMs === null ? 'never' : formatTime(lastUsedMs)) },
];

type Entry = AccessLogPageJson['items'][number];
const LOG_COLUMNS: readonly Column<Entry>[] = [
  { heading: 'number', text: ({ number }) => String(number) },
  { heading: 'time', text: ({ timeMs }) => formatTime(timeMs) },
  { heading: 'by', text: ({ event: { by } }) => ('owner' in by ? by.owner : `key ${by.key}`) },
  { heading: 'what', text: ({ event }) => `${event.kind} ${event.kind === 'personal-read' ? event.device : event.key}` },
  { heading: 'hash', text: ({ hash }) => hash },
];

/** Adds subcommands and their work to the command. */
export function buildKey(command: Command): void {
  const collect = <T extends string>(check: (text: string) => T) => {
    return (text: string, all: readonly T[]): readonly T[] => [...all, check(text)];
  };
  const create = command
    .command('create')
    .description('make an API key; its secret is printed once')
    .requiredOption('--name <text>', 'what it is for')
    .option(
      '--right <right>',
      `what it may do, several times for several: ${Object.keys(RIGHTS).join(', ')}`,
      collect(rightOf),
      [],
    )
    .option('--device <id>', 'only for this device, several times for several', collect(idArgument('--device')), [])
    .option('--device-type <type>', 'only for devices of this type, several times for several', collect(String), [])
    .option('--days <count>', 'how long it lives', wholeNumber('--days', 1, DAYS_MAX), DAYS_DEFAULT)
    .action(createKey);
  const meanings = Object.entries(RIGHTS).map(([right, meaning]) => `  ${right.padEnd(20)} ${meaning}`);
  create.addHelpText('after', `\nRights:\n${meanings.join('\n')}`);
  addExamples(create, [
    [
      'for a dashboard, straight into a file for its owner alone (say `umask 077` before)',
      'key create --name dashboard --right readings:read --right ledger:read > dashboard.key',
    ],
    ['use it', '--api https://city.example --key-file dashboard.key reading list'],
  ]);
  const list = command.command('list').description('list API keys, without their secrets').action(listKeys);
  addExamples(list, [
    ['ids of keys that were never used', "key list --json | jq -r '.items[] | select(.lastUsedMs == null) | .id'"],
  ]);
  const revoke = command
    .command('revoke')
    .description('revoke an API key: in force at once, also for what is under way')
    .argument('<id>', 'id of the key', keyIdArgument)
    .option('-y, --yes', 'do not ask, although it cannot be undone')
    .action(revokeKey);
  addExamples(revoke, [['one key', 'key revoke 0123456789abcdef']]);
  const log = command.command('log').description('who made and revoked keys, and who read values about people').action(showLog);
  addExamples(log, [['the newest hash, to be written down elsewhere', 'key log --plain | head -n 1 | cut -f 5']]);
}

function rightOf(text: string): Right {
  if (Object.hasOwn(RIGHTS, text)) return text as Right;
  throw usageFailure(`--right is ${Object.keys(RIGHTS).join(', ')}, not ${text}`);
}

function keyIdArgument(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text;
  throw usageFailure(
    'the id of a key has 16 digits 0-9 a-f',
    'List them with `key list`; never name the key itself on a command line',
  );
}

async function createKey(options: CreateOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { name, right, device, deviceType, days } = options;
  if (right.length === 0) throw usageFailure('A key needs at least one --right', 'See `key create --help` for what there is');
  const orNull = (list: readonly string[]): string[] | null => (list.length === 0 ? null : [...list]);
  const key: KeyRequestJson = {
    ...{ name, rights: [...new Set(right)], devices: orNull(device), deviceTypes: orNull(deviceType) },
    expiresMs: Date.now() + days * DAY_MS,
  };
  const made = await callAdmin<NewApiKeyJson>(cli, '/keys', { owner: ownName(), key });
  if (cli.json) {
    cli.output.json(made);
    return;
  }
  cli.output.note(`Key ${made.key.id} until ${formatTime(made.key.expiresMs)}. It is shown now and never again:`);
  cli.output.line(made.secret ?? '');
}

async function listKeys(_options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  show(cli, await callAdmin<{ readonly items: readonly ApiKeyJson[] }>(cli, '/keys'), COLUMNS);
}

async function revokeKey(id: string, options: { readonly yes?: true }, self: Command): Promise<void> {
  const cli = openCli(self);
  await confirm(cli, { sentence: `Revoke the API key ${id}`, isDangerous: true }, options);
  const key = await callAdmin<ApiKeyJson>(cli, '/keys/revoke', { owner: ownName(), id });
  if (cli.json) cli.output.json(key);
  else cli.output.line(`${key.id}  revoked ${formatTime(key.revokedMs ?? 0)}`);
}

async function showLog(_options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  show(cli, await callAdmin<{ readonly items: readonly Entry[] }>(cli, '/keys/log'), LOG_COLUMNS);
}

function show<T>(cli: Cli, answer: { readonly items: readonly T[] }, columns: readonly Column<T>[]): void {
  if (cli.json) cli.output.json({ items: answer.items });
  else if (answer.items.length === 0) cli.output.note('None.');
  else cli.output.table(answer.items, columns);
}

function describeLimits({ devices, deviceTypes }: ApiKeyJson): string {
  const parts = [...(deviceTypes ?? []), ...(devices === null ? [] : [`${devices.length} devices`])];
  return parts.length === 0 ? 'nothing' : parts.join(' ');
}

/** The name that this machine has for who runs this; the door itself lets in nobody but the owner of the folder. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
