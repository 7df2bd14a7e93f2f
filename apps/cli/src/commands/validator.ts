/** `oppidum validator …`: who votes and cosigns, the keys of one validator, and how the council changes the set. */

import { encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { Command } from 'commander';
import { addExamples, type Cli, COMMAND, openCli, quoteWord } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { writeNew } from '../new-file.ts';
import { readMisbehaviour, readValidators, retiredAmong } from '../proven-validators.ts';
import { runProgram } from '../run-program.ts';
import { confirm } from '../transactions.ts';
import { encodeHandover, validatorName } from '../validator-handover.ts';
import { toleranceText } from '../validator-sets.ts';
import { buildProposals } from './validator-proposals.ts';

type LocalKey = { readonly use: string; readonly publicKey: string; readonly file: string };
type ShownKeys = {
  readonly city: string;
  readonly logKey: string;
  readonly cosignerKey: string;
  readonly consensusKey: string;
  readonly all: readonly LocalKey[];
};
type PolicyOption = { readonly policy?: string };
type KeysOptions = { readonly new?: true; readonly name?: string; readonly out?: string };

const POLICY_HELP = 'the policy to trust (default: ./city.policy, else that of the data folder)';

/** Adds subcommands and their work to the command. */
export function buildValidator(command: Command): void {
  const list = command
    .command('list')
    .description('who votes and cosigns, how many may fail, and what is proven against whom; verified first')
    .option('--policy <file>', POLICY_HELP)
    .action(async (options: PolicyOption, self: Command) => listValidators(openCli(self), options));
  addExamples(list, [['who they are', 'validator list']]);
  const keys = command
    .command('keys')
    .description('the public keys of the node in the data folder, to hand to the council; --new makes its next ones')
    .option('--new', 'make the next log, cosigner and consensus key; seeds stay in the data folder')
    .option('--name <name>', 'what the validator is called in the policy', validatorName)
    .option('-o, --out <file>', 'write them as a file for `validator propose-add` and `propose-rotate`; needs --name')
    .action(async (options: KeysOptions, self: Command) => showKeys(openCli(self), options));
  keys.addHelpText(
    'after',
    '\nThe node takes its next keys by itself when the ledger names them: it signs with the old ones for as long as it must. CometBFT\nis started anew with the next consensus key. Seeds are files of mode 0600; nothing but public keys leaves the machine.',
  );
  addExamples(keys, [
    ['of a node that reads and is to vote', 'validator keys --data node-5 --name validator-5 --out validator-5.json'],
    ['the next ones of a validator', 'validator keys --new --data validator-2 --name validator-2 --out validator-2.json'],
  ]);
  buildProposals(command);
  const destroy = command
    .command('destroy-keys')
    .description('destroy the keys in the data folder that the ledger has retired: overwritten, then removed')
    .option('--policy <file>', POLICY_HELP)
    .option('-y, --yes', 'do not ask')
    .action(async (options: PolicyOption & { readonly yes?: true }, self: Command) => destroyKeys(openCli(self), options));
  destroy.addHelpText(
    'after',
    '\nOnly keys whose retirement is proven are touched: not those in force, and not those that wait to be named. Copies elsewhere, in\nbackups and in cells that a disk has set aside, are out of reach: destroy them too.',
  );
  addExamples(destroy, [['after a rotation', 'validator destroy-keys --data validator-2']]);
}

async function listValidators(cli: Cli, options: PolicyOption): Promise<void> {
  const { set, from } = await readValidators(cli, options);
  const misbehaviour = await readMisbehaviour(cli, options);
  if (set === null) {
    if (cli.json) cli.output.json({ validators: null, misbehaviour: [] });
    else
      cli.output.note(
        `The ledger of this city does not know who votes: its genesis names no consensus keys. Who cosigns: \`${COMMAND} policy show\`.`,
      );
    return;
  }
  const validators = set.validators.map(({ name, logKey, cosignerKey, consensusKey }) => ({
    name,
    logKey: toHex(logKey),
    cosignerKey: toHex(cosignerKey),
    consensusKey: toHex(consensusKey),
  }));
  const proven = misbehaviour.map(({ key, value }) => ({
    validator: value.validator,
    kind: value.kind,
    at: value.at,
    removed: value.removed,
    publicKey: key[0] ?? '',
  }));
  if (cli.json) {
    cli.output.json({ from, validators, misbehaviour: proven });
    return;
  }
  cli.output.table(validators, [
    { heading: 'validator', text: ({ name }) => name },
    { heading: 'consensus key', text: ({ consensusKey }) => consensusKey },
    { heading: 'cosigner key', text: ({ cosignerKey }) => cosignerKey },
  ]);
  for (const { validator, kind, at, removed } of proven)
    cli.output.line(`${validator}: ${kind} proven at block ${at}; ${removed ? 'removed' : 'not removed by it'}.`);
  cli.output.note(`In force since block ${from}. ${toleranceText(validators.length)}.`);
  if (validators.length === 3) cli.output.note('Name a fourth soon: while one is away the city stands still.');
}

async function showKeys(cli: Cli, options: KeysOptions): Promise<void> {
  if (options.new === true)
    await confirm(cli, { sentence: `Make the next keys of the node in ${cli.data}`, isDangerous: false }, {});
  const keys = await askKeys<ShownKeys>([options.new === true ? 'new' : 'show', '--data', cli.data]);
  const { city, logKey, cosignerKey, consensusKey } = keys;
  if (options.out !== undefined)
    writeNew(options.out, encodeUtf8(encodeHandover({ city, logKey, cosignerKey, consensusKey }, options.name)));
  if (cli.json) {
    cli.output.json(keys);
    return;
  }
  cli.output.fields([
    ['city', city],
    ['log key', logKey],
    ['cosigner key', cosignerKey],
    ['consensus key', consensusKey],
  ]);
  if (options.out !== undefined)
    cli.output.note(`Wrote ${options.out}. Hand it to whoever proposes, and compare the keys by another way.`);
}

async function destroyKeys(cli: Cli, options: PolicyOption & { readonly yes?: true }): Promise<void> {
  const { all } = await askKeys<ShownKeys>(['show', '--data', cli.data]);
  const retired = await retiredAmong(
    cli,
    options,
    all.map(({ publicKey }) => parseHex(publicKey, ID_SIZE)),
  );
  if (retired.length === 0) {
    if (cli.json) cli.output.json({ destroyed: [] });
    cli.output.note(`The ledger has retired no key that is in ${quoteWord(cli.data)}.`);
    return;
  }
  for (const { key, record } of retired)
    cli.output.note(`${record.use} key ${toHex(key)} of ${record.validator}, retired at block ${record.to ?? 0}`);
  const sentence = `Overwrite and remove ${retired.length} retired key${retired.length === 1 ? '' : 's'} in ${cli.data}`;
  await confirm(cli, { sentence, isDangerous: true }, options);
  const hex = retired.map(({ key }) => toHex(key)).join(',');
  const { destroyed } = await askKeys<{ readonly destroyed: readonly LocalKey[] }>([
    'destroy',
    '--data',
    cli.data,
    '--retired',
    hex,
  ]);
  if (cli.json) cli.output.json({ destroyed });
  else cli.output.note(`Destroyed: ${destroyed.map(({ use }) => use).join(', ')}. Copies of this folder may still have them.`);
}

/** What the program of the node that holds keys says. */
async function askKeys<T>(args: readonly string[]): Promise<T> {
  const { said, complaint, code } = await runProgram(import.meta.resolve('@oppidum/node/validator-keys-main'), args);
  if (code === 0) return JSON.parse(said) as T;
  throw new CliFailure(complaint || 'The work ended without an answer', { exitCode: code ?? EXIT.failed });
}
