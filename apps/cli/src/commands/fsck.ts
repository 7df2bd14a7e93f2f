/** `oppidum fsck`: derives a data folder again, in a process of its own, and says what differs from it. */

import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { addExamples, type Cli, openCli } from '../cli.ts';
import { FSCK_NOTE } from '../doctor/fsck-check.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { printable } from '../output.ts';
import { Progress } from '../progress.ts';

/** What the check tells, line by line (`FsckEvent` of services/telemetry). */
type FsckEvent = {
  readonly stage?: { readonly name: string; readonly unit: string; readonly total: number };
  readonly done?: number;
  readonly damage?: { readonly code: string; readonly file: string; readonly what: string; readonly action: string };
  readonly skip?: { readonly what: string; readonly count: number; readonly why: string };
  readonly note?: { readonly file: string; readonly what: string };
  readonly summary?: FsckSummary;
};
type FsckSummary = {
  readonly checked: Readonly<Record<string, number>>;
  readonly damaged: number;
  readonly skipped: number;
  readonly notes: number;
};

/** Adds the work to the command. */
export function buildFsck(command: Command): void {
  command
    .description('derive every block, state record, tile, checkpoint, reading and receipt of a stopped city again, and compare')
    .addHelpText('after', FSCK_HELP)
    .action(async (_options: object, self: Command) => {
      await runFsck(openCli(self));
    });
  addExamples(command, [
    ['the city in ./city-data, while it does not run', 'fsck'],
    ['a copy of a running one', 'fsck --data copy-of-city-data --json'],
  ]);
}

const FSCK_HELP = `
Changes nothing but its own note of when it was (fsck.json). Each finding names its code, the file or key, and what to do. Exit code 3 when something is damaged.
With --json every event is one line: stage, progress, damage, skip, note, summary.`;

async function runFsck(cli: Cli): Promise<void> {
  const program = fileURLToPath(import.meta.resolve('@oppidum/telemetry/fsck-main'));
  const args = ['--disable-warning=ExperimentalWarning', program, '--data', cli.data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const view = new FsckView(cli);
  for await (const line of createInterface({ input: child.stdout })) view.show(JSON.parse(line) as FsckEvent);
  const { code, signal } = await ended;
  if (code === null) throw new CliFailure(`The check was ended by ${signal}`, { exitCode: EXIT.failed });
  process.exitCode = code;
  if (view.summary !== null) noteCheck(cli.data, view.summary);
}

/** For `doctor`; where nothing can be written, the check counts all the same. */
function noteCheck(data: string, { damaged, skipped }: FsckSummary): void {
  if (!existsSync(join(data, 'genesis.cbor'))) return;
  try {
    writeFileSync(join(data, FSCK_NOTE), `${JSON.stringify({ timeMs: Date.now(), damaged, skipped })}\n`, { mode: 0o600 });
  } catch {
    // Somebody else's folder, or one on a disk that is only read.
  }
}

/** Shows events as people or programs want them. */
class FsckView {
  readonly #cli: Cli;
  #progress: Progress | null = null;
  #done = 0;
  /** What came of it, once it ended. */
  summary: FsckSummary | null = null;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  show(event: FsckEvent): void {
    if (event.summary !== undefined) this.summary = event.summary;
    const { json, output } = { json: this.#cli.json, output: this.#cli.output };
    if (event.done !== undefined) this.#advance(event.done);
    else if (event.stage !== undefined) this.#begin(event.stage);
    else if (json) output.line(JSON.stringify(event));
    else if (event.damage !== undefined) this.#tellDamage(event.damage);
    else if (event.skip !== undefined) this.#note(`skipped  ${event.skip.count} × ${event.skip.what}: ${event.skip.why}`);
    else if (event.note !== undefined) this.#detail(`note     ${event.note.file}: ${event.note.what}`);
    else if (event.summary !== undefined) this.#tellSummary(event.summary);
  }

  #begin({ name, unit, total }: NonNullable<FsckEvent['stage']>): void {
    this.#end();
    if (this.#cli.json) this.#cli.output.line(JSON.stringify({ stage: { name, unit, total } }));
    else this.#detail(`checking ${name}`);
    this.#progress = new Progress(this.#cli.output, unit, total);
    this.#done = 0;
  }

  #advance(done: number): void {
    this.#done = done;
    this.#progress?.set(done);
  }

  #end(): void {
    // A part that was over at once needs no last line.
    if (this.#progress?.wasShown === true) this.#progress.end(this.#done);
    this.#progress = null;
  }

  #tellDamage({ code, file, what, action }: NonNullable<FsckEvent['damage']>): void {
    this.#progress?.clear();
    const { output, plain } = this.#cli;
    const fields = [code, file, what, action].map(printable);
    output.line(plain ? fields.join('\t') : `${fields[0]}  ${fields[1]}: ${fields[2]}. ${fields[3]}.`);
  }

  #note(text: string): void {
    if (this.#progress === null) this.#cli.output.note(text);
    else this.#progress.note(text);
  }

  #detail(text: string): void {
    if (this.#cli.verbose) this.#note(text);
  }

  #tellSummary({ checked, damaged, skipped, notes }: FsckSummary): void {
    this.#end();
    const { output } = this.#cli;
    for (const [kind, count] of Object.entries(checked)) output.detail(`checked  ${count} ${kind}`);
    if (notes > 0 && !this.#cli.verbose) output.note(`${notes} harmless oddities: see them with --verbose.`);
    const count = Object.values(checked).reduce((sum, more) => sum + more, 0);
    output.line(`${count} checked, ${damaged} damaged, ${skipped} skipped`);
  }
}
