/** `oppidum model list|create|revoke`: models of devices. Whether readings are about people or simulated is said here, once. */

import { createModel } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { ModelJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { addExamples, COMMAND, idArgument, openCli, shortId } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { actionOf, addSignOptions, carryOut, freshId, idBytes, type SignOptions } from '../transactions.ts';
import { buildModelDescribe } from './model-describe.ts';

type CreateOptions = SignOptions & {
  readonly manufacturer: string;
  readonly name: string;
  readonly type: string;
  readonly personal?: true;
  readonly simulated?: true;
};

const COLUMNS: readonly Column<ModelJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'type', text: ({ deviceType }) => deviceType },
  { heading: 'manufacturer', text: ({ manufacturer }) => shortId(manufacturer) },
  { heading: 'personal', text: ({ personal }) => (personal ? 'yes' : 'no') },
  { heading: 'simulated', text: ({ simulated }) => (simulated ? 'yes' : 'no') },
  { heading: 'state', text: ({ to }) => (to === null ? 'in use' : `revoked at block ${to}`) },
];

/** Adds subcommands and their work to the command. */
export function buildModel(command: Command): void {
  const list = addListOptions(command.command('list').description('list models')).action(
    async (options: ListOptions, self: Command) => printList(openCli(self), '/api/v1/models', options, COLUMNS),
  );
  addExamples(list, [['all of them', 'model list --limit 1000']]);
  buildModelDescribe(command);
  const create = addSignOptions(command.command('create').description('create a model (the account of its manufacturer signs)'))
    .requiredOption('--manufacturer <id>', 'its manufacturer', idArgument('--manufacturer'))
    .requiredOption('--name <text>', 'its name')
    .requiredOption('--type <type>', 'type of its devices, e.g. street-light')
    .option('--personal', 'its readings are about people: encrypted, erasable, never shown')
    .option('--simulated', 'no machine stands behind its readings')
    .action(createOne);
  addExamples(create, [
    [
      'by the key of its maker',
      'model create --manufacturer <id> --name "Lamp 3" --type street-light --key works.seed --account <id>',
    ],
  ]);
  const revoke = addSignOptions(command.command('revoke').description('revoke a model with all its devices'))
    .argument('<id>', 'id of the model', idArgument('the id'))
    .requiredOption('--reason <text>', 'why, for everybody to read: name no person')
    .action(async (id: string, options: SignOptions & { readonly reason: string }, self: Command) => {
      const actions = [actionOf('model/revoke', { id: idBytes(id), reason: options.reason })];
      const sentence = `Revoke model ${id} with all its devices: ${options.reason}`;
      await carryOut(openCli(self), { sentence, isDangerous: true, actions }, options);
    });
  addExamples(revoke, [['see what would be signed', 'model revoke <id> --reason "unsafe" --dry-run']]);
}

async function createOne(options: CreateOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { name, type: deviceType, personal = false, simulated = false } = options;
  const id = freshId();
  const actions = [createModel(idBytes(options.manufacturer), { id, name, deviceType, personal, simulated })];
  const about = `${personal ? ', about people' : ''}${simulated ? ', simulated' : ''}`;
  const sentence = `Create the model ${name} (${deviceType}${about}) as ${toHex(id)}`;
  const result = await carryOut(cli, { sentence, isDangerous: false, actions }, options);
  if (result !== null) cli.output.note(`Its devices come next: ${COMMAND} device register --model ${toHex(id)} …`);
}
