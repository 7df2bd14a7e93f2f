/** `oppidum cluster grow`: one more validator for a cluster on this machine, from its empty folder to its vote. */

import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { Validator } from '@oppidum/formats/state-validators';
import type { Command } from 'commander';
import { addExamples, type Cli, COMMAND, openCli, placeOptions, quoteWord, wholeNumber } from '../cli.ts';
import { ownValidators, validatorFolders } from '../cluster-folder.ts';
import { askClusterStatus } from '../cluster-status.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { readValidators, retiredAmong } from '../proven-validators.ts';
import { runProgram } from '../run-program.ts';
import { isPortFree, peerPortOf } from '../start/cluster-ports.ts';
import { PORT_MAX } from '../start/start-options.ts';
import { addSignOptions, confirm, refusal, type SignOptions, submitProven } from '../transactions.ts';
import { toleranceText, type ValidatorSet, withAdded } from '../validator-sets.ts';
import { proposalOf, requireSet } from './validator-proposals.ts';

const GROW = import.meta.resolve('@oppidum/node/grow-cluster-main');
const KEYS = import.meta.resolve('@oppidum/node/validator-keys-main');
/** One, or four to fifteen: a city of two or three would have no fault to spare, or less than one. */
const [VALIDATORS_MIN, VALIDATORS_MAX] = [4, 15];
const WAIT_SECONDS = 600;
const LOOK_MS = 1_000;
/** `cluster start` looks for new folders more often. */
const STARTED_MS = 15_000;

type GrowOptions = SignOptions & {
  readonly validators?: number;
  readonly p2pPort?: number;
  readonly policy?: string;
  readonly wait: number;
};
type LocalKeys = Readonly<Record<'logKey' | 'cosignerKey' | 'consensusKey', string>>;
/** A node of this cluster that is to vote. */
type Candidate = { readonly folder: string; readonly validator: Validator };

/** Adds the work to the command. */
export function buildClusterGrow(command: Command): void {
  addSignOptions(command)
    .description('add a validator to a running cluster on this machine: folder, keys, blocks, and the decision that it votes')
    .option(
      '--validators <n>',
      'how many there shall be then (default: one more; four where there is one)',
      wholeNumber('--validators', VALIDATORS_MIN, VALIDATORS_MAX),
    )
    .option(
      '--p2p-port <n>',
      'where its CometBFT listens (default: behind those of the others)',
      wholeNumber('--p2p-port', 1, PORT_MAX),
    )
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option('--wait <s>', 'how long it may take to read the blocks', wholeNumber('--wait', 1, 86_400), WAIT_SECONDS)
    .action(growCluster);
  command.addHelpText(
    'after',
    '\nA running `cluster start` takes the new folder up by itself. What was begun and not ended, a later call goes on with. Where the\ncouncil is several people, your signature is one approval of theirs. On a machine of its own a validator joins otherwise:\ndocs/validators.md.',
  );
  addExamples(command, [
    ['a fifth', 'cluster grow'],
    ['up to seven, without being asked', 'cluster grow --validators 7 --yes'],
  ]);
}

async function growCluster(options: GrowOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const folders = clusterFolders(cli.place);
  const proven = await readValidators(cli, options);
  const set = requireSet(proven);
  const begun = await findBegun(cli, options, folders, set);
  const count = missingCount(options, set);
  const kept = begun.slice(0, count);
  const names = freshNames(folders, count - kept.length);
  const all = [...kept.map(({ validator }) => validator.name), ...names];
  const sentence = `${describeWork(kept.length, names)} in ${cli.place}, and propose to the council that ${all.join(', ')} ${all.length === 1 ? 'votes and cosigns' : 'vote and cosign'}; then ${toleranceText(set.validators.length + count)}`;
  if (options.dryRun === true) {
    cli.output.line(`${sentence}.`);
    return cli.output.note('Dry run: nothing was made, signed or sent.');
  }
  await confirm(cli, { sentence, isDangerous: true }, options);
  const made: Candidate[] = [];
  for (const name of names) made.push(await makeNode(cli, options, [...folders, ...made.map(({ folder }) => folder)], name));
  const candidates = [...kept, ...made];
  await untilReading(cli, options, folders, candidates);
  const { id, actions } = proposalOf(
    proven,
    withAdded(
      set,
      candidates.map(({ validator }) => validator),
    ),
    WAIT_SECONDS * 1_000,
  );
  const result = await submitProven(cli, actions, options);
  if (result.code !== 'OK') throw refusal(result);
  const isDecided = result.events.some(({ kind }) => kind === 'policy/decided');
  if (isDecided) await untilVoting(cli, options, folders, candidates);
  tell(cli, { candidates, isDecided, proposal: toHex(id), count: set.validators.length + count });
}

