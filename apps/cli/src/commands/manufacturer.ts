/** `oppidum manufacturer list|create|revoke`: the makers of devices, each acting through an account. */

import { createManufacturer } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { ManufacturerJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { addExamples, COMMAND, idArgument, openCli, shortId } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { actionOf, addSignOptions, carryOut, freshId, idBytes, type SignOptions } from '../transactions.ts';

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
  const create = addSignOptions(command.command('create').description('admit a manufacturer (a registrar signs)'))
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
