/** `oppidum manufacturer list|create|propose|revoke`: the makers of devices, each acting through an account. */

import { createManufacturer } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { ManufacturerJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { addExamples, COMMAND, idArgument, openCli, shortId, wholeNumber } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { readProvenCity } from '../proven-city.ts';
import { actionOf, addSignOptions, carryOut, freshId, idBytes, type SignOptions } from '../transactions.ts';

const HOUR_MS = 3_600_000;
const EXPIRES_HOURS_DEFAULT = 72;
const EXPIRES_HOURS_MAX = 24 * 366;

const COLUMNS: readonly Column<ManufacturerJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'account', text: ({ account }) => shortId(account) },
  { heading: 'state', text: ({ to }) => (to === null ? 'admitted' : `revoked at block ${to}`) },
];

/** Adds subcommands and their work to the command. */
export function buildManufacturer(command: Command): void {
  const list = addListOptions(command.command('list').description('list manufacturers')).action(
    async (options: ListOptions, self: Command) => printList(openCli(self), '/api/v1/manufacturers', options, COLUMNS),
  );
  addExamples(list, [['all of them', 'manufacturer list --limit 1000']]);
  const create = addSignOptions(
    command.command('create').description('admit a manufacturer (a registrar signs; in a city with trustees: `propose`)'),
  )
    .requiredOption('--name <text>', 'its name')
    .requiredOption('--for <account>', 'the account through which it acts', idArgument('--for'))
    .action(async (options: SignOptions & { readonly name: string; readonly for: string }, self: Command) => {
      const cli = openCli(self);
      const id = freshId();
      const actions = [createManufacturer(id, options.name, idBytes(options.for))];
      const sentence = `Admit the manufacturer ${options.name} as ${toHex(id)}`;
      const result = await carryOut(cli, { sentence, isDangerous: false, actions }, options);
      if (result !== null) cli.output.note(`Its models come next: ${COMMAND} model create --manufacturer ${toHex(id)} …`);
    });
  addExamples(create, [['after `account create`', 'manufacturer create --name "Lamp Works" --for <account id>']]);
  buildPropose(command);
  const revoke = addSignOptions(command.command('revoke').description('revoke a manufacturer with all its models and devices'))
    .argument('<id>', 'id of the manufacturer', idArgument('the id'))
    .requiredOption('--reason <text>', 'why, for everybody to read: name no person')
    .action(async (id: string, options: SignOptions & { readonly reason: string }, self: Command) => {
      const actions = [actionOf('manufacturer/revoke', { id: idBytes(id), reason: options.reason })];
      const sentence = `Revoke manufacturer ${id} with all its models and devices: ${options.reason}`;
      await carryOut(openCli(self), { sentence, isDangerous: true, actions }, options);
    });
  addExamples(revoke, [['see what would be signed', 'manufacturer revoke <id> --reason "keys stolen" --dry-run']]);
}

type ProposeOptions = SignOptions & {
  readonly name: string;
  readonly for: string;
  readonly policy?: string;
  readonly expires: number;
};

function buildPropose(command: Command): void {
  const about = 'put a manufacturer before the trustees of the city, of whom at least two thirds admit it (a trustee signs)';
  const propose = addSignOptions(command.command('propose').description(about))
    .requiredOption('--name <text>', 'its name')
    .requiredOption('--for <account>', 'the account through which it acts', idArgument('--for'))
    .option(
      '--policy <file>',
      'the policy that proves who the trustees are (default: ./city.policy, else that of the data folder)',
    )
    .option(
      '--expires <hours>',
      'how long it may wait for approvals',
      wholeNumber('--expires', 1, EXPIRES_HOURS_MAX),
      EXPIRES_HOURS_DEFAULT,
    )
    .action(proposeManufacturer);
  addExamples(propose, [
    ['as one of the trustees', 'manufacturer propose --name "Lamp Works" --for <account id> --key anna.seed --account <id>'],
    ['the others answer', 'proposal approve <id>   # or: proposal reject <id> --reason "…"'],
  ]);
}

async function proposeManufacturer(options: ProposeOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { trustees } = await readProvenCity(cli, options, 'A proposal to the trustees');
  if (trustees === undefined)
    throw new CliFailure('This city has no trustees', {
      exitCode: EXIT.failed,
      action: `A registrar admits manufacturers: ${COMMAND} manufacturer create`,
    });
  const [proposal, maker] = [freshId(), freshId()];
  const { kind, body } = createManufacturer(maker, options.name, idBytes(options.for));
  const actions = [
    actionOf('proposal/create', {
      id: proposal,
      body: trustees,
      actions: [[kind, body]],
      expiresMs: Date.now() + options.expires * HOUR_MS,
    }),
  ];
  const sentence = `Put the manufacturer ${options.name}, as ${toHex(maker)}, before the trustees as proposal ${toHex(proposal)}; your signature is also your approval`;
  const result = await carryOut(cli, { sentence, isDangerous: true, actions }, options);
  if (result === null) return;
  const isAdmitted = result.events.some((event) => event.kind === 'manufacturer/created');
  if (isAdmitted) cli.output.note(`Admitted. Its models come next: ${COMMAND} model create --manufacturer ${toHex(maker)} …`);
  else cli.output.note(`The other trustees answer it: ${COMMAND} proposal approve ${toHex(proposal)}`);
}
