/** Transactions made on the command line: shown, confirmed, signed here with a key that never leaves this machine, and submitted. */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { describeError, formatError } from '@oppidum/formats/errors';
import { genesisHashOf, ID_SIZE } from '@oppidum/formats/ids';
import { type Action, signTransaction } from '@oppidum/formats/transaction';
import type { CityJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from './api.ts';
import { type Cli, idArgument, wholeNumber } from './cli.ts';
import { CliFailure, EXIT, exitCodeOf, isErrorCode, usageFailure } from './failure.ts';
import { printable } from './output.ts';
import { handIn, handInProven, type ProvenResult } from './prove-result.ts';
import { openSigningKey, PASSPHRASE_HELP } from './signing-key.ts';

/** How long a signed transaction may wait for its block, in milliseconds; the ledger allows 10 minutes. */
const LIFETIME_MS = 300_000;
const KEY_NUMBER_MAX = 0xffffffff;

export type SignOptions = {
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly account?: string;
  readonly keyNumber: number;
  readonly dryRun?: true;
  readonly yes?: true;
};

/** What a command is about to do, in one sentence, and whether that cannot be undone. */
export type Intent = { readonly sentence: string; readonly isDangerous: boolean; readonly actions: readonly Action[] };

/** Adds the options of every command that signs. */
export function addSignOptions(command: Command): Command {
  return command
    .option('--key <file>', 'seed or locked key file to sign with (default: keys/operator.seed of the data folder)')
    .option('--passphrase-file <file>', PASSPHRASE_HELP)
    .option(
      '--account <id>',
      'account that the key belongs to (default: the operator of the data folder)',
      idArgument('--account'),
    )
    .option('--key-number <n>', 'which key of the account it is', wholeNumber('--key-number', 0, KEY_NUMBER_MAX), 0)
    .option('--dry-run', 'show what would be signed; sign and send nothing')
    .option('-y, --yes', 'do not ask, also where it cannot be undone');
}

/** An action; absent fields are left out. Ids and keys are bytes. */
export function actionOf(kind: string, fields: Readonly<Record<string, CborValue | undefined>>): Action {
  const present = Object.entries(fields).filter((field): field is [string, CborValue] => field[1] !== undefined);
  return { kind, body: new Map(present) };
}

/** A public key as bodies of actions hold it. */
export function keyOf(publicKey: Uint8Array, algorithm = -8): CborMap {
  return new Map<string, CborValue>([
    ['algorithm', algorithm],
    ['publicKey', publicKey],
  ]);
}

/** A fresh random id. */
export function freshId(): Uint8Array {
  return new Uint8Array(randomBytes(ID_SIZE));
}

/** The bytes of a hex id that `idArgument` has checked. */
export function idBytes(id: string): Uint8Array {
  return parseHex(id, ID_SIZE);
}

/**
 * Shows, confirms, signs and submits; prints the result when it is proven under the policy at hand, where there is one. Exit codes: that of the refusal where the ledger refused, 2 where nobody
 * can be asked and --yes is missing.
 */
export async function carryOut(cli: Cli, intent: Intent, options: SignOptions): Promise<ProvenResult | null> {
  if (options.dryRun === true) {
    printIntent(cli, intent);
    cli.output.note('Dry run: nothing was signed or sent.');
    return null;
  }
  await confirm(cli, intent, options);
  const result = await submitProven(cli, intent.actions, options);
  if (result.code !== 'OK') throw refusal(result);
  printResult(cli, result);
  return result;
}

function printIntent(cli: Cli, { sentence, actions }: Intent): void {
  if (cli.json) cli.output.json({ sentence, actions: actions.map(({ kind, body }) => ({ kind, body: toJson(body) })) });
  else {
    cli.output.line(`${printable(sentence)}.`);
    for (const { kind, body } of actions) cli.output.line(`  ${printable(kind)} ${printable(JSON.stringify(toJson(body)))}`);
  }
}

/** CBOR for people: bytes as hex. */
export function toJson(value: CborValue): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, field]) => [name, toJson(field)]));
  return typeof value === 'bigint' ? String(value) : value;
}

/** Says what is about to be done; what cannot be undone needs a yes. Throws exit code 2 where nobody can be asked, 1 for a no. */
export async function confirm(
  cli: Cli,
  { sentence, isDangerous }: Pick<Intent, 'sentence' | 'isDangerous'>,
  options: Pick<SignOptions, 'yes'>,
): Promise<void> {
  if (!isDangerous || options.yes === true) {
    cli.output.note(`${sentence}.`);
    return;
  }
  if (!cli.mayAsk) throw usageFailure(`${sentence}: this needs a confirmation`, 'Repeat the command with --yes');
  await askYes(`${printable(sentence)}. This cannot be undone. Continue?`);
}

