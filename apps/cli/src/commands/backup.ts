/** `oppidum backup`: copies of a city, running or not, proven by restoring them; and the keys that they leave out. */

import { access } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { addExamples, type Cli, formatTime, openCli } from '../cli.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { runProgram } from '../run-program.ts';

/** What `backup-main.ts` of services/telemetry answers. */
type Answer = {
  readonly file: string;
  readonly createdMs: number;
  readonly keys?: number;
  readonly logSize: number;
  readonly checkpointSize: number;
  readonly shards: readonly { readonly number: number; readonly size: number }[];
  readonly size: number;
  readonly checked?: Readonly<Record<string, number>>;
  readonly damaged?: number;
  readonly skipped?: number;
  readonly hasSigningState?: boolean;
  readonly hasKeys?: boolean;
};

type SealOptions = { readonly passphraseFile?: string; readonly recipient?: readonly string[] };
type OpenOptions = { readonly passphraseFile?: string; readonly identity?: string; readonly work?: string };
type RestoreOptions = OpenOptions & { readonly keys?: string; readonly signingState?: string };

/** Adds subcommands and their work to the command. */
export function buildBackup(command: Command): void {
  buildCreate(command);
  buildKeys(command);
  buildVerify(command);
  buildRestore(command);
}

function buildCreate(command: Command): void {
  const create = addSeal(command.command('create'))
    .description('copy a city, running or stopped, into one file (a folder where the name ends with a slash)')
    .argument('<file>', 'what to write')
    .option('--work <dir>', 'where to lay the parts down meanwhile, as large as the backup (default: beside the file)')
    .action(async (file: string, options: SealOptions & { readonly work?: string }, self: Command) => {
      const cli = openCli(self);
      const answer = await runBackup([
        'create',
        '--data',
        cli.data,
        '--out',
        file,
        ...flags({ work: options.work }),
        ...sealFlags(options),
      ]);
      show(cli, answer, 'written');
    });
  create.addHelpText('after', CREATE_HELP);
  addExamples(create, [
    ['of the city in ./city-data', 'backup create city.backup'],
    ['for who has the key of a recipient (age-keygen)', 'backup create city.backup.age --recipient age1…'],
  ]);
}

const CREATE_HELP = `
Not in it: keys, what was signed last, sockets, the read model. Readings about people are in it, sealed under keys that are not.
A sealed file is an age file over a tar archive: \`age -d FILE | tar x\` opens it, too.`;

function buildKeys(command: Command): void {
  const keys = addSeal(command.command('keys'))
    .description('export the keys that a restored city needs: of accounts, and of the subjects of personal readings')
    .argument('<file>', 'what to write, replacing the export before')
    .action(async (file: string, options: SealOptions, self: Command) => {
      const cli = openCli(self);
      if (options.passphraseFile === undefined && options.recipient === undefined)
        throw usageFailure('keys are exported sealed: --passphrase-file or --recipient');
      const answer = await runBackup(['keys', '--data', cli.data, '--out', file, ...sealFlags(options)]);
      if (cli.json) cli.output.json(answer);
      else
        cli.output.fields([
          ['keys', String(answer.keys)],
          ['written', answer.file],
        ]);
      cli.output.note(
        'Keep this export only and destroy older ones: with an old one and a backup, what was erased since can be read again.',
      );
    });
  addExamples(keys, [['once a day, over the one before', 'backup keys city.keys.age --recipient age1…']]);
}

function buildVerify(command: Command): void {
  const verify = addOpen(command.command('verify'))
    .description('restore a backup aside, derive everything in it again as fsck does, and remove it')
    .argument('<file>', 'the backup')
    .action(async (file: string, options: OpenOptions, self: Command) => {
      const cli = openCli(self);
      await access(file);
      show(cli, await runBackup(['verify', '--from', file, ...openFlags(options)]), 'holds');
    });
  addExamples(verify, [['prove it before you need it', 'backup verify city.backup']]);
}