/** Throws a CliFailure for what is no folder of several. */
function clusterFolders(place: string): readonly string[] {
  const folders = validatorFolders(place);
  if (folders.length > 0) return folders;
  throw new CliFailure(`${ownValidators(place)[0]} is one validator of a cluster and not a cluster’s folder`, {
    exitCode: EXIT.failed,
    action:
      'Name the folder that `oppidum cluster init` made; on a machine of its own a validator joins as docs/validators.md says',
  });
}

/** Nodes in the folder that never were validators: an earlier call made them, or somebody by hand. */
async function findBegun(
  cli: Cli,
  options: GrowOptions,
  folders: readonly string[],
  set: ValidatorSet,
): Promise<readonly Candidate[]> {
  const nodes = await Promise.all(folders.map(readCandidate));
  const isNamed = ({ validator }: Candidate): boolean =>
    set.validators.some(({ consensusKey }) => toHex(consensusKey) === toHex(validator.consensusKey));
  const others = nodes.filter((node) => !isNamed(node));
  const retired = await retiredAmong(
    cli,
    options,
    others.map(({ validator }) => validator.consensusKey),
  );
  return others.filter(({ validator }) => !retired.some(({ key }) => toHex(key) === toHex(validator.consensusKey)));
}

/** A node's public keys, by the program that may read its folder. */
async function readCandidate(folder: string): Promise<Candidate> {
  const { said, complaint, code } = await runProgram(KEYS, ['show', '--data', folder]);
  if (code !== 0) throw new CliFailure(complaint, { exitCode: code ?? EXIT.failed });
  const keys = JSON.parse(said) as LocalKeys;
  const [logKey, cosignerKey, consensusKey] = [keys.logKey, keys.cosignerKey, keys.consensusKey].map((hex) =>
    parseHex(hex, ID_SIZE),
  );
  return { folder, validator: { name: basename(folder), logKey, cosignerKey, consensusKey } as Validator };
}

function missingCount({ validators }: GrowOptions, set: ValidatorSet): number {
  const count = set.validators.length;
  const target = validators ?? Math.max(count + 1, VALIDATORS_MIN);
  if (target > VALIDATORS_MAX) throw usageFailure(`A city has at most ${VALIDATORS_MAX} validators, and this one has them`);
  if (target <= count)
    throw usageFailure(`There are ${count} validators already`, `\`${COMMAND} validator propose-remove\` proposes that one goes`);
  return target - count;
}

/** A number that was had by somebody who left is not given again. */
function freshNames(folders: readonly string[], count: number): readonly string[] {
  const last = Math.max(...folders.map((folder) => Number(basename(folder).replace('validator-', ''))));
  return Array.from({ length: count }, (_, i) => `validator-${last + 1 + i}`);
}

