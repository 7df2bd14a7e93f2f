/**
 * `oppidum transaction sign|submit`: a request that was prepared elsewhere is shown in words, as its bytes say it, and signed; answers
 * are joined and handed in. The same as the offline signing page does.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type PinnedCity, pinCity } from '@oppidum/formats/account-key';
import { type Bytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { isEvidenceCode } from '@oppidum/formats/evidence-codes';
import { joinAnswers, requireAnswer, signAnswer } from '@oppidum/formats/signed-answer';
import { parsePartlySigned, parseTransaction } from '@oppidum/formats/transaction';
import { type ActView, describeAct, type Part, timeText } from '@oppidum/signing/describe-act';
import { readGivenText } from '@oppidum/signing/given-text';
import { type Judgement, judgeRequest } from '@oppidum/signing/judge-request';
import { englishActs } from '@oppidum/signing/words/en';
import type { Command } from 'commander';
import { addExamples, type Cli, openCli, policyAtHand, readFile, readInput } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { writeNew } from '../new-file.ts';
import { printable } from '../output.ts';
import { handInProven } from '../prove-result.ts';
import { openSigningKey, PASSPHRASE_HELP, type PassphraseOption } from '../signing-key.ts';
import { confirm, printResult, refusal } from '../transactions.ts';

type JudgeOptions = { readonly policy?: string };
type RequestOptions = PassphraseOption &
  JudgeOptions & { readonly key?: string; readonly out?: string; readonly dryRun?: true; readonly yes?: true };

/** Adds subcommands and their work to the command. */
export function buildTransactionSign(command: Command): void {
  const sign = command
    .command('sign')
    .description('show a signing request in words, and sign it')
    .argument('<request>', 'the request: a file, or a file with the texts of its QR codes; - for standard input')
    .option('--key <file>', 'key file: under a passphrase, or a seed')
    .option('--passphrase-file <file>', PASSPHRASE_HELP)
    .option('--policy <file>', 'policy of your city, where the key file names none (default: that at hand)')
    .option('--out <file>', 'where the answer is written (default: <id>.answer here)')
    .option('--dry-run', 'show what would be signed; sign nothing')
    .option('-y, --yes', 'do not ask')
    .action(signRequest);
  addExamples(sign, [
    ['what does it ask?', 'transaction sign revoke.request --dry-run'],
    ['sign it', 'transaction sign revoke.request --key anna.key --out anna.answer'],
  ]);
  const submit = command
    .command('submit')
    .description('hand in a signed transaction: one answer, or those of all signers')
    .argument('<answers...>', 'files of answers, or of the texts of their QR codes')
    .action(submitAnswers);
  addExamples(submit, [['one answer', 'transaction submit anna.answer']]);
}

async function signRequest(file: string, options: RequestOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const bytes = readGiven(await readInput(file));
  const isDry = options.dryRun === true;
  if (options.key === undefined && !isDry)
    throw usageFailure('There is no key to sign with', 'Name it with --key FILE, or look with --dry-run');
  const key = options.key === undefined ? null : await openSigningKey(cli, options.key, options);
  const city = key?.city ?? cityAtHand(cli, options);
  const atHand = key === null ? null : { publicKey: key.signer.publicKey, account: key.account };
  const judgement = judgeRequest(nativeCrypto, bytes, { city, key: atHand, nowMs: Date.now() });
  if (isDry && cli.json) return cli.output.json(judgementJson(judgement));
  if (!cli.json) for (const line of describeJudgement(judgement, city)) cli.output.line(line);
  const [refused] = judgement.refusals;
  if (refused !== undefined) throw formatError(refused.code, refused.details);
  if (isDry || key === null || judgement.asked === null) return cli.output.note('Dry run: nothing was signed.');
  const { request, asked } = judgement;
  const id = toHex(judgement.id);
  await confirm(cli, { sentence: `Sign exactly this as ${toHex(asked.account)}, transaction ${id}`, isDangerous: true }, options);
  const answer = signAnswer(request, { account: asked.account, keyNumber: asked.keyNumber, signer: key.signer });
  const { missing } = requireAnswer(nativeCrypto, request, answer);
  const out = options.out ?? `${id.slice(0, 12)}.answer`;
  writeNew(out, answer);
  if (cli.json) cli.output.json({ file: out, transaction: id, missing: missing.map(toHex) });
  cli.output.note(
    `Wrote ${out}, ${answer.length} bytes.${missing.length === 0 ? '' : ` ${missing.length} more must sign the same request.`}`,
  );
}