/** Asks on the terminal, which there must be, until `signal`. Throws exit code 1 for anything but a yes. */
export async function askYes(question: string, signal?: AbortSignal): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads keys the terminal sends no signal: Ctrl-C ends the command here, as everywhere else.
  terminal.once('SIGINT', () => {
    terminal.close();
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const answer = await terminal.question(`${question} [y/N] `, signal === undefined ? {} : { signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliFailure('Nothing was done', { exitCode: EXIT.failed });
  } finally {
    terminal.close();
  }
}

type KeyOptions = Pick<SignOptions, 'key' | 'passphraseFile' | 'account' | 'keyNumber'>;

/** Signs with the key of the options and submits. The result may be a refusal of the ledger; it is what the node says. */
export async function submit(cli: Cli, actions: readonly Action[], options: KeyOptions): Promise<TransactionResultJson> {
  return handIn(cli, await sign(cli, actions, options));
}

/** The same, and has the result proven. Throws as `proveResult` does. */
export async function submitProven(cli: Cli, actions: readonly Action[], options: KeyOptions): Promise<ProvenResult> {
  return handInProven(cli, await sign(cli, actions, options));
}

async function sign(cli: Cli, actions: readonly Action[], options: KeyOptions): Promise<Uint8Array> {
  const city = new CityCalls(cli.api);
  const key = await openSigningKey(cli, options.key ?? defaultKey(cli), options);
  const { signer } = key;
  const account = options.account === undefined && key.account !== null ? key.account : idBytes(accountToSign(cli, options));
  if (key.account !== null && !equalBytes(account, key.account))
    throw formatError('SIGNING_KEY_OTHER', { account: toHex(account) });
  const { genesis, timeMs } = await city.get<CityJson>('/api/v1/city');
  if (options.key === undefined) assertOwnCity(cli, genesis);
  if (key.city !== null && toHex(key.city.genesis) !== genesis) throw formatError('WRONG_CITY', { want: key.city.origin });
  const nowMs = Date.now();
  // What is signed for a later time could be kept back until then.
  if (timeMs > nowMs + LIFETIME_MS)
    throw formatError('CITY_ANSWER_INVALID', { want: 'a time that agrees with this machine’s clock', timeMs });
  const payload = {
    city: idBytes(genesis),
    validUntil: Math.max(nowMs, timeMs) + LIFETIME_MS,
    nonce: new Uint8Array(randomBytes(16)),
    signers: [account],
    actions: [...actions],
  };
  return signTransaction(payload, [{ account, keyNumber: options.keyNumber, signer }]);
}

/** The key of a data folder signs for the city of that folder, whatever another address says it is. Throws WRONG_CITY. */
function assertOwnCity({ data, api }: Cli, genesis: string): void {
  const file = join(data, 'city.policy');
  if (!existsSync(file)) return;
  const origin = originOf(parseCityPolicy(nativeCrypto, new Uint8Array(readFileSync(file))));
  if (toHex(genesisHashOf(origin)) !== genesis) throw formatError('WRONG_CITY', { api, want: origin });
}

function defaultKey({ data }: Cli): string {
  const file = join(data, 'keys', 'operator.seed');
  if (existsSync(file)) return file;
  throw usageFailure('There is no key to sign with', 'Name the file of a seed with --key FILE and its account with --account ID');
}

/** The account in whose name these options sign, in hex. Throws exit code 2 where nobody said. */
export function accountToSign(cli: Cli, { account, key }: Pick<SignOptions, 'account' | 'key'>): string {
  return account ?? defaultAccount(cli, key);
}

/** The same, or null where only the key itself says, or nobody. */
export function accountIfSaid(cli: Cli, { account, key }: Pick<SignOptions, 'account' | 'key'>): string | null {
  if (account !== undefined) return account;
  const { data } = cli;
  const isAtHand = ['operator.seed', 'accounts.json'].every((name) => existsSync(join(data, 'keys', name)));
  return key === undefined && isAtHand ? defaultAccount(cli, key) : null;
}

function defaultAccount({ data }: Cli, key: string | undefined): string {
  const file = join(data, 'keys', 'accounts.json');
  if (key !== undefined || !existsSync(file))
    throw usageFailure('Whose key this is was not said', 'Name the account with --account ID');
  const accounts = JSON.parse(readFileSync(file, 'utf8')) as { readonly operator?: unknown };
  return idArgument('operator')(String(accounts.operator));
}

/** What the ledger refused, with the words and the exit code of the catalogue. */
export function refusal({ id, code, details }: TransactionResultJson): CliFailure {
  const text = isErrorCode(code) ? describeError(code, details) : code;
  return new CliFailure(`${text} The refusal is transaction ${id}`, {
    exitCode: isErrorCode(code) ? exitCodeOf(code) : EXIT.failed,
    code,
  });
}

/** The result of a transaction that was executed. */
export function printResult(cli: Cli, result: ProvenResult): void {
  if (cli.json) {
    cli.output.json(result);
    return;
  }
  cli.output.fields([
    ['transaction', result.id],
    ['result', result.code],
    ['block', result.height],
    ['proven', result.proven ? 'yes, under your policy' : 'no'],
  ]);
  for (const { kind, body } of result.events)
    cli.output.line(`${printable(kind)}${cli.plain ? '\t' : '  '}${printable(JSON.stringify(body))}`);
}