function describeWork(keptCount: number, names: readonly string[]): string {
  const made = names.length === 0 ? [] : [`make ${names.join(', ')}`];
  const words = [...(keptCount === 0 ? [] : [`go on with what was begun`]), ...made].join(', ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

async function makeNode(cli: Cli, options: GrowOptions, siblings: readonly string[], name: string): Promise<Candidate> {
  const port = await freePort(siblings, options.p2pPort);
  const folder = join(cli.place, name);
  const words = ['--data', folder, '--name', name, '--port', String(port), ...siblings.flatMap((each) => ['--sibling', each])];
  const { said, complaint, code } = await runProgram(GROW, words);
  if (code !== 0) throw new CliFailure(complaint, { exitCode: code ?? EXIT.failed });
  const { isSynced } = JSON.parse(said) as { readonly isSynced: boolean };
  cli.output.note(
    `Made ${folder}, its peers on port ${port}; it reads the city from ${isSynced ? 'a snapshot' : 'its first block'} on.`,
  );
  return readCandidate(folder);
}

/** The first port that nobody has, from the one that was asked for or the one behind those of the others on. */
async function freePort(siblings: readonly string[], asked: number | undefined): Promise<number> {
  const taken = siblings.flatMap((folder) => peerPortOf(folder) ?? []);
  for (let port = asked ?? Math.max(...taken) + 1; port <= PORT_MAX; port++)
    if (!taken.includes(port) && (await isPortFree(port))) return port;
  throw usageFailure('No port is free behind those of the others', 'Name one with --p2p-port');
}

/** Until each has the block that the others had when it was asked first. Throws exit code 5. */
async function untilReading(
  cli: Cli,
  options: GrowOptions,
  folders: readonly string[],
  candidates: readonly Candidate[],
): Promise<void> {
  const startedMs = performance.now();
  let isTold = false;
  let wanted: number | null = null;
  await untilStatus(cli, options, [folders, candidates], {
    why: 'does not have the newest block',
    holds: (own, others) => {
      wanted ??= others.reduce((height, other) => Math.max(height, other.height ?? 0), 0);
      if (!isTold && own.some(({ height }) => height === null) && performance.now() - startedMs > STARTED_MS) {
        isTold = true;
        const start = `${COMMAND} cluster start --no-demo --doors none --data ${quoteWord(candidates[0]?.folder ?? '')}`;
        cli.output.note(
          `It does not run yet. A \`${COMMAND} cluster start\` of the whole folder starts it by itself; alone: ${start}`,
        );
      }
      return own.every(({ height }) => height !== null && height >= (wanted ?? 0));
    },
  });
  cli.output.note(
    `${candidates.map(({ validator }) => validator.name).join(', ')} ha${candidates.length === 1 ? 's' : 've'} all blocks.`,
  );
}

/** The decision acts two blocks later. Throws exit code 5. */
async function untilVoting(
  cli: Cli,
  options: GrowOptions,
  folders: readonly string[],
  candidates: readonly Candidate[],
): Promise<void> {
  await untilStatus(cli, options, [folders, candidates], {
    why: 'has no vote yet, though that is decided',
    holds: (own) => own.every(({ isValidator }) => isValidator),
  });
}

type Seen = { readonly height: number | null; readonly isValidator: boolean };
type Wanted = { readonly why: string; readonly holds: (own: readonly Seen[], others: readonly Seen[]) => boolean };

async function untilStatus(
  cli: Cli,
  { wait }: GrowOptions,
  [folders, candidates]: readonly [readonly string[], readonly Candidate[]],
  { why, holds }: Wanted,
): Promise<void> {
  const endMs = performance.now() + 1_000 * wait;
  const names = candidates.map(({ validator }) => validator.name);
  const place = [...new Set([...folders, ...candidates.map(({ folder }) => folder)])];
  for (;;) {
    const status = await askClusterStatus(place);
    if (typeof status === 'number') throw new CliFailure('How the validators are could not be asked', { exitCode: status });
    const own = status.validators.filter(({ name }) => names.includes(name));
    const others = status.validators.filter(({ name }) => !names.includes(name));
    if (own.length === names.length && holds(own, others)) return;
    if (performance.now() > endMs)
      throw new CliFailure(`${names.join(', ')} ${why} after ${wait} s`, {
        exitCode: EXIT.unavailable,
        action: `See \`${COMMAND} cluster status\` and the log of \`cluster start\`; then \`${COMMAND} cluster grow${placeOptions({ api: cli.api, data: cli.place })}\` goes on`,
      });
    await sleep(LOOK_MS);
  }
}

type Grown = {
  readonly candidates: readonly Candidate[];
  readonly isDecided: boolean;
  readonly proposal: string;
  readonly count: number;
};

function tell(cli: Cli, { candidates, isDecided, proposal, count }: Grown): void {
  const validators = candidates.map(({ folder, validator }) => ({
    name: validator.name,
    folder,
    consensusKey: toHex(validator.consensusKey),
  }));
  if (cli.json) return cli.output.json({ validators, proposal, decided: isDecided });
  const names = validators.map(({ name }) => name).join(', ');
  if (!isDecided) {
    cli.output.line(`Proposed that ${names} vote${validators.length === 1 ? 's' : ''}, as proposal ${proposal}.`);
    return cli.output.note(`The others of the council approve it: ${COMMAND} proposal approve ${proposal}`);
  }
  cli.output.line(
    `${names} vote${validators.length === 1 ? 's' : ''} and cosign${validators.length === 1 ? 's' : ''} from now on: ${toleranceText(count)}.`,
  );
  cli.output.note(`Whoever has the city.policy of before takes the new one by \`${COMMAND} policy follow\`.`);
}
