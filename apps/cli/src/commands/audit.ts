/**
 * `oppidum audit SOURCE…`: do all of them show one history? What anybody can check of a contradiction becomes a file. `--watch` goes on.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { encodePolicy } from '@oppidum/formats/policy';
import type { Command } from 'commander';
import { Auditor, type Round } from '../audit/auditor.ts';
import { FINDINGS, type Finding, nameOf } from '../audit/findings.ts';
import { AuditMemory } from '../audit/memory.ts';
import type { ProvenFork } from '../audit/prove-fork.ts';
import { LiveSource, readKept } from '../audit/sources.ts';
import type { Statement } from '../audit/statements.ts';
import { addExamples, type Cli, noPolicyAtHand, openCli, policyAtHand, readFile, wholeNumber } from '../cli.ts';
import { EXIT, usageFailure } from '../failure.ts';
import { printable } from '../output.ts';

type AuditOptions = {
  readonly policy?: string;
  readonly keep?: string;
  readonly watch?: true;
  readonly every: number;
  readonly late: number;
  readonly behind: number;
  readonly stopOnFork?: true;
};

const EVERY_S = 10;
const LATE_S = 60;
/** Sources are asked side by side, and a city goes on meanwhile. */
const BEHIND_ENTRIES = 16;
const DAY_S = 86_400;
/** Beside every weight, so that color is never the only sign. */
const WEIGHTS = { proven: 'PROVEN', false: 'FALSE', open: 'open' } as const;

/** Adds arguments, options and the work to the command. */
export function buildAudit(command: Command): void {
  command
    .argument('<sources...>', 'addresses of gateways of one city; files or folders of heads that were kept')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option('--keep <dir>', 'remember here which policies and heads were shown, and never go back behind them')
    .option('--watch', 'go on asking; say what begins and what ends')
    .option('--every <seconds>', 'with --watch: how often', wholeNumber('--every', 1, DAY_S), EVERY_S)
    .option(
      '--late <seconds>',
      'with --watch: how long a source may be behind or away unsaid',
      wholeNumber('--late', 0, DAY_S),
      LATE_S,
    )
    .option(
      '--behind <entries>',
      'how many entries a source may be behind another unsaid',
      wholeNumber('--behind', 0, Number.MAX_SAFE_INTEGER),
      BEHIND_ENTRIES,
    )
    .option('--stop-on-fork', 'with --watch: end as soon as misbehaviour is proven')
    .action(audit);
  command.addHelpText(
    'after',
    `
What a file may be: a signed checkpoint, evidence, a .tlog-proof, a fork file, a file of \`verify --seen\`, the folder of a witness,
or a folder of these. No source is believed in anything, and none gets your API key.
Ends with 0 where all that answered show one history, 3 where one shows something false or nobody shows what was seen before, 5 where
one did not answer, 6 where misbehaviour is proven.`,
  );
  addExamples(command, [
    ['do two validators show one history?', 'audit http://a.example:8420 http://b.example:8420 --policy city.policy'],
    ['does the city still stand by what it showed me?', 'audit http://a.example:8420 reading.evidence'],
    ['go on watching, and remember', 'audit http://a.example:8420 http://b.example:8420 --keep audit-data --watch'],
    ['hand on what was proven', 'verify fork-23-31-0a1b2c3d.fork --policy city.policy'],
  ]);
}

async function audit(names: readonly string[], options: AuditOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const file = options.policy ?? policyAtHand(cli);
  if (file === undefined) throw noPolicyAtHand();
  const policy = parseCityPolicy(nativeCrypto, readFile(file));
  const addresses = [...new Set(names.filter(isAddress).map((address) => address.replace(/\/+$/, '')))];
  const live = addresses.map((address) => new LiveSource(address));
  const kept = names.filter((name) => !isAddress(name)).map((path) => readKept(path, originOf(policy)));
  const memory = options.keep === undefined ? null : new AuditMemory(options.keep);
  if (live.length + kept.length < 2 && memory === null && options.watch !== true)
    throw usageFailure('One source alone agrees with itself', 'Name a second one, a file that was kept, or a folder with --keep');
  if (live.length === 0 && options.watch === true)
    throw usageFailure('--watch needs a source that can be asked', 'Name an address');
  const writeProof = async (fork: ProvenFork): Promise<string> => writeFork(memory?.folder ?? '.', fork);
  const auditor = new Auditor({ live, kept, memory, behindMax: options.behind, writeProof }, { policy });
  if (options.watch === true) return watch(cli, auditor, options);
  const round = await auditor.round();
  if (cli.json) cli.output.json(roundJson(round));
  else printRound(cli, round);
  process.exitCode = exitCodeFor(round.findings);
}

function isAddress(name: string): boolean {
  return /^https?:\/\//.test(name);
}

/** The same fork gives the same file. */
function writeFork(folder: string, { name, file }: ProvenFork): string {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, file);
  return path;
}

function exitCodeFor(findings: readonly Finding[]): number {
  const weights = new Set(findings.map(({ code }) => FINDINGS[code].weight));
  if (weights.has('proven')) return EXIT.misbehaviour;
  if (weights.has('false')) return EXIT.unverified;
  const codes = new Set(findings.map(({ code }) => code));
  if (codes.has('HEADS_UNCOMPARED')) return EXIT.unverified;
  return codes.has('SOURCE_AWAY') || codes.has('TILES_WITHHELD') ? EXIT.unavailable : EXIT.ok;
}

