/**
 * `oppidum attack list|run`: attacks that are really carried out, on a city founded for them alone, and what became of each. Ends with 0 only
 * when every one was prevented or detected.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Attack, carryOut, type Outcome } from '../attacks/attack.ts';
import { attacksOn } from '../attacks/attacks.ts';
import { addExamples, type Cli, openCli } from '../cli.ts';
import { EXIT, usageFailure } from '../failure.ts';
import { writeNew } from '../new-file.ts';

type CityOptions = { readonly cluster?: true };
type RunOptions = CityOptions & { readonly all?: true; readonly out?: string };

const CLUSTER_HELP = 'on a city of four validators (CometBFT: `cluster install-engine`)';
const COLORS = { prevented: 'green', detected: 'green', succeeded: 'red' } as const;

/** Adds the subcommands. */
export function buildAttack(command: Command): void {
  command
    .command('list')
    .description('the attacks that there are, what each tries, and which rule is to stop it')
    .option('--cluster', CLUSTER_HELP)
    .action(({ cluster }: CityOptions, self: Command) => {
      const { json, output } = openCli(self);
      const attacks = attacksOn(cluster === true);
      if (json) return output.json({ attacks: attacks.map(({ name, tried, stop }) => ({ attack: name, tried, ...stop })) });
      output.table(attacks, [
        { heading: 'attack', text: ({ name }) => name },
        { heading: 'ending', text: ({ stop }) => stop.ending },
        { heading: 'rule', text: ({ stop }) => stop.rule },
        { heading: 'tries', text: ({ tried }) => tried },
      ]);
    });
  const run = command
    .command('run')
    .description('carry out one attack, or all, on a city that is founded for it and removed afterwards')
    .argument('[name]', 'which attack')
    .option('--all', 'all of them, one after the other')
    .option('--cluster', CLUSTER_HELP)
    .option('--out <dir>', 'keep what proves it here: evidence, forks, and the policy to verify them under')
    .action(async (name: string | undefined, options: RunOptions, self: Command) => {
      const cli = openCli(self);
      if (self.optsWithGlobals<{ data?: string }>().data !== undefined)
        throw usageFailure('Attacks are carried out on a city of their own, never on one that is there', 'Leave --data out');
      await runAttacks(cli, chooseAttacks(name, options), options);
    });
  run.addHelpText(
    'after',
    '\nEnds with 0 only if each was prevented or detected, else with 1. The city is founded in the folder for temporary files: of one validator, or with --cluster of four.',
  );
  addExamples(run, [
    ['one', 'attack run replayed-order'],
    ['all, and keep what proves it', 'attack run --all --out attacks'],
    ['the same on four validators', 'attack run --all --cluster'],
  ]);
}

function chooseAttacks(name: string | undefined, { all, cluster }: RunOptions): readonly Attack[] {
  if ((name === undefined) !== (all === true)) throw usageFailure('Name one attack, or give --all', 'See `attack list`');
  const attacks = attacksOn(cluster === true);
  const chosen = attacks.filter((attack) => all === true || attack.name === name);
  if (chosen.length === 0)
    throw usageFailure(`There is no attack ${name}`, `Attacks: ${attacks.map((attack) => attack.name).join(', ')}`);
  return chosen;
}

async function runAttacks(cli: Cli, attacks: readonly Attack[], { out, cluster }: RunOptions): Promise<void> {
  const [{ AttackedCity }, { RULES }] = await Promise.all([import('../attacks/attacked-city.ts'), import('../attacks/rules.ts')]);
  if (out !== undefined) mkdirSync(out, { recursive: true });
  cli.output.note(`Founding a city of ${cluster === true ? 'four validators' : 'one validator'} to attack…`);
  leaveNothing();
  const city = await AttackedCity.found(RULES, cluster === true);
  let succeeded = 0;
  try {
    if (out !== undefined) writeNew(join(out, 'city.policy'), await city.api.policy());
    for (const attack of attacks) {
      process.send?.({ began: attack.name });
      const outcome = await carryOut(attack, city);
      if (outcome.ending === 'succeeded') succeeded++;
      tell(cli, attack, outcome, out ?? null);
    }
  } finally {
    await city.close();
  }
  if (!cli.json) cli.output.line(`${attacks.length} carried out, ${succeeded} succeeded`);
  if (succeeded > 0) process.exitCode = EXIT.failed;
}

/** What is left of a city goes at the exit, also when somebody has seen enough, or whoever started this is gone. */
function leaveNothing(): void {
  const leave = (): never => process.exit(EXIT.failed);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  process.once('disconnect', leave);
  process.channel?.unref();
}

function tell({ json, output }: Cli, { name, tried }: Attack, outcome: Outcome, out: string | null): void {
  const { ending, by, rule, saw, exhibits = [] } = outcome;
  const kept = exhibits.map(({ name: file, verdict }) => ({ file: out === null ? null : join(out, `${name}-${file}`), verdict }));
  for (const { name: file, file: bytes } of exhibits) if (out !== null) writeNew(join(out, `${name}-${file}`), bytes);
  if (json) return output.jsonLine({ attack: name, tried, ending, by, rule, saw, evidence: kept });
  output.line(`${output.paint(COLORS[ending], ending.toUpperCase())}  ${name}`);
  output.fields(
    [
      ['tried', tried],
      ['by', by],
      ['rule', rule],
      ['seen', saw],
      ...exhibits.map(
        ({ name: file, verdict }, i) => ['evidence', `${kept[i]?.file ?? file}: the verifier says ${verdict}`] as const,
      ),
    ],
    '  ',
  );
}
