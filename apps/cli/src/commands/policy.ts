/** `oppidum policy …`: whom a policy file trusts, and how one that the city has replaced leads to the newest. */

import { existsSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy, VALIDATORS } from '@oppidum/formats/city-policy';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { evaluatePolicy, type Policy, refusalOf } from '@oppidum/formats/policy';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, openCli, policyAtHand, readFile, readInput } from '../cli.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { awaitsFirst, isSameHead, type PolicyChange, walkPolicies } from '../policy-walk.ts';

type FollowOptions = { readonly policy?: string; readonly out?: string };

/** A policy is for everybody to read. */
const POLICY_MODE = 0o644;

/** A policy as people and programs read it. */
type PolicySummary = {
  readonly origin: string;
  readonly sha256: string;
  readonly threshold: number;
  readonly validators: readonly Member[];
  readonly witnesses: readonly Member[];
  readonly quorum: string;
};
type Member = { readonly name: string; readonly publicKey: string; readonly url: string | null };

/** Adds subcommands and their work to the command. */
export function buildPolicy(command: Command): void {
  const show = command
    .command('show')
    .description('whom a policy file trusts: origin, validators, threshold, witnesses, and its SHA-256 to compare')
    .argument('[file]', 'a city.policy; - for standard input (default: ./city.policy, else that of the data folder)')
    .action(async (file: string | undefined, _options: object, self: Command) => showPolicy(openCli(self), file));
  addExamples(show, [['compare its SHA-256 with what the city publishes elsewhere', 'policy show city.policy']]);
  const follow = command
    .command('follow')
    .description('go from a policy you trust to the newest one, each change proven under the policy before it')
    .option('--policy <file>', 'the policy you trust (default: ./city.policy, else that of the data folder)')
    .option('-o, --out <file>', 'where to write the newest (default: in place of the one you trust)')
    .action(async (options: FollowOptions, self: Command) => followPolicy(openCli(self), options));
  follow.addHelpText(
    'after',
    '\nThe city is asked for evidence and believed in nothing. Nobody is led back: a file that holds a policy which this walk did\nnot come through is not replaced.',
  );
  addExamples(follow, [
    ['bring the file up to date', 'policy follow --policy city.policy'],
    ['keep the old one', 'policy follow --policy old.policy --out city.policy'],
  ]);
}

function findFile(cli: Cli, named: string | undefined): string {
  const file = named ?? policyAtHand(cli);
  if (file === undefined) throw usageFailure('No policy file was found', 'Name one');
  return file;
}

async function showPolicy(cli: Cli, named: string | undefined): Promise<void> {
  const file = findFile(cli, named);
  const bytes = await readInput(file);
  const summary = summarize(parseCityPolicy(nativeCrypto, bytes), bytes);
  if (cli.json) {
    cli.output.json({ file, ...summary });
    return;
  }
  const { origin, sha256, threshold, validators, witnesses, quorum } = summary;
  const lineOf = ({ name, publicKey, url }: Member): string => `${name}, key ${publicKey}${url === null ? '' : `, ${url}`}`;
  cli.output.fields([
    ['file', file],
    ['SHA-256', sha256],
    ['origin', origin],
    ['threshold', `${threshold} of ${validators.length} validators must cosign`],
    ...validators.map((member) => ['validator', lineOf(member)] as const),
    ...witnesses.map((member) => ['witness', lineOf(member)] as const),
    ['quorum', quorum],
  ]);
  if (witnesses.length === 0)
    cli.output.note('No outside witness: rewritten history shows to whoever kept an older checkpoint or evidence.');
}

function summarize(policy: Policy, bytes: Bytes): PolicySummary {
  const group = policy.groups.find(({ name }) => name === VALIDATORS);
  if (group === undefined) throw new Error('a checked city policy has its validators');
  const members = policy.witnesses.map(({ name, key, url }) => ({ name, publicKey: toHex(key.publicKey), url }));
  return {
    origin: originOf(policy),
    sha256: toHex(nativeCrypto.sha256(bytes)),
    threshold: group.threshold,
    validators: members.filter(({ name }) => group.members.includes(name)),
    witnesses: members.filter(({ name }) => !group.members.includes(name)),
    quorum: describeQuorum(policy),
  };
}