function policyLine({ trust: { policy } }: Round): { readonly origin: string; readonly sha256: string } {
  return { origin: originOf(policy), sha256: toHex(nativeCrypto.sha256(encodePolicy(nativeCrypto, policy))) };
}

function printRound({ output, quiet }: Cli, round: Round): void {
  const { statements, findings } = round;
  const { origin, sha256 } = policyLine(round);
  if (!quiet) {
    output.line(`Heads of ${printable(origin)} under the policy ${sha256}`);
    output.table(statements, [
      { heading: 'source', text: ({ source }) => source },
      { heading: 'size', text: ({ size }) => String(size) },
      { heading: 'root', text: ({ root }) => toHex(root).slice(0, 16) },
      { heading: 'standing', text: describeStanding },
    ]);
    output.line();
  }
  for (const finding of findings) for (const line of describeFinding(finding)) output.line(line);
  const isBad = findings.some(({ code }) => FINDINGS[code].weight !== 'open' || code === 'HEADS_UNCOMPARED');
  if (isBad || statements.length === 0) return;
  output.line(`${output.paint('green', 'AGREE')}  All heads that were shown are of one history.`);
  if (!quiet) output.line('That others are shown the same, or that nothing newer is withheld, this does not prove.');
}

function describeStanding({ standing, signers }: Statement): string {
  const names = signers.filter(({ algorithm }) => algorithm === 'cosignature').map(({ name }) => name);
  const by = names.length === 0 ? '' : `, cosigned by ${names.join(', ')}`;
  return `${typeof standing === 'string' ? standing : `not believed: ${standing.code}`}${by}`;
}

function describeFinding({ code, sources, detail, file }: Finding): readonly string[] {
  const { weight, means, action } = FINDINGS[code];
  return [
    `${code} (${WEIGHTS[weight]})  ${printable(sources.join(', '))}`,
    `  ${means}: ${printable(detail)}.`,
    ...(file === undefined ? [] : [`  The proof is ${printable(file)}.`]),
    `  ${action}.`,
  ];
}

function findingJson({ code, sources, detail, file, signers }: Finding): object {
  const { weight, means, action } = FINDINGS[code];
  return { code, weight, sources, detail, means, action, file: file ?? null, signers: signers ?? [] };
}

function roundJson(round: Round): object {
  const heads = round.statements.map(({ source, size, root, standing, signers }) => ({
    source,
    size,
    root: toHex(root),
    standing: typeof standing === 'string' ? standing : standing.code,
    cosigners: signers.filter(({ algorithm }) => algorithm === 'cosignature').map(({ name }) => name),
  }));
  return { policy: policyLine(round), heads, findings: round.findings.map(findingJson) };
}

/** Findings that passed by themselves before they were worth a word. */
const PATIENT = new Set<Finding['code']>([
  'SOURCE_AWAY',
  'SOURCE_BEHIND',
  'POLICY_STALE',
  'TILES_WITHHELD',
  'HEADS_UNCOMPARED',
  'HEAD_WITHDRAWN',
]);

type Open = { readonly finding: Finding; readonly sinceMs: number; isSaid: boolean };

/** Until a signal ends it, or, if asked, a proof. */
async function watch(cli: Cli, auditor: Auditor, { every, late, stopOnFork }: AuditOptions): Promise<void> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
  const open = new Map<string, Open>();
  let isProven = false;
  for (let count = 0; !stopped.signal.aborted; count++) {
    const round = await auditor.round();
    if (count === 0) cli.output.note(`Watching ${policyLine(round).origin} under the policy ${policyLine(round).sha256}.`);
    tell(cli, open, round.findings, late * 1_000);
    isProven = [...open.values()].some(({ finding }) => FINDINGS[finding.code].weight === 'proven');
    if (isProven && stopOnFork === true) break;
    await sleep(every * 1_000, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
  process.exitCode = isProven && stopOnFork === true ? EXIT.misbehaviour : EXIT.ok;
}

/** Says each finding once when it begins, or has lasted; and that it is over. What is proven is never over. */
function tell(cli: Cli, open: Map<string, Open>, findings: readonly Finding[], lateMs: number): void {
  const nowMs = performance.now();
  const present = new Map(findings.map((finding) => [nameOf(finding), finding]));
  for (const [name, finding] of present) {
    const known = open.get(name) ?? { finding, sinceMs: nowMs, isSaid: false };
    open.set(name, known);
    if (known.isSaid || (PATIENT.has(finding.code) && nowMs - known.sinceMs < lateMs)) continue;
    known.isSaid = true;
    say(cli, 'begins', finding);
  }
  for (const [name, { finding, isSaid }] of open) {
    if (present.has(name) || FINDINGS[finding.code].weight === 'proven') continue;
    open.delete(name);
    if (isSaid) say(cli, 'ends', finding);
  }
}

function say({ output, json }: Cli, event: 'begins' | 'ends', finding: Finding): void {
  const time = new Date().toISOString();
  if (json) return output.jsonLine({ time, event, ...findingJson(finding) });
  if (event === 'ends') return output.line(`${time}  over: ${finding.code}  ${printable(finding.sources.join(', '))}`);
  const [first, ...more] = describeFinding(finding);
  for (const line of [`${time}  ${first}`, ...more]) output.line(line);
}
