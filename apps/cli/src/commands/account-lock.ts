/** `oppidum account lock-key`: a seed into a key file under a passphrase, with the city and the account that it is for. */

import { existsSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { readSeed } from '@oppidum/device/key-file';
import { pinCity } from '@oppidum/formats/account-key';
import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { lockKey } from '@oppidum/signing/locked-key';
import type { Command } from 'commander';
import { addExamples, type Cli, idArgument, openCli, policyAtHand, readFile } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { askPassphrase, type PassphraseOption, readPassphrase } from '../signing-key.ts';
import { idBytes } from '../transactions.ts';

type LockOptions = PassphraseOption & { readonly out: string; readonly account?: string; readonly policy?: string };

/** Adds the subcommand and its work to the command. */
export function buildLockKey(command: Command): void {
  const lock = command
    .command('lock-key')
    .description('write a key file under a passphrase, for `transaction sign` and the offline signing page')
    .argument('<seed>', 'file of the seed, which stays as it is: destroy it when the locked one is safe')
    .requiredOption('--out <file>', 'the key file to write; `age -d` opens it, too')
    .option('--account <id>', 'the account that it signs for, and no other', idArgument('--account'))
    .option('--policy <file>', 'policy of the city that it signs for, and no other (default: that at hand)')
    .option('--passphrase-file <file>', 'file with the passphrase, mode 600 (default: OPPIDUM_PASSPHRASE_FILE, else asked twice)')
    .action(lockSeed);
  addExamples(lock, [['for the offline signing page', 'account lock-key anna.seed --account <id> --out anna.key']]);
}

async function lockSeed(seedFile: string, options: LockOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { out, account } = options;
  if (existsSync(out)) throw formatError('KEY_FILE_EXISTS', { path: out });
  const seed = readSeed(seedFile);
  const policyFile = options.policy ?? policyAtHand(cli);
  const policy = policyFile === undefined ? null : readFile(policyFile);
  const origin = policy === null ? null : pinCity(nativeCrypto, policy).origin;
  const pins = { ...(account === undefined ? {} : { account: idBytes(account) }), ...(policy === null ? {} : { policy }) };
  const text = await lockKey({ seed, ...pins }, readPassphrase(options) ?? (await askTwice(cli)));
  await writeFileDurably(out, encodeUtf8(text));
  const publicKey = toHex(ed25519Signer(seed).publicKey);
  if (cli.json) cli.output.json({ file: out, publicKey, account: account ?? null, origin });
  else
    cli.output.fields([
      ['written', out],
      ['public key', publicKey],
      ['account', account ?? 'any: name it with --account'],
      ['city', origin ?? 'any: name its policy with --policy'],
    ]);
  cli.output.note(`Keep two copies. Nobody can restore the passphrase. The seed still lies in the clear in ${seedFile}.`);
}

async function askTwice(cli: Cli): Promise<string> {
  const first = await askPassphrase(cli, 'Passphrase for the key file, 12 characters or more');
  if ((await askPassphrase(cli, 'The same again')) !== first) throw usageFailure('The two passphrases differ');
  return first;
}
