/**
 * `oppidum account invite|add-key|retire-key`: keys that their holders made elsewhere, in a browser or on a signing page. A key comes with an
 * enrolment request (specs/enrolment.md), its fingerprint is compared, and an invitation goes back.
 */

import { existsSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseBase64, parseUtf8, toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import {
  checkEnrolmentRequest,
  type EnrolmentRequest,
  encodeInvitation,
  fingerprintOf,
  fingerprintText,
  type Invitation,
  isEnrolmentRequest,
  parseEnrolmentRequest,
} from '@oppidum/formats/enrolment';
import { formatError } from '@oppidum/formats/errors';
import { verifySignature } from '@oppidum/formats/public-key';
import type { Action } from '@oppidum/formats/transaction';
import type { AccountDetailJson, CityJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { splitAddresses } from '../addresses.ts';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, idArgument, openCli, readInput, wholeNumber } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { readProvenCity } from '../proven-city.ts';
import {
  actionOf,
  addSignOptions,
  askYes,
  carryOut,
  confirm,
  freshId,
  idBytes,
  keyOf,
  refusal,
  type SignOptions,
  submitProven,
} from '../transactions.ts';

type RequestOptions = SignOptions & { readonly fingerprint?: string; readonly class: string };
type InviteOptions = RequestOptions & {
  readonly holder: string;
  readonly name?: string;
  readonly role: readonly string[];
  readonly policy?: string;
};
/** A request that this city may enrol, with the fingerprint of its key that somebody compared. */
type ComparedRequest = { readonly city: CityJson; readonly request: EnrolmentRequest; readonly fingerprint: Uint8Array };

const KEY_NUMBER_MAX = 0xffffffff;
const HOLDERS: readonly string[] = ['person', 'organisation', 'service'];
const CLASSES: readonly string[] = ['everyday', 'full'];
const ROLE_EXPIRES_MS = 72 * 3_600_000;

/** Adds subcommands and their work to the command. */
export function buildAccountKeys(command: Command): void {
  const collect = (text: string, all: readonly string[]): readonly string[] => [...all, text];
  const invite = addRequestOptions(
    command
      .command('invite')
      .description('create an account for a key that its holder made (a registrar signs), and invite them'),
  )
    .option('--holder <kind>', 'person, organisation or service', oneOf('--holder', HOLDERS), 'person')
    .option('--name <text>', 'name of an organisation or service; a person is never named')
    .option('--role <role>', 'put this role before the council as well, several times for several', collect, [])
    .option('--policy <file>', 'the policy that proves which body is the council (default: that at hand)')
    .action(invitePerson);
  addExamples(invite, [
    ['a colleague read the fingerprint out to you', 'account invite request.txt'],
    ['without a terminal', 'account invite - --fingerprint "9f86 d081 …" < request.txt'],
    ['an operator of devices; the council decides about the role', 'account invite request.txt --role operator'],
  ]);
  const add = addRequestOptions(
    command.command('add-key').description('add such a key to an account (a full key of the account signs)'),
  ).action(addKey);
  addExamples(add, [['a second browser', 'account add-key request.txt --account <id> --key mine.seed']]);
  const retire = addSignOptions(
    command.command('retire-key').description('retire a key (a full key of its account signs; an everyday key: or a registrar)'),
  )
    .argument('<account>', 'id of the account whose key it is', idArgument('the account'))
    .argument('<number>', 'number of the key', wholeNumber('the number', 0, KEY_NUMBER_MAX))
    .action(retireKey);
  addExamples(retire, [['a browser was lost or stolen', 'account retire-key <account> 0']]);
}

function addRequestOptions(command: Command): Command {
  return addSignOptions(command)
    .argument('<request>', 'the enrolment request: its text, or a file with it; - for standard input')
    .option('--fingerprint <groups>', 'what the holder read out from their own screen; compared instead of asking you')
    .option('--class <class>', 'full, where a full key is meant to be enrolled', oneOf('--class', CLASSES), 'everyday');
}

function oneOf(name: string, choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw usageFailure(`${name} is ${choices.join(' or ')}, not ${text}`);
  };
}

