/** `oppidum validator propose-…`: changes of who votes and cosigns, as proposals to the council; and reports of forks. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { checkCityPolicy } from '@oppidum/formats/city-policy';
import { formatError } from '@oppidum/formats/errors';
import { parseForkFile } from '@oppidum/formats/fork-proof';
import { encodePolicy } from '@oppidum/formats/policy';
import type { Validator } from '@oppidum/formats/state-validators';
import type { Action } from '@oppidum/formats/transaction';
import { encodeVerifierKey } from '@oppidum/formats/verifier-key';
import { checkFork } from '@oppidum/proofs/verify-fork';
import type { Command } from 'commander';
import { addExamples, type Cli, COMMAND, openCli, readFile, readInput, wholeNumber } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { type ProvenSet, readValidators, sameKeys } from '../proven-validators.ts';
import { actionOf, addSignOptions, carryOut, freshId, type SignOptions } from '../transactions.ts';
import { parseHandover, validatorName } from '../validator-handover.ts';
import { toleranceText, type ValidatorSet, withAdded, withRemoved, withRotated } from '../validator-sets.ts';

type ProposeOptions = SignOptions & { readonly policy?: string; readonly expires: number };
/** The next set, and what is said of it. */
type Change = { readonly next: ValidatorSet; readonly sentence: string };

const HOUR_MS = 3_600_000;
const EXPIRES_HOURS_DEFAULT = 72;
const EXPIRES_HOURS_MAX = 24 * 366;
const AFTER =
  '\nYour signature is also your approval; the others approve with `proposal approve`, or apart (docs/signing.md). Two blocks after the\ndecision the new set votes and cosigns. Policy files in the hands of others are led on by `policy follow`.';

/** Adds the commands that change the set. */
export function buildProposals(command: Command): void {
  const add = proposing(command, 'propose-add', 'propose that nodes become validators, by the files that `validator keys` wrote')
    .argument('<files...>', 'one file for each; from one validator the city goes to four at once')
    .action(async (files: readonly string[], options: ProposeOptions, self: Command) => {
      const cli = openCli(self);
      await propose(cli, options, (proven, set) => addition(proven, set, files));
    });
  addExamples(add, [['a fifth', 'validator propose-add validator-5.json']]);
  const remove = proposing(command, 'propose-remove', 'propose that a validator goes')
    .argument('<name>', 'its name in the policy', validatorName)
    .action(async (name: string, options: ProposeOptions, self: Command) => {
      await propose(openCli(self), options, (_proven, set) => ({
        next: withRemoved(set, name),
        sentence: `${name} no longer votes and cosigns, and its keys are retired for good`,
      }));
    });
  addExamples(remove, [['see what would be signed', 'validator propose-remove validator-5 --dry-run']]);
  const rotate = proposing(
    command,
    'propose-rotate',
    'propose other keys for a validator, by the file that `validator keys --new` wrote',
  )
    .argument('<file>', 'its next keys')
    .action(async (file: string, options: ProposeOptions, self: Command) => {
      await propose(openCli(self), options, ({ genesis }, set) =>
        rotation(set, parseHandover(file, parseUtf8(readFile(file)), genesis)),
      );
    });
  addExamples(rotate, [['after `validator keys --new`', 'validator propose-rotate validator-2.json']]);
  const report = addSignOptions(
    command.command('report-fork').description('put on the ledger that a validator signed two histories'),
  )
    .argument('<file>', 'a fork proof, as `audit` writes it; - for standard input')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .action(async (file: string, options: ProposeOptions, self: Command) => reportForks(openCli(self), file, options));
  report.addHelpText(
    'after',
    '\nAnybody may report. The validator loses its place two blocks later, unless too few would be left.',
  );
  addExamples(report, [['what an audit found', 'validator report-fork forks.json']]);
}

function proposing(command: Command, name: string, description: string): Command {
  const made = addSignOptions(command.command(name).description(description))
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option(
      '--expires <hours>',
      'how long it may wait for approvals',
      wholeNumber('--expires', 1, EXPIRES_HOURS_MAX),
      EXPIRES_HOURS_DEFAULT,
    );
  return made.addHelpText('after', AFTER);
}

