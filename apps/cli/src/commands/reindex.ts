/** `oppidum reindex`: fills the read model anew from ledger and shards; while the city runs, shows how far it is behind. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CityJson, ReindexJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { callAdmin } from '../admin-calls.ts';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, openCli } from '../cli.ts';
import { checkLock } from '../doctor/folder-checks.ts';
import { EXIT } from '../failure.ts';
import { Progress } from '../progress.ts';

/** What the work tells, line by line. */
type ReindexEvent = {
  readonly stage?: { readonly name: string; readonly unit: string; readonly total: number };
  readonly done?: number;
  readonly summary?: { readonly blocks: number; readonly readings: number; readonly seconds: number };
};

const UNIT = 'blocks and readings';
const LOOK_MS = 500;

/** Adds the work to the command. */
export function buildReindex(command: Command): void {
  command
    .option('--follow', 'only show how far the read model of the running city is, until it is level')
    .action(async ({ follow }: { readonly follow?: true }, self: Command) => {
      const cli = openCli(self);
      if (follow === true) return followCity(cli);
      if (checkLock(cli.data).isHeld) return refillRunning(cli);
      await runReindex(cli);
    });
  command.addHelpText('after', HELP);
  addExamples(command, [
    ['of the city in the data folder, running or not', 'reindex'],
    ['only watch another one', 'reindex --follow --json'],
  ]);
}

const HELP = `
The read model holds lists and values for questions; nothing is proven by it, so it may be deleted and filled at will. Values of envelopes
that are past their retention are not in it afterwards. A running city is asked through the socket in its data folder: it goes on with
everything else, and lists have what is filled already. With --json every event is one line: stage, progress, summary.`;

async function runReindex(cli: Cli): Promise<void> {
  const program = fileURLToPath(import.meta.resolve('@oppidum/gateway/reindex-main'));
  const args = ['--disable-warning=ExperimentalWarning', program, '--data', cli.data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let progress: Progress | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const { stage, done, summary } = JSON.parse(line) as ReindexEvent;
    if (stage !== undefined) progress = new Progress(cli.output, stage.unit, stage.total);
    if (stage !== undefined && cli.json) cli.output.line(line);
    if (done !== undefined) progress?.set(done);
    if (summary === undefined) continue;
    if (progress?.wasShown === true) progress.end(summary.blocks + summary.readings);
    if (cli.json) cli.output.line(line);
    else cli.output.line(`${summary.blocks} blocks and ${summary.readings} readings in ${summary.seconds} s`);
  }
  process.exitCode = (await ended) ?? EXIT.failed;
}

/** Asks the city that runs in the data folder, and watches it until its rows are level. */
async function refillRunning(cli: Cli): Promise<void> {
  const begunMs = performance.now();
  let state = await callAdmin<ReindexJson>(cli, '/reindex', {});
  const total = state.blocks + state.readings;
  const progress = new Progress(cli.output, UNIT, total);
  if (cli.json) cli.output.line(JSON.stringify({ stage: { name: 'read model', unit: UNIT, total } }));
  while (!state.level) {
    progress.set(state.blocks + state.readings - state.behindBlocks - state.behindReadings);
    await sleep(LOOK_MS);
    state = await callAdmin<ReindexJson>(cli, '/reindex');
  }
  const { blocks, readings } = state;
  if (progress.wasShown) progress.end(blocks + readings);
  const seconds = Math.round(performance.now() - begunMs) / 1_000;
  if (cli.json) cli.output.line(JSON.stringify({ summary: { blocks, readings, seconds } }));
  else cli.output.line(`${blocks} blocks and ${readings} readings in ${seconds} s`);
}

async function followCity(cli: Cli): Promise<void> {
  const calls = new CityCalls(cli.api);
  let progress: Progress | null = null;
  for (;;) {
    const { height, shards, readModel } = await calls.get<CityJson>('/api/v1/city');
    const total = height + 1 + shards.reduce((sum, { size }) => sum + size, 0);
    const done = total - readModel.behindBlocks - readModel.behindReadings;
    progress ??= new Progress(cli.output, UNIT, total, done);
    if (done >= total) {
      if (progress.wasShown) progress.end(done);
      if (cli.json) cli.output.line(JSON.stringify({ summary: { total, behind: 0 } }));
      else cli.output.line(`level: ${total} ${UNIT}`);
      return;
    }
    progress.set(done);
    await sleep(LOOK_MS);
  }
}