/** Bytes of a file, or those that texts of QR codes in it stand for. Throws CODES_MIXED while some are missing. */
function readGiven(bytes: Bytes): Bytes {
  if (!isEvidenceCode(new TextDecoder().decode(bytes.subarray(0, 16)).trimStart())) return bytes;
  const read = readGivenText(nativeCrypto, parseUtf8(bytes));
  if ('file' in read) return read.file;
  throw usageFailure(`Codes ${read.missing.join(', ')} of ${read.count} are missing`, 'Scan all of them into the file');
}

function cityAtHand(cli: Cli, { policy }: JudgeOptions): PinnedCity | null {
  const file = policy ?? policyAtHand(cli);
  return file === undefined ? null : pinCity(nativeCrypto, readFile(file));
}

function describeJudgement({ request, id, acts, names, asked, validFromMs, time }: Judgement, city: PinnedCity | null): string[] {
  const { transaction, keys } = request;
  const late = {
    now: '',
    expired: ' By the clock of this machine that is over.',
    early: ' By the clock of this machine that is still to come.',
  }[time];
  return [
    `City         ${toHex(transaction.city)}${city === null ? ' (no policy names it)' : ` (yours is ${printable(city.origin)})`}`,
    ...(asked === null ? keys : [asked]).map(({ account, keyNumber }) => `Asked of     ${toHex(account)}, key ${keyNumber}`),
    `Transaction  ${toHex(id)}`,
    `Valid        from ${timeText(validFromMs)} until ${timeText(transaction.validUntil)}.${late}`,
    'It does the following, all of it or nothing:',
    ...acts.flatMap((act) => describeView(describeAct(act, englishActs, names), '  ')),
  ];
}

function describeView({ sentence, risk, rows, inner }: ActView, indent: string): string[] {
  const lines = [`${indent}${sentence.map(textOf).join('')}.`];
  if (risk !== null) lines.push(`${indent}  DANGEROUS: ${risk}`);
  for (const { label, value } of rows)
    for (const [i, line] of value.text.split('\n').entries())
      lines.push(`${indent}  ${i === 0 ? `${label}: ` : '  '}${i === 0 ? textOf({ ...value, text: line }) : printable(line)}`);
  if (inner === null) lines.push(`${indent}  What this proposal does is not proven.`);
  else if (inner.length > 0)
    lines.push(`${indent}  The proposal holds:`, ...inner.flatMap((each) => describeView(each, `${indent}    `)));
  return lines;
}

function textOf(part: Part): string {
  if (part.kind === 'words') return part.text;
  return part.name === null ? printable(part.text) : `${printable(part.text)} (${printable(part.name)})`;
}

function judgementJson({ request, id, acts, names, validFromMs, time, refusals }: Judgement): object {
  const { transaction } = request;
  return {
    transaction: toHex(id),
    city: toHex(transaction.city),
    signers: transaction.signers.map(toHex),
    validFromMs,
    validUntil: transaction.validUntil,
    time,
    acts: acts.map((act) => describeAct(act, englishActs, names)),
    refusals: refusals.map(({ code, details }) => ({ code, details })),
  };
}

async function submitAnswers(files: readonly string[], _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const answers = files.map((file) => parsePartlySigned(nativeCrypto, readGiven(readFile(file))));
  const envelope = joinAnswers(answers);
  // Told here, before anything is sent, who is still missing.
  parseTransaction(nativeCrypto, envelope);
  const result = await handInProven(cli, envelope);
  if (result.code !== 'OK') throw refusal(result);
  printResult(cli, result);
}
