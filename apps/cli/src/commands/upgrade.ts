/** `oppidum upgrade …`: from which block on the city executes by the next version of its rules, as the ledger proves it and the council decides. */

import { toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import type { Command } from 'commander';
import { addExamples, openCli, wholeNumber } from '../cli.ts';
import { readUpgrades, readValidators } from '../proven-validators.ts';
import { actionOf, addSignOptions, carryOut, freshId, type SignOptions } from '../transactions.ts';

type PolicyOption = { readonly policy?: string };
type ProposeOptions = SignOptions & PolicyOption & { readonly expires: number };
type PlanOptions = ProposeOptions & { readonly height: number };

const HOUR_MS = 3_600_000;
const EXPIRES_HOURS_DEFAULT = 72;
const EXPIRES_HOURS_MAX = 24 * 366;
const VERSION_MAX = 0xffffffff;
const POLICY_FLAG = ['--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)'] as const;

/** Adds subcommands and their work to the command. */
export function buildUpgrade(command: Command): void {
  const show = command
    .command('show')
    .description('which version of the rules is in force, and what is planned; proven by the ledger')
    .option(...POLICY_FLAG)
    .action(showUpgrades);
  addExamples(show, [['what is decided', 'upgrade show']]);
  const plan = proposing(command, 'plan', 'propose the block from which the next version of the rules is in force')
    .argument('<version>', 'the version after the one in force', wholeNumber('the version', 2, VERSION_MAX))
    .requiredOption('--height <n>', 'its first block', wholeNumber('--height', 1, Number.MAX_SAFE_INTEGER))
    .action(async (version: number, options: PlanOptions, self: Command) => {
      const { height } = options;
      const body = new Map<string, CborValue>(Object.entries({ version, height }));
      await propose(self, options, ['upgrade/plan', body], `from block ${height} on the city executes by version ${version}`);
    });
  addExamples(plan, [['see what would be signed', 'upgrade plan 2 --height 120000 --dry-run']]);
  const cancel = proposing(command, 'cancel', 'propose to take back what is planned').action(
    async (options: ProposeOptions, self: Command) => {
      await propose(self, options, ['upgrade/cancel', new Map()], 'the upgrade that is planned does not take place');
    },
  );
  addExamples(cancel, [['without being asked', 'upgrade cancel --yes']]);
}

function proposing(command: Command, name: string, description: string): Command {
  return addSignOptions(command.command(name).description(description))
    .option(...POLICY_FLAG)
    .option(
      '--expires <hours>',
      'how long it may wait for approvals',
      wholeNumber('--expires', 1, EXPIRES_HOURS_MAX),
      EXPIRES_HOURS_DEFAULT,
    )
    .addHelpText(
      'after',
      '\nYour signature is also your approval; the others approve with `proposal approve`, or apart (docs/signing.md). A node whose program\ndoes not know the version stops before its first block.',
    );
}

async function propose(self: Command, options: ProposeOptions, action: CborValue, sentence: string): Promise<void> {
  const cli = openCli(self);
  const { council } = await readValidators(cli, options);
  const id = freshId();
  const body = { id, body: council, actions: [action], expiresMs: Date.now() + options.expires * HOUR_MS };
  const whole = `Propose to the council that ${sentence}, as proposal ${toHex(id)}; your signature is also your approval`;
  await carryOut(cli, { sentence: whole, isDangerous: true, actions: [actionOf('proposal/create', body)] }, options);
}

async function showUpgrades(options: PolicyOption, self: Command): Promise<void> {
  const cli = openCli(self);
  const { version, from, plan } = await readUpgrades(cli, options);
  if (cli.json) {
    cli.output.json({ version, from, plan });
    return;
  }
  cli.output.fields([
    ['version', `${version}, in force since block ${from}`],
    [
      'planned',
      plan === null ? 'nothing' : `version ${plan.version} from block ${plan.height} on, decided in block ${plan.decidedAt}`,
    ],
  ]);
}
