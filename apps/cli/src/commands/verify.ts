/**
 * `oppidum verify FILE --policy city.policy`: what a file proves, offline: every step, one verdict, what it means, what to do, and only
 * then the facts. Green alone ends with 0, a proven fork with 6. Amber is not proven as asked, so it ends with 3 like red, unless --allow-amber accepts it.
 */

import { existsSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { startsAsCompleteRange } from '@oppidum/formats/complete-range';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { startsAsForkFile } from '@oppidum/formats/fork-proof';
import { parsePolicy } from '@oppidum/formats/policy';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import { headOf } from '@oppidum/proofs/refresh-evidence';
import type { Report, Step } from '@oppidum/proofs/report';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { type RangeReport, verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { headsOf } from '@oppidum/proofs/verify-file';
import { verifyForkFile } from '@oppidum/proofs/verify-fork-file';
import { startsAsOrder, verifyOrderFile } from '@oppidum/proofs/verify-order-file';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { verifyTlogProof } from '@oppidum/proofs/verify-tlog-proof';
import type { Command } from 'commander';
import { addExamples, type Cli, openCli, policyAtHand, readFile, readInput } from '../cli.ts';
import { describeFacts } from '../describe-facts.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { printable } from '../output.ts';
import { isProvenComplete, printRange } from '../range-report.ts';
import { readSeenHeads, rememberHead } from '../seen-heads.ts';

type VerifyOptions = {
  readonly policy?: string;
  readonly former: readonly string[];
  readonly successor: readonly string[];
  readonly entry?: string;
  readonly seen?: string;
  readonly zone?: string;
  readonly allowAmber?: true;
};

/** The policy a verification trusted, so that a reader can compare it with what its city publishes. */
type TrustedPolicy = { readonly file: string; readonly bytes: Bytes; readonly sha256: string };

const TLOG_PROOF = '.tlog-proof';
/** First bytes of every version of a C2SP tlog-proof. */
const TLOG_PROOF_START = 'c2sp.org/tlog-proof@';
/** Beside every verdict, so that color is never the only sign. */
const COLOR_WORDS = { green: 'OK', amber: 'CAUTION', red: 'FAILED' } as const;

/** Adds arguments, options and the work to the command. */
export function buildVerify(command: Command): void {
  const collect = (file: string, files: readonly string[]): readonly string[] => [...files, file];
  command
    .argument(
      '<file>',
      'evidence (CBOR or JSON), a range of readings, an order, a .tlog-proof or a fork file; - for standard input',
    )
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option(
      '--successor <file>',
      'evidence that --policy was succeeded; then the successor is trusted (repeatable, in order)',
      collect,
      [],
    )
    .option('--former <file>', 'an older policy of the same city, proven to be succeeded (repeatable, newest first)', collect, [])
    .option('--entry <file>', '.tlog-proof: the bytes of the log entry (default: the file beside it that ends in .entry)')
    .option('--seen <file>', 'remember in this file which heads were believed, and refuse another history of one of them')
    .option('--zone <file>', 'an order: the key set of its zone, to see that its own keys signed')
    .option('--allow-amber', 'end with 0 for amber verdicts too')
    .action(async (file: string, options: VerifyOptions, self: Command) => verifyFile(openCli(self), file, options));
  command.addHelpText(
    'after',
    '\nEnds with 0 only for the verdict OK. Amber verdicts (POLICY_STALE, ERASED …) end with 3 unless --allow-amber is given.\nA fork file that proves what it says ends with 6.\nNothing is asked of any server: the answer rests on the two files alone.',
  );
  addExamples(command, [
    ['with the policy of the city', 'verify reading.evidence --policy city.policy'],
    ['from a pipe, for a program', 'verify - --policy city.policy --json < reading.evidence'],
    ['and never believe another history of what was believed', 'verify reading.evidence --seen heads.txt'],
    ['every reading of a span, and whether one is left out', 'verify hour.readings --policy city.policy'],
    ['an order to a machine: who issued it, and whether the zone’s keys signed', 'verify order.bin --zone zone.keys'],
    ['does it prove that a validator signed two histories?', 'verify audit.fork --policy city.policy'],
    ['one hop of it, as any C2SP verifier would', 'verify 2.tlog-proof --entry 2.entry --policy city.policy'],
  ]);
}

async function verifyFile(cli: Cli, file: string, options: VerifyOptions): Promise<void> {
  const policy = readPolicy(cli, options.policy);
  const bytes = await readInput(file);
  const isRange = startsAsCompleteRange(bytes);
  const isFork = startsAsForkFile(bytes);
  if ((isRange || isFork || startsAsTlogProof(bytes)) && options.seen !== undefined)
    throw usageFailure(
      '--seen is for evidence of one fact',
      'Leave it out for a range of readings, a .tlog-proof and a fork file',
    );
  if (isRange)
    return verifyRange(cli, file, policy, verifyCompleteRange(nativeCrypto, bytes, readTrust(policy, options)), options);
  if (options.zone !== undefined && !startsAsOrder(bytes))
    throw usageFailure('--zone is for an order', 'Leave it out for everything else');
  const report = judge(file, bytes, policy, options);
  if (cli.json) printJson(cli, file, policy, report);
  else printReport(cli, file, policy, report);
  process.exitCode = exitCodeFor(report, options);
}

function judge(file: string, bytes: Bytes, policy: TrustedPolicy, options: VerifyOptions): Report {
  if (startsAsForkFile(bytes)) return verifyForkFile(nativeCrypto, bytes, readTrust(policy, options));
  if (startsAsOrder(bytes)) return judgeOrder(bytes, readTrust(policy, options), options);
  if (!startsAsTlogProof(bytes)) return verifyRemembering(bytes, readTrust(policy, options), options.seen);
  return verifyTlogProof(nativeCrypto, {
    policy: parsePolicy(nativeCrypto, policy.bytes),
    proof: bytes,
    entry: readEntry(file, options.entry),
  });
}

/** An order, with the key set of its zone where there is one; what was believed is remembered as of evidence. */
function judgeOrder(bytes: Bytes, trust: Trust, { zone, seen: file }: VerifyOptions): Report {
  const keySet = zone === undefined ? null : parseKeySet(readFile(zone));
  const origin = originOf(trust.policy);
  const seen = file === undefined ? [] : readSeenHeads(file, origin);
  const report = verifyOrderFile(nativeCrypto, bytes, { ...trust, seen }, keySet);
  const [head] = report.color === 'red' ? [] : headsOf(bytes);
  if (file !== undefined && head !== undefined) rememberHead(file, origin, seen, head);
  return report;
}

/** A proof of misbehaviour that holds is no success: whoever took the file for evidence of something good must not go on. */
function exitCodeFor({ verdict, color }: Report, { allowAmber }: VerifyOptions): number {
  if (verdict === 'FORK_PROVEN') return EXIT.misbehaviour;
  return color === 'green' || (color === 'amber' && allowAmber === true) ? EXIT.ok : EXIT.unverified;
}

/** As `reading prove --file`: what leaves something open is proven only in part, so it is amber. */
function verifyRange(cli: Cli, file: string, policy: TrustedPolicy, found: RangeReport, { allowAmber }: VerifyOptions): void {
  const { verdict, color, means, action, steps, facts } = found.report;
  if (cli.json) {
    const trusted = { file: policy.file, sha256: policy.sha256 };
    cli.output.json({ verdict, color, means, action, steps, facts, range: found.range, file, policy: trusted });
  } else {
    if (!cli.quiet) printHeader(cli, file, policy);
    printRange(cli, found);
  }
  const isAccepted = isProvenComplete(found) || (color !== 'red' && allowAmber === true);
  process.exitCode = isAccepted ? EXIT.ok : EXIT.unverified;
}

/** Verifies; what was believed is remembered before anybody is told, so that nobody acts on a head that is forgotten again. */
function verifyRemembering(bytes: Bytes, trust: Trust, file: string | undefined): Report {
  if (file === undefined) return verifyEvidence(nativeCrypto, bytes, trust);
  const origin = originOf(trust.policy);
  const seen = readSeenHeads(file, origin);
  const report = verifyEvidence(nativeCrypto, bytes, { ...trust, seen });
  if (report.color !== 'red') rememberHead(file, origin, seen, headOf(parseEvidenceFile(bytes)));
  return report;
}

function readPolicy(cli: Cli, named: string | undefined): TrustedPolicy {
  const file = named ?? policyAtHand(cli);
  if (file === undefined)
    throw usageFailure(
      'No policy file was found',
      'Name the city.policy that you trust with --policy FILE: without it nothing can be believed',
    );
  const bytes = readFile(file);
  return { file, bytes, sha256: toHex(nativeCrypto.sha256(bytes)) };
}

/** Whom to believe: the policy, led on by evidence of its successors, and what was trusted before. */
function readTrust({ bytes }: TrustedPolicy, { former, successor }: VerifyOptions): Trust {
  const read = (file: string) => parseCityPolicy(nativeCrypto, readFile(file));
  let trust: Trust = { policy: parseCityPolicy(nativeCrypto, bytes), former: former.map(read) };
  for (const file of successor) {
    const { report, trust: next } = verifySuccessorPolicy(nativeCrypto, readFile(file), trust);
    if (report.verdict !== 'OK')
      throw new CliFailure(`${file} proves no successor: ${report.verdict}: ${report.means}`, {
        exitCode: EXIT.unverified,
        action: 'Give the evidence of every change of policy, from the oldest to the newest',
      });
    trust = next ?? trust;
  }
  return trust;
}

function startsAsTlogProof(bytes: Bytes): boolean {
  return new TextDecoder('latin1').decode(bytes.subarray(0, TLOG_PROOF_START.length)) === TLOG_PROOF_START;
}

function readEntry(file: string, named: string | undefined): Bytes {
  const beside = file.endsWith(TLOG_PROOF) ? `${file.slice(0, -TLOG_PROOF.length)}.entry` : null;
  const entry = named ?? (beside !== null && existsSync(beside) ? beside : null);
  if (entry === null) throw usageFailure('A .tlog-proof proves nothing without its entry', 'Name it with --entry FILE');
  return readFile(entry);
}

function printJson(cli: Cli, file: string, policy: TrustedPolicy, report: Report): void {
  const { verdict, color, means, action, steps, facts } = report;
  cli.output.json({ verdict, color, means, action, steps, facts, file, policy: { file: policy.file, sha256: policy.sha256 } });
}

const MARKS: Readonly<Record<Step['outcome'], string>> = { passed: 'passed', failed: 'FAILED', noted: 'note' };

function printHeader({ output }: Cli, file: string, policy: TrustedPolicy): void {
  output.line(printable(`${file === '-' ? 'standard input' : file} under ${policy.file}`));
  output.line(output.paint('dim', `policy SHA-256 ${policy.sha256}`));
  output.line();
}

function printReport(cli: Cli, file: string, policy: TrustedPolicy, report: Report): void {
  const { output, quiet } = cli;
  const { verdict, color, means, action, steps, facts } = report;
  if (!quiet) {
    printHeader(cli, file, policy);
    const width = Math.max(...steps.map(({ name }) => name.length));
    for (const { name, outcome, detail } of steps)
      output.line(`  ${MARKS[outcome].padEnd(6)}  ${name.padEnd(width)}  ${printable(detail)}`);
    output.line();
  }
  const word = color === 'green' ? verdict : `${verdict} (${COLOR_WORDS[color]})`;
  output.line(`${output.paint(color, word)}  ${means}.`);
  if (quiet) return;
  output.line(`${action}.`);
  const pairs = describeFacts(facts);
  if (pairs.length === 0) return;
  output.line();
  output.fields(pairs, '  ');
}
