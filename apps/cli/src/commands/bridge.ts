/** `oppidum bridge lorawan|modbus|csv|enrol`: the bridge of apps/bridge, in this process. */

import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { CityApi } from '@oppidum/device/city-api';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { toHex } from '@oppidum/formats/bytes';
import type { Command } from 'commander';
import { addExamples, type Cli, noPolicyAtHand, openCli, policyAtHand, wholeNumber } from '../cli.ts';
import { runEntry } from '../entries.ts';
import { ensureManufacturer, type ImporterOptions, readImporter } from '../replay/importer.ts';

type RunOptions = { readonly policy?: string; readonly folder?: string };

const KINDS = {
  lorawan: 'take uplinks that a LoRaWAN network server posts (ChirpStack v4, The Things Stack v3)',
  modbus: 'ask Modbus TCP devices for their registers',
  csv: 'follow a CSV file that grows, or standard input',
} as const;

const AFTER = `
The settings are a YAML file (docs/bridges.md). The bridge holds a key for each device, of grade bridge: every listing and verdict says
that a bridge signed, not the device. What the city does not take now waits in the bridge's folder.`;

/** Adds subcommands and their work to the command. */
export function buildBridge(command: Command): void {
  command.addHelpText('after', AFTER);
  for (const [kind, about] of Object.entries(KINDS)) {
    const run = addOptions(command.command(kind).description(about)).action(
      async (settings: string, options: RunOptions, self: Command) => {
        const cli = openCli(self);
        await runEntry('bridge', ['run', ...commonArgs(cli, settings, options), '--kind', kind]);
      },
    );
    addExamples(run, [['until Ctrl-C', `bridge ${kind} ${kind}.yaml`]]);
  }
  const enrol = addOptions(command.command('enrol').description('register and activate the devices of a bridge'))
    .option(
      '--manufacturer <id>',
      'manufacturer on the ledger that registers them (default: one of the operator, made at the first use)',
    )
    .option('--account <id>', 'account of the manufacturer')
    .option('--key <file>', 'seed file of that account')
    .option('--key-number <number>', 'number of that key', wholeNumber('--key-number', 0, 0xffffffff), 0)
    .action(enrolBridge);
  addExamples(enrol, [['as the operator of this data folder', 'bridge enrol lorawan.yaml']]);
}

function addOptions(command: Command): Command {
  return command
    .argument('<settings>', 'YAML file with the settings')
    .option('--policy <file>', 'the policy to trust (default: ./city.policy, else that of the data folder)')
    .option('--folder <dir>', 'keys and outbox of the bridge (default: beside the settings, named after them)');
}

function commonArgs(cli: Cli, settings: string, options: RunOptions): string[] {
  const policy = policyOf(cli, options);
  const folder = options.folder ?? join(dirname(settings), `${basename(settings, extname(settings))}-bridge`);
  return [settings, '--api', cli.api, '--policy', policy, '--folder', folder];
}

function policyOf(cli: Cli, options: RunOptions): string {
  const policy = options.policy ?? policyAtHand(cli);
  if (policy === undefined) throw noPolicyAtHand();
  return policy;
}

async function enrolBridge(settings: string, options: RunOptions & ImporterOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const importer = await readImporter(cli.data, options, 'bridge');
  const api = new CityApi(cli.api);
  try {
    const policy = new Uint8Array(readFileSync(policyOf(cli, options)));
    await ensureManufacturer(api, new ProvenRecords(nativeCrypto, policy, api), importer);
  } finally {
    api.close();
  }
  const { manufacturer, by } = importer;
  const key = options.key ?? join(cli.data, 'keys', 'operator.seed');
  const maker = ['--manufacturer', toHex(manufacturer), '--account', toHex(by.account), '--key', key];
  await runEntry('bridge', ['enrol', ...commonArgs(cli, settings, options), ...maker, '--key-number', String(by.keyNumber)]);
}