async function invitePerson(source: string, options: InviteOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { holder, name, role: roles } = options;
  if (holder === 'person' && name !== undefined) throw usageFailure('A person is never named on the ledger', 'Leave out --name');
  const compared = await compareRequest(cli, source, options);
  const { key, class: keyClass } = compared.request;
  const account = freshId();
  const create = actionOf('account/create', {
    id: account,
    holder,
    name,
    key: keyOf(key.publicKey, key.algorithm),
    class: keyClass,
  });
  const propose = roles.length === 0 ? [] : [await proposeRoles(cli, account, options)];
  const asking = roles.length === 0 ? '' : `, and put the role ${roles.join(', ')} before the council`;
  const who = holder === 'person' ? 'a person' : (name ?? `an unnamed ${holder}`);
  const sentence = `Create the account ${toHex(account)} for ${who} with the ${keyClass} key ${fingerprintText(compared.fingerprint)}${asking}`;
  await enrol(cli, { sentence, actions: [create, ...propose], account, keyNumberOf: () => 0 }, compared, options);
}

async function addKey(source: string, options: RequestOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  if (options.account === undefined)
    throw usageFailure(
      'Whose key this becomes was not said',
      'Name the account with --account ID and its full key with --key FILE',
    );
  const account = idBytes(options.account);
  const compared = await compareRequest(cli, source, options);
  const { key, class: keyClass } = compared.request;
  const action = actionOf('account/add-key', { account, key: keyOf(key.publicKey, key.algorithm), class: keyClass });
  const sentence = `Add the ${keyClass} key ${fingerprintText(compared.fingerprint)} to account ${options.account}`;
  const keyNumberOf = ({ events }: TransactionResultJson): number => {
    const added = events.find(({ kind }) => kind === 'account/key-added')?.body['keyNumber'];
    if (typeof added !== 'number') throw formatError('CITY_ANSWER_INVALID', { want: 'the number of the key' });
    return added;
  };
  await enrol(cli, { sentence, actions: [action], account, keyNumberOf }, compared, options);
}

/** Reads a request, checks it and has its fingerprint compared. Throws as `checkEnrolmentRequest` refuses, FINGERPRINT_MISMATCH. */
async function compareRequest(cli: Cli, source: string, options: RequestOptions): Promise<ComparedRequest> {
  const request = parseEnrolmentRequest(await readText(source));
  const city = await new CityCalls(cli.api).get<CityJson>('/api/v1/city');
  const refused = checkEnrolmentRequest(request, {
    city: idBytes(city.genesis),
    nowMs: Date.now(),
    verify: (...signed) => verifySignature(nativeCrypto, ...signed),
  });
  if (refused !== null) throw formatError(refused.code, refused.details);
  if (request.class !== options.class)
    throw usageFailure(
      `The request is for a key of class ${request.class}`,
      `Say --class ${request.class} if that is what you mean`,
    );
  const fingerprint = fingerprintOf(nativeCrypto, request.key);
  await compareFingerprint(cli, fingerprint, options);
  return { city, request, fingerprint };
}

/** The text of a request; letters break lines, so white space does not count. */
async function readText(source: string): Promise<string> {
  const unbroken = (text: string): string => text.replaceAll(/\s+/g, '');
  if (isEnrolmentRequest(source.trim()) && !existsSync(source)) return unbroken(source);
  return unbroken(parseUtf8(await readInput(source)));
}

/** Compared by whoever sits here, or with what the holder read out. A dry run only shows it. */
async function compareFingerprint(
  cli: Cli,
  fingerprint: Uint8Array,
  { fingerprint: told, dryRun }: RequestOptions,
): Promise<void> {
  const shown = fingerprintText(fingerprint);
  if (told !== undefined) {
    const digits = told.replaceAll(/\s+/g, '').toLowerCase();
    if (digits !== toHex(fingerprint)) throw formatError('FINGERPRINT_MISMATCH', { asks: shown });
    return;
  }
  cli.output.note(`Fingerprint of the key that asks:\n\n  ${shown}\n`);
  if (dryRun === true) return;
  const why = 'Whether this is the fingerprint on the screen of its holder, nobody here can say';
  if (!cli.mayAsk) throw usageFailure(why, 'Have it read out to you, by telephone or in person, and say --fingerprint "…"');
  await askYes('Did its holder read exactly this to you, by telephone or in person?');
}