function addition({ genesis }: ProvenSet, set: ValidatorSet, files: readonly string[]): Change {
  const added = files.map((file) => parseHandover(file, parseUtf8(readFile(file)), genesis));
  const names = added.map(({ name }) => name).join(', ');
  return {
    next: withAdded(set, added),
    sentence: `${names} ${added.length === 1 ? 'votes and cosigns' : 'vote and cosign'}, too`,
  };
}

function rotation(set: ValidatorSet, next: Validator): Change {
  const present = set.validators.find(({ name }) => name === next.name);
  if (present !== undefined && sameKeys(present, next))
    throw new CliFailure(`These are the keys that ${next.name} has`, {
      exitCode: EXIT.failed,
      action: `Make the next ones on its machine: \`${COMMAND} validator keys --new\``,
    });
  return {
    next: withRotated(set, next),
    sentence: `${next.name} signs with the keys of this file, and its present ones are retired for good`,
  };
}

async function propose(
  cli: Cli,
  options: ProposeOptions,
  changeOf: (proven: ProvenSet, set: ValidatorSet) => Change,
): Promise<void> {
  const proven = await readValidators(cli, options);
  const { next, sentence } = changeOf(proven, requireSet(proven));
  const { id, actions } = proposalOf(proven, next, options.expires * HOUR_MS);
  const tolerance = toleranceText(next.validators.length);
  const whole = `Propose to the council that ${sentence} (${tolerance}), as proposal ${toHex(id)}; your signature is also your approval`;
  await carryOut(cli, { sentence: whole, isDangerous: true, actions }, options);
}

/** The validators of a city that has consensus. Throws a CliFailure for one that has none. */
export function requireSet({ set }: ProvenSet): ValidatorSet {
  if (set !== null) return set;
  throw new CliFailure('The ledger of this city does not know who votes: its genesis names no consensus keys', {
    exitCode: EXIT.failed,
    action: 'A city of one validator has no consensus; a cluster is made with `oppidum cluster init`',
  });
}

/** What puts the next set before the council, and the proposal's id. Throws what the rules for policies refuse. */
export function proposalOf(
  { council }: Pick<ProvenSet, 'council'>,
  next: ValidatorSet,
  expiresInMs: number,
): { readonly id: Bytes; readonly actions: readonly Action[] } {
  const broken = checkCityPolicy(next.policy);
  if (broken !== null) throw formatError(broken.code, broken.details);
  const id = freshId();
  const policy = encodePolicy(nativeCrypto, next.policy);
  const validators = next.validators.map(
    ({ name, logKey, consensusKey }): CborValue =>
      new Map<string, CborValue>([
        ['name', name],
        ['logKey', logKey],
        ['consensusKey', consensusKey],
      ]),
  );
  const change = new Map<string, CborValue>([
    ['policy', policy],
    ['validators', validators],
  ]);
  const actions = [['policy/change', change] as CborValue];
  return { id, actions: [actionOf('proposal/create', { id, body: council, actions, expiresMs: Date.now() + expiresInMs })] };
}

async function reportForks(cli: Cli, file: string, options: ProposeOptions): Promise<void> {
  const { policy } = await readValidators(cli, options);
  const origin = policy.logs[0]?.key.name;
  const forks = parseForkFile(nativeCrypto, await readInput(file));
  for (const { key, ...fork } of forks) {
    const refused = checkFork(nativeCrypto, key, fork, origin);
    if (refused !== null) throw formatError(refused.code, refused.details);
    const { earlier, later, root, consistency } = fork;
    const body = { key: encodeVerifierKey(nativeCrypto, key), earlier, later, root, consistency: [...consistency] };
    const sentence = `Report that ${key.name} signed two histories of the city with the key ${toHex(key.publicKey)}`;
    await carryOut(cli, { sentence, isDangerous: true, actions: [actionOf('validator/report-fork', body)] }, options);
  }
}
