/** The acts of `oppidum order`: each shows the whole effect in words, made here from the bytes that are signed, and asks. */

import { writeFileSync } from 'node:fs';
import { encodeBase64, parseBase64 } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { parseOrder } from '@oppidum/formats/order-statement';
import type { StatementSignature } from '@oppidum/formats/statement';
import type { BreakGlassTakenJson, OrderDetailJson } from '@oppidum/gateway/api/orders';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { type Cli, COMMAND, counted, openCli, placeOptions, readInput } from '../cli.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { type OrderKeyOptions, openOrderKeys, signAs } from '../order-keys.ts';
import { type MadeOrder, makeOrder, openOrder, type Wish } from '../order-statements.ts';
import { printable } from '../output.ts';
import { actionOf, askYes, carryOut, confirm, idBytes, type SignOptions, submit } from '../transactions.ts';

type TargetOptions = SignOptions &
  OrderKeyOptions & { readonly zone: string; readonly device?: string; readonly all?: true; readonly lifetime?: number };
type IssueOptions = TargetOptions & { readonly wait?: true };
type GlassOptions = TargetOptions & { readonly save?: string };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };
const ARGUMENT_COUNT_MAX = 8;
const POLL_MS = 250;
const ISSUE_ROUNDS = 3;
/** What is being sent when the time is over may be answered a little later. */
const LATE_MS = 2_000;

/** `30s`, `500ms`, `2min` as milliseconds. Throws exit code 2. */
export function durationOption(text: string): number {
  const [, count = '', unit = ''] = /^([0-9]{1,9})(ms|s|min)$/.exec(text) ?? [];
  const durationMs = Number(count) * (UNITS[unit] ?? 0);
  if (durationMs === 0) throw usageFailure(`${text} is no time`, 'Write it as 500ms, 30s or 2min');
  return durationMs;
}