function buildRestore(command: Command): void {
  const restore = addOpen(command.command('restore'))
    .description('make a data folder (--data) from a backup')
    .argument('<file>', 'the backup')
    .option('--keys <file>', 'export of keys, made by `backup keys`, opened as the backup is')
    .option('--signing-state <dir>', 'data folder of the broken city, whose keys and last-signed records move here')
    .action(async (file: string, options: RestoreOptions, self: Command) => {
      const cli = openCli(self);
      const more = flags({ keys: options.keys, 'signing-state': options.signingState });
      await access(file);
      const answer = await runBackup(['restore', '--from', file, '--data', cli.data, ...openFlags(options), ...more]);
      show(cli, answer, 'restored');
      if (!cli.json) tellWhatIsMissing(cli, answer);
    });
  restore.addHelpText('after', RESTORE_HELP);
  addExamples(restore, [
    ['on a new disk, the old one still has the keys', 'backup restore city.backup --data new-data --signing-state old-data'],
    ['nothing but the backup and the export is left', 'backup restore city.backup --data new-data --keys city.keys'],
  ]);
}

const RESTORE_HELP = `
What was signed last is in no backup: a restored key could sign a second history. With --signing-state it moves along, and the old folder
never starts again; refused where more was signed than the backup has. Without it the keys of validator and shards are retired: what the
backup's checkpoint covers stays provable, shards are archives, and checkpoints come once the council names the new keys.`;

function tellWhatIsMissing({ output, data }: Cli, { hasSigningState, hasKeys }: Answer): void {
  if (hasKeys !== true)
    output.note(
      `No keys of accounts and subjects were given: put those of accounts into ${data}/keys; personal readings stay closed.`,
    );
  if (hasSigningState !== true)
    output.note(
      'The keys of validator and shards are new or retired: no checkpoint is published until a policy names the new ones.',
    );
}

function addSeal(command: Command): Command {
  return command
    .addOption(passphraseOption())
    .option(
      '--recipient <age1>',
      'seal for who has this recipient’s key (age); again for more',
      (one: string, all: readonly string[] = []) => [...all, one],
    );
}

function addOpen(command: Command): Command {
  return command
    .addOption(passphraseOption())
    .option('--identity <file>', 'key file of a recipient (age-keygen), mode 600')
    .option('--work <dir>', 'where to unpack, as large as the backup twice (default: beside it)');
}

function passphraseOption(): Option {
  return new Option('--passphrase-file <file>', 'file with a passphrase of 12 characters or more, mode 600');
}

function sealFlags({ passphraseFile, recipient = [] }: SealOptions): string[] {
  return [...flags({ 'passphrase-file': passphraseFile }), ...recipient.flatMap((one) => ['--recipient', one])];
}

function openFlags({ passphraseFile, identity, work }: OpenOptions): string[] {
  return flags({ 'passphrase-file': passphraseFile, identity, work });
}

function flags(given: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}

function show({ output, json }: Cli, answer: Answer, done: string): void {
  const { file, createdMs, checkpointSize, logSize, shards, size, checked, damaged, skipped } = answer;
  if (json) return output.json(answer);
  output.fields([
    [done, file],
    ['made', formatTime(createdMs)],
    ['block log', `${logSize} leaves, ${checkpointSize} under its checkpoint`],
    ...shards.map((shard) => [`shard ${shard.number}`, `${shard.size} readings`] as const),
    ['size', `${(size / 1e6).toFixed(1)} MB`],
    ...(checked === undefined
      ? []
      : [
          [
            'checked',
            `${Object.values(checked).reduce((sum, more) => sum + more, 0)}, ${damaged} damaged, ${skipped} skipped`,
          ] as const,
        ]),
  ]);
}

async function runBackup(args: readonly string[]): Promise<Answer> {
  const { said, complaint, code } = await runProgram(import.meta.resolve('@oppidum/telemetry/backup-main'), args);
  if (said === '') throw new CliFailure(complaint || 'The work ended without an answer', { exitCode: code ?? EXIT.failed });
  if (complaint !== '') process.stderr.write(`${complaint}\n`);
  process.exitCode = code ?? EXIT.failed;
  return JSON.parse(said) as Answer;
}