/** The groups that matter in words: `all (2 of validators, w1)`. */
function describeQuorum({ groups, quorum }: Policy): string {
  const wordsOf = (name: string): string => {
    const group = groups.find((candidate) => candidate.name === name);
    return group === undefined ? name : `${name} (${group.threshold} of ${group.members.map(wordsOf).join(', ')})`;
  };
  return quorum === null ? 'none' : wordsOf(quorum);
}

async function followPolicy(cli: Cli, options: FollowOptions): Promise<void> {
  const from = findFile(cli, options.policy);
  const trusted = readFile(from);
  const city = new CityCalls(cli.api);
  const policy = parseCityPolicy(nativeCrypto, trusted);
  const changes = await walkPolicies(city, policy);
  const newest = changes.at(-1) ?? { policy, file: trusted };
  await assertUpToDate(cli, city, newest.policy, changes.at(-1)?.evidence);
  const out = options.out ?? from;
  assertNotBack(out, [trusted, ...changes.map(({ file }) => file)]);
  const isWritten = !existsSync(out) || !equalBytes(readFile(out), newest.file);
  if (isWritten) await writeFileDurably(out, newest.file, POLICY_MODE);
  report(cli, { from, out, isWritten, trusted, changes });
}

/**
 * The city's newest checkpoint is believed under the policy that the walk came to: else changes were held back. Just after the
 * last change, and in a city of the first rules where nothing happened since, it is the one that proved this, by those who cosigned until then.
 */
async function assertUpToDate(cli: Cli, city: CityCalls, policy: Policy, lastChange: Bytes | undefined): Promise<void> {
  const note = await city.bytes('/log/checkpoint', 'text/plain');
  const refusal = refusalOf(evaluatePolicy(nativeCrypto, policy, note));
  if (refusal === null) return;
  if (lastChange !== undefined && isSameHead(note, parseEvidenceFile(lastChange).checkpoint))
    return cli.output.note(
      'Nothing happened since that change: its validators cosign in a moment, or, by version 1 of the rules, with the next transaction.',
    );
  const early = lastChange === undefined ? await awaitsFirst(city, policy, { verdict: 'QUORUM_MISSING', note }) : null;
  if (early !== null) throw early;
  throw new CliFailure(`No evidence leads from your policy to the one of the city's newest checkpoint (${refusal.code})`, {
    exitCode: EXIT.unverified,
    code: 'EVIDENCE_REFUSED',
    action: 'Check that your policy is of this city; otherwise do not trust this address',
  });
}

/** What is to be replaced must be one of these: nobody is led back, nor to another city. */
function assertNotBack(out: string, passed: readonly Bytes[]): void {
  if (!existsSync(out)) return;
  const present = readFile(out);
  if (passed.some((file) => equalBytes(file, present))) return;
  throw new CliFailure(`${out} holds something that did not lead to the newest policy: it is not replaced`, {
    exitCode: EXIT.failed,
    action: 'Name another file with --out, or follow from that one',
  });
}

type Walk = {
  readonly from: string;
  readonly out: string;
  readonly isWritten: boolean;
  readonly trusted: Bytes;
  readonly changes: readonly PolicyChange[];
};

function report(cli: Cli, { from, out, isWritten, trusted, changes }: Walk): void {
  const first = toHex(nativeCrypto.sha256(trusted));
  const sha256 = changes.at(-1)?.sha256 ?? first;
  if (cli.json) {
    const shown = changes.map((change) => ({ height: change.height, sha256: change.sha256 }));
    cli.output.json({ from: { file: from, sha256: first }, changes: shown, newest: { file: out, sha256, written: isWritten } });
    return;
  }
  cli.output.fields([
    ['trusted', `${first}  ${from}`],
    ...changes.map((change) => [`block ${change.height}`, change.sha256] as const),
    ['newest', `${sha256}  ${out}`],
  ]);
  if (changes.length === 0) cli.output.note('Your policy is the newest.');
  else cli.output.note(`${changes.length} change${changes.length === 1 ? '' : 's'} of policy, each proven under the one before.`);
  cli.output.note(isWritten ? `Wrote ${out}.` : `${out} was up to date.`);
}