/** Whole numbers, one after the other. Throws exit code 2. */
export function integerArguments(text: string, before: readonly number[] = []): readonly number[] {
  const value = Number(text);
  if (!/^-?[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw usageFailure(`An argument of a command is a whole number, not ${text}`);
  if (before.length === ARGUMENT_COUNT_MAX) throw usageFailure(`A command has ${ARGUMENT_COUNT_MAX} arguments at most`);
  return [...before, value];
}

function wishOf(command: string, values: readonly number[], options: TargetOptions, mode: Wish['mode']): Wish {
  const { zone, device = null, all = false, lifetime: lifetimeMs } = options;
  if ((device === null) !== all) throw usageFailure('Name one device with --device ID, or all of the zone with --all');
  return { zone, device, command, arguments: values, lifetimeMs, mode };
}

/** Makes, shows, confirms and signs an order. Null after a dry run. */
async function signOrder(
  cli: Cli,
  wish: Wish,
  options: TargetOptions,
): Promise<{ readonly made: MadeOrder; readonly signatures: readonly StatementSignature[] } | null> {
  const signers = options.dryRun === true ? [] : await openOrderKeys(cli, options);
  const made = await makeOrder(cli, wish);
  tell(cli, made);
  if (made.missingCount > 0)
    cli.output.note(`Left out, for want of a challenge at this gateway: ${counted(made.missingCount, 'device')} of the zone.`);
  if (options.dryRun === true) {
    if (cli.json) cli.output.json({ words: made.words, statement: encodeBase64(made.statement), needed: made.needed });
    cli.output.note('Dry run: nothing was signed or sent.');
    return null;
  }
  // Its id is not told before it is signed: until then there is no such order, and the next try has another.
  await confirm(cli, { sentence: `Sign: ${made.words[0]}`, isDangerous: made.isDangerous }, options);
  return { made, signatures: signAs('order', made.statement, made.zone.keySet.keys, signers) };
}

function tell(cli: Cli, { words, needed }: Pick<MadeOrder, 'words' | 'needed'>): void {
  for (const sentence of words) cli.output.note(`${sentence}.`);
  cli.output.note(`${needed} ${needed === 1 ? 'order key' : 'order keys'} must sign it.`);
}

/** `order issue`. */
export async function issueOne(command: string, values: readonly number[], options: IssueOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const wish = wishOf(command, values, options, 'ordinary');
  for (let round = 1; ; round++) {
    try {
      return await issueNow(cli, wish, options);
    } catch (error) {
      // Of a city that was idle the time stood still; the refused transaction moved it on.
      if ((error as { readonly code?: string }).code !== 'NOT_YET_VALID' || round === ISSUE_ROUNDS) throw error;
      cli.output.note('The time of the city was behind: signing the same again.');
    }
  }
}

async function issueNow(cli: Cli, wish: Wish, options: IssueOptions): Promise<void> {
  const signed = await signOrder(cli, wish, options);
  if (signed === null) return;
  const { made, signatures } = signed;
  const actions = [actionOf('order/issue', { statement: made.statement, signatures: signatures.map(signatureMap) })];
  const missing = made.needed - signatures.length;
  const enough = missing <= 0;
  const sentence = enough
    ? `Hand in order ${made.id}`
    : `Hand in order ${made.id}, which waits for ${missing === 1 ? 'one more key' : `${missing} more keys`}`;
  const result = await carryOut({ ...cli, api: made.api }, { sentence, isDangerous: false, actions }, options);
  if (result === null) return;
  if (!cli.json) cli.output.fields([['order', made.id]]);
  if (!enough) cli.output.note(untilWhen(cli, made));
  if (options.wait === true && enough) await awaitAnswers({ ...cli, api: made.api }, made);
}

/** What the next engineer does, and how long that helps. */
function untilWhen(cli: Cli, { id, order }: MadeOrder): string {
  const line = `${COMMAND}${placeOptions(cli)} order approve ${id} --order-key FILE`;
  return `The machine forgets it at ${new Date(order.expiresMs).toISOString()}; until then the next engineer signs by:\n  ${line}`;
}

/** CBOR of a signature in an action. */
function signatureMap({ key, signature }: StatementSignature): Map<string, number | Uint8Array> {
  return new Map<string, number | Uint8Array>([
    ['key', key],
    ['signature', signature],
  ]);
}

/** Tells what the devices signed. Throws exit code 1 unless all of them did what they were told. */
async function awaitAnswers(cli: Cli, { id, order }: MadeOrder): Promise<void> {
  const city = new CityCalls(cli.api);
  const untilMs = Date.now() + order.lifetimeMs + LATE_MS;
  for (;;) {
    const seen = await city.get<OrderDetailJson>(`/api/v1/orders/${id}`).catch((error: { readonly code?: string }) => {
      if (error.code !== 'NOT_READY' && error.code !== 'ORDER_UNKNOWN') throw error;
      return null;
    });
    const isOver = seen !== null && seen.appliedCount + seen.rejectedCount >= seen.deviceCount;
    if (seen !== null && (isOver || Date.now() > untilMs || seen.state === 'cancelled' || seen.state === 'superseded')) {
      if (cli.json) cli.output.json(seen);
      else
        cli.output.fields([
          ['state', seen.state],
          ['applied', `${seen.appliedCount} of ${seen.deviceCount}`],
        ]);
      if (seen.appliedCount === seen.deviceCount) return;
      const codes = seen.answers.flatMap(({ code }) => code ?? []).join(', ');
      throw new CliFailure(`The order is ${seen.state}${codes === '' ? '' : `: ${codes}`}`, { exitCode: EXIT.failed });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** `order approve`. */
export async function approveOne(id: string, options: SignOptions & OrderKeyOptions, self: Command): Promise<void> {
  await approve(openCli(self), id, options);
}

/** Shows an order that waits, confirms (`asks`: also what is not dangerous, and until then), signs and hands in. */
export async function approve(
  cli: Cli,
  id: string,
  options: SignOptions & OrderKeyOptions & { readonly asks?: AbortSignal },
): Promise<void> {
  const signers = options.dryRun === true ? [] : await openOrderKeys(cli, options);
  const { statement, state } = await new CityCalls(cli.api).get<OrderDetailJson>(`/api/v1/orders/${id}`);
  // A signature that comes too late would stand on the ledger as a refusal, and open an alarm.
  if (state === 'expired') throw formatError('ORDER_EXPIRED', { order: id });
  const made = await openOrder(cli, id, parseBase64(statement));
  tell(cli, made);
  if (options.dryRun === true) return cli.output.note('Dry run: nothing was signed or sent.');
  if (options.asks !== undefined) await askYes(`Approve: ${printable(made.words[0] ?? '')}?`, options.asks);
  else await confirm(cli, { sentence: `Approve: ${made.words[0]}`, isDangerous: made.isDangerous }, options);
  const signatures = signAs('order', made.statement, made.zone.keySet.keys, signers);
  const actions = [actionOf('order/approve', { id: idBytes(id), signatures: signatures.map(signatureMap) })];
  await carryOut(cli, { sentence: `Hand in the approval of order ${id}`, isDangerous: false, actions }, options);
}

/** `order break-glass`. */
export async function breakGlass(
  command: string,
  values: readonly number[],
  options: GlassOptions,
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const signed = await signOrder(cli, wishOf(command, values, options, 'break-glass'), options);
  if (signed === null) return;
  const { made, signatures } = signed;
  const file = {
    statement: encodeBase64(made.statement),
    signatures: signatures.map(({ key, signature }) => ({ key, signature: encodeBase64(signature) })),
  };
  const body = new TextEncoder().encode(JSON.stringify(file));
  if (options.save !== undefined) writeFileSync(options.save, body, { flag: 'wx' });
  const taken = await new CityCalls(made.api).post<BreakGlassTakenJson>('/api/v1/orders/break-glass', {
    type: 'application/json',
    body,
  });
  if (cli.json) cli.output.json(taken);
  else
    cli.output.fields([
      ['order', taken.order],
      ['devices', taken.deviceCount],
      ['handed over', taken.sentCount],
    ]);
  await reportNow(cli, { statement: made.statement, signatures }, options);
}

/** Where the ledger cannot be written now, that is what break-glass is for. */
async function reportNow(
  cli: Cli,
  signed: { readonly statement: Uint8Array; readonly signatures: readonly StatementSignature[] },
  options: SignOptions,
): Promise<void> {
  const later = 'It is not on the ledger yet: report it with `order report` once the city agrees again.';
  try {
    const { code } = await submit(cli, [reportOf(signed)], options);
    cli.output.note(code === 'OK' ? 'It is on the ledger.' : `${later} (${code})`);
  } catch (error) {
    cli.output.note(`${later} (${(error as { readonly code?: string }).code ?? (error as Error).message})`);
  }
}

function reportOf({
  statement,
  signatures,
}: {
  readonly statement: Uint8Array;
  readonly signatures: readonly StatementSignature[];
}) {
  return actionOf('order/report', { statement, signatures: signatures.map(signatureMap) });
}

/** `order report`. */
export async function reportFile(file: string, options: SignOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const signed = readSigned(await readInput(file), file);
  const { command, arguments: values } = parseOrder(signed.statement);
  const sentence = `Report the break-glass order ${[command, ...values].join(' ')} to the ledger`;
  try {
    await carryOut(cli, { sentence, isDangerous: false, actions: [reportOf(signed)] }, options);
  } catch (error) {
    if (!(error instanceof CliFailure) || error.code !== 'ORDER_EXISTS') throw error;
    const { exitCode, code } = error;
    throw new CliFailure('The ledger has this order already', { exitCode, code, action: 'Nothing is left to do' });
  }
}

function readSigned(
  bytes: Uint8Array,
  file: string,
): { readonly statement: Uint8Array; readonly signatures: readonly StatementSignature[] } {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly statement: string;
      readonly signatures: readonly { readonly key: number; readonly signature: string }[];
    };
    const signatures = json.signatures.map(({ key, signature }) => ({ key: Number(key), signature: parseBase64(signature) }));
    return { statement: parseBase64(json.statement), signatures };
  } catch {
    throw usageFailure(`${file} is no signed order`, 'Name a file that `order break-glass --save` wrote');
  }
}