type Enrolment = {
  readonly sentence: string;
  readonly actions: readonly Action[];
  readonly account: Uint8Array;
  readonly keyNumberOf: (result: TransactionResultJson) => number;
};

/** Signs, submits and prints the invitation. */
async function enrol(
  cli: Cli,
  { sentence, actions, account, keyNumberOf }: Enrolment,
  { city, request, fingerprint }: ComparedRequest,
  options: SignOptions,
): Promise<void> {
  const intent = { sentence, isDangerous: false, actions };
  if (options.dryRun === true) {
    await carryOut(cli, intent, options);
    return;
  }
  await confirm(cli, intent, options);
  const result = await submitProven(cli, actions, options);
  if (result.code !== 'OK') throw refusal(result);
  const keyNumber = keyNumberOf(result);
  const invitation: Invitation = { city: idBytes(city.genesis), account, keyNumber, class: request.class, fingerprint };
  printInvitation(cli, result, invitation);
}

function printInvitation(cli: Cli, result: TransactionResultJson, invitation: Invitation): void {
  const text = encodeInvitation(invitation);
  const link = `${splitAddresses(cli.api)[0]}/#/keys/${text}`;
  const account = toHex(invitation.account);
  const proposal = proposalOf(result);
  const { keyNumber } = invitation;
  if (cli.json) {
    const fingerprint = toHex(invitation.fingerprint);
    const { class: keyClass } = invitation;
    cli.output.json({ ...result, account, keyNumber, class: keyClass, fingerprint, proposal, invitation: text, link });
    return;
  }
  cli.output.fields([
    ['account', account],
    ['key', `${keyNumber}, ${invitation.class}`],
    ['transaction', result.id],
    ['block', result.height],
    ['proposal', proposal === null ? null : `${proposal.id} (${proposal.isDecided ? 'decided' : 'waits for approvals'})`],
    ['invitation', text],
    ['link', link],
  ]);
  cli.output.note('Give the invitation back to the holder of the key: it is no secret, and gives no right to anybody else.');
}

function proposalOf({ events }: TransactionResultJson): { readonly id: string; readonly isDecided: boolean } | null {
  const id = events.find(({ kind }) => kind === 'proposal/created')?.body['id'];
  return typeof id === 'string' ? { id, isDecided: events.some(({ kind }) => kind === 'proposal/executed') } : null;
}

/** A proposal to the council of the proven record of the city: nobody proposes to whom an address merely names. */
async function proposeRoles(cli: Cli, account: Uint8Array, options: InviteOptions): Promise<Action> {
  const { council } = await readProvenCity(cli, options, '--role, to know the council,');
  const grants = options.role.map((role) => actionOf('role/grant', { account, role }));
  const body = { id: freshId(), body: council, actions: grants.map(({ kind, body: fields }): CborValue => [kind, fields]) };
  return actionOf('proposal/create', { ...body, expiresMs: Date.now() + ROLE_EXPIRES_MS });
}

async function retireKey(account: string, keyNumber: number, options: SignOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { keys } = await new CityCalls(cli.api).get<AccountDetailJson>(`/api/v1/accounts/${account}`);
  const key = keys.find(({ number }) => number === keyNumber);
  if (key === undefined) throw formatError('KEY_UNKNOWN', { account, keyNumber });
  const fingerprint = fingerprintText(nativeCrypto.sha256(parseBase64(key.publicKey)));
  const action = actionOf('account/retire-key', { account: idBytes(account), keyNumber });
  const sentence = `Retire key ${keyNumber} (${key.class}, ${fingerprint}) of account ${account}: it signs nothing from the next block on`;
  await carryOut(cli, { sentence, isDangerous: true, actions: [action] }, options);
}
