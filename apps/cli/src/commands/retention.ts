/** `oppidum retention`: how long raw envelopes are kept. Digests, receipts and proofs stay for ever. */

import type { Command } from 'commander';
import { addExamples, type Cli, formatTime, openCli } from '../cli.ts';
import { CliFailure, EXIT, usageFailure } from '../failure.ts';
import { runProgram } from '../run-program.ts';
import { confirm } from '../transactions.ts';

/** What `retention-main.ts` of services/telemetry answers. */
type Answer = {
  readonly rawDays: number | null;
  readonly shards: readonly {
    readonly number: number;
    readonly entries: number;
    readonly retired: number;
    readonly due: number;
    readonly oldestMs: number | null;
  }[];
};

/** Adds subcommands and their work to the command. */
export function buildRetention(command: Command): void {
  const show = command
    .command('show')
    .description('what is kept, what is gone, what is due')
    .action(async (_options: object, self: Command) => {
      const cli = openCli(self);
      tell(cli, await run(['show', '--data', cli.data]));
    });
  addExamples(show, [['of the city in ./city-data', 'retention show']]);
  const apply = command
    .command('apply')
    .description('keep raw envelopes for so many days; running shards begin within seconds, stopped ones at their next start')
    .argument('<days>', 'such as 400d, or forever', parseDays)
    .option('--dry-run', 'say what would be dropped; set nothing')
    .option('-y, --yes', 'do not ask, although it cannot be undone')
    .action(async (days: string, options: { readonly dryRun?: true; readonly yes?: true }, self: Command) => {
      const cli = openCli(self);
      const answer = await run(['show', '--data', cli.data, '--days', days]);
      if (options.dryRun === true) {
        tell(cli, answer);
        cli.output.note('Dry run: nothing was set or dropped.');
        return;
      }
      const due = answer.shards.reduce((sum, shard) => sum + shard.due, 0);
      const sentence = `Drop the envelopes of ${due} readings now, and of every other ${days === 'forever' ? 'none' : `after ${days} days`}`;
      if (days !== 'forever') await confirm(cli, { sentence, isDangerous: true }, options);
      tell(cli, await run(['set', '--data', cli.data, '--days', days]));
    });
  apply.addHelpText('after', APPLY_HELP);
  addExamples(apply, [
    ['what would go', 'retention apply 400d --dry-run'],
    ['keep them a little more than a year', 'retention apply 400d'],
  ]);
}

const APPLY_HELP = `
Dropped: what devices sent, as they signed it. Stays: every digest with its place in the log, decisions and receipts, erasures, and the
values in the read model until it is filled anew. Whoever kept an envelope can still prove it: \`evidence ID --envelope FILE\`.`;

function parseDays(text: string): string {
  if (text === 'forever') return text;
  const [, days] = /^([1-9][0-9]{0,4})d$/.exec(text) ?? [];
  if (days === undefined) throw usageFailure(`days are such as 400d, or forever, not ${text}`);
  return days;
}

function tell({ output, json }: Cli, answer: Answer): void {
  if (json) return output.json(answer);
  output.fields([
    ['raw envelopes', answer.rawDays === null ? 'kept for ever' : `kept for ${answer.rawDays} days`],
    ...answer.shards.map(({ number, entries, retired, due, oldestMs }) => {
      const oldest = oldestMs === null ? 'none left' : `oldest of ${formatTime(oldestMs)}`;
      return [`shard ${number}`, `${entries} readings, ${retired} without envelope, ${due} due, ${oldest}`] as const;
    }),
  ]);
}

async function run(args: readonly string[]): Promise<Answer> {
  const { said, complaint, code } = await runProgram(import.meta.resolve('@oppidum/telemetry/retention-main'), args);
  if (code !== 0) throw new CliFailure(complaint, { exitCode: code ?? EXIT.failed });
  return JSON.parse(said) as Answer;
}
