/** `oppidum witness --policy FILE`: cosigns the logs that the policy names, for whoever asks (C2SP tlog-witness). */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parsePolicy } from '@oppidum/formats/policy';
import type { Command } from 'commander';
import { addExamples, readFile } from '../cli.ts';
import { runEntry } from '../entries.ts';

const DATA_DEFAULT = './witness-data';

type WitnessOptions = { readonly policy: string; readonly data?: string; readonly listen: string; readonly name?: string };

/** Adds options and the work to the command. */
export function buildWitness(command: Command): void {
  command
    .requiredOption('--policy <file>', 'whose logs to cosign; the group `validators` is checked first')
    .option('--listen <host:port>', 'where to listen', '127.0.0.1:7190')
    .option('--name <name>', 'name in the verifier key (default: made from the key)')
    .addHelpText('after', `\nKeeps its key and what it signed in --data (default: ${DATA_DEFAULT}). Prints its verifier key.`)
    .action(async (_options: object, self: Command) => {
      const { policy, data, listen, name } = self.optsWithGlobals<WitnessOptions>();
      // What cannot be read is told before a folder is made.
      parsePolicy(nativeCrypto, readFile(policy));
      const named = name === undefined ? [] : ['--name', name];
      await runEntry('witness', ['--policy', policy, '--data', data ?? DATA_DEFAULT, '--listen', listen, ...named]);
    });
  addExamples(command, [['for a city whose policy you trust', 'witness --policy city.policy --data witness-data']]);
}
