/** `oppidum account …`: who may act in the city. Keys that come with a request are in `account-keys.ts`. */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { parseBase64, toHex } from '@oppidum/formats/bytes';
import { fingerprintText } from '@oppidum/formats/enrolment';
import type { AccountDetailJson, AccountJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, idArgument, openCli } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { accountIfSaid, actionOf, addSignOptions, carryOut, freshId, keyOf, type SignOptions } from '../transactions.ts';
import { buildAccountKeys } from './account-keys.ts';
import { buildLockKey } from './account-lock.ts';

type CreateOptions = SignOptions & {
  readonly holder: string;
  readonly name?: string;
  readonly newKey?: string;
  readonly class: string;
};

const columnsOf = (own: string | null): readonly Column<AccountJson>[] => [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'holder', text: ({ holder }) => holder },
  { heading: 'name', text: ({ name }) => name ?? '' },
  { heading: 'keys', text: ({ keyCount }) => String(keyCount) },
  { heading: 'state', text: ({ to }) => (to === null ? 'open' : `closed at block ${to}`) },
  { heading: 'signs here', text: ({ id }) => (id === own ? 'yes, unless told otherwise' : '') },
];

/** Adds subcommands and their work to the command. */
export function buildAccount(command: Command): void {
  const list = addListOptions(command.command('list').description('list accounts')).action(
    async (options: ListOptions, self: Command) => {
      const cli = openCli(self);
      await printList(cli, '/api/v1/accounts', options, columnsOf(accountIfSaid(cli, {})));
    },
  );
  addExamples(list, [['all accounts', 'account list --limit 1000']]);
  const show = command
    .command('show')
    .description('show one account: its keys, roles and bodies')
    .argument('<id>', 'id of the account', idArgument('the id'))
    .action(showAccount);
  addExamples(show, [['one account', 'account show <id>']]);
  const create = addSignOptions(command.command('create').description('create an account with a fresh key (a registrar signs)'))
    .option(
      '--holder <kind>',
      'organisation, person or service',
      chooseOf('--holder', ['organisation', 'person', 'service']),
      'organisation',
    )
    .option('--name <text>', 'name of an organisation or service; a person is never named')
    .option('--new-key <file>', 'file of its seed, made where there is none (default: keys/<id>.seed of the data folder)')
    .option('--class <class>', 'full, or everyday (not for dangerous acts)', chooseOf('--class', ['full', 'everyday']), 'full')
    .action(createAccount);
  addExamples(create, [
    ['a maker of devices', 'account create --name "Lamp Works" --new-key lamp-works.seed'],
    ['see it first', 'account create --name "Lamp Works" --dry-run'],
  ]);
  buildAccountKeys(command);
  buildLockKey(command);
}

function chooseOf(name: string, choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw usageFailure(`${name} is ${choices.join(' or ')}, not ${text}`);
  };
}

async function showAccount(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const account = await new CityCalls(cli.api).get<AccountDetailJson>(`/api/v1/accounts/${id}`);
  if (cli.json) {
    cli.output.json(account);
    return;
  }
  const untilOf = (to: number | null): string => (to === null ? '' : `, until block ${to}`);
  cli.output.fields([
    ['account', account.id],
    ['holder', account.holder],
    ['name', account.name],
    ['since', `block ${account.from}${untilOf(account.to)}`],
    ...account.keys.flatMap((key) => [
      [
        'key',
        `${key.number}: ${key.algorithm}, ${key.class}, from block ${key.from}${untilOf(key.to)}, ${key.publicKey}`,
      ] as const,
      ['fingerprint', `${key.number}: ${fingerprintText(nativeCrypto.sha256(parseBase64(key.publicKey)))}`] as const,
    ]),
    ...account.roles.map(({ role, from }) => ['role', `${role}, from block ${from}`] as const),
    ...account.bodies.map(({ name, id: body }) => ['member of', `${name} ${body}`] as const),
  ]);
}

async function createAccount(options: CreateOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { holder, name, newKey } = options;
  if (holder === 'person' && name !== undefined) throw usageFailure('A person is never named on the ledger', 'Leave out --name');
  const id = freshId();
  const file = newKey ?? join(cli.data, 'keys', `${toHex(id)}.seed`);
  // A dry run makes no key: the action is shown with one of zeros.
  const publicKey = options.dryRun === true ? new Uint8Array(32) : ed25519Signer(await readOrMakeSeed(file)).publicKey;
  const action = actionOf('account/create', { id, holder, name, key: keyOf(publicKey), class: options.class });
  const sentence = `Create the ${options.class === 'full' ? '' : `${options.class} `}account ${toHex(id)} for ${holder === 'person' ? 'a person' : (name ?? `an unnamed ${holder}`)}, key in ${file}`;
  await carryOut(cli, { sentence, isDangerous: false, actions: [action] }, options);
}
