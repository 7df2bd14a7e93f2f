/** `oppidum bench NAME`: the same as `npm run bench -- NAME`. */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { addExamples, openCli } from '../cli.ts';
import { EXIT } from '../failure.ts';

const RUNNER = fileURLToPath(new URL('../../../../tools/run.cjs', import.meta.url));

/** Adds arguments, options and the work to the command. */
export function buildBench(command: Command): void {
  command
    .argument('<name>', 'verify, map, ledger-embedded, first-start or idle')
    .option('--seconds <n>', 'how long to measure, about')
    .action(async (name: string, options: { readonly seconds?: string }, self: Command) => {
      const { json } = openCli(self);
      const seconds = options.seconds === undefined ? [] : ['--seconds', options.seconds];
      process.exitCode = await runBench([name, ...seconds, ...(json ? ['--json'] : [])]);
    });
  addExamples(command, [
    ['one evidence file, verified again and again', 'bench verify'],
    ['for a program', 'bench map --seconds 30 --json'],
  ]);
}

function runBench(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [RUNNER, 'bench', ...args], { stdio: 'inherit' });
  // The terminal tells both; a signal to us alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => resolve(EXIT.failed));
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
  });
}
