/**
 * Keys that sign on the command line: a seed in a file that only its owner may read, or a key file under a passphrase (specs/signing.md
 * §1), which may lie anywhere. The passphrase comes from a file or is asked on the terminal, and stands in no flag.
 */

import { existsSync } from 'node:fs';
import { isCancel, password } from '@clack/prompts';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { readSeed } from '@oppidum/device/key-file';
import { type PinnedCity, pinCity } from '@oppidum/formats/account-key';
import { type Bytes, parseUtf8 } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { looksLocked, unlockKey } from '@oppidum/signing/locked-key';
import { type Cli, readFile } from './cli.ts';
import { CliFailure, EXIT, usageFailure } from './failure.ts';

export type PassphraseOption = { readonly passphraseFile?: string };

/** A key that may sign now, and what its file pins: null for a plain seed. */
export type SigningKey = { readonly signer: Signer; readonly account: Bytes | null; readonly city: PinnedCity | null };

/** Names of where the passphrase may be, for help. */
export const PASSPHRASE_HELP =
  'file with the passphrase of a locked key, mode 600 (default: OPPIDUM_PASSPHRASE_FILE, else asked)';

/** Opens the key of a file. Throws as `readSeed`, `unlockKey`, `pinCity` do; exit code 2 where nobody can be asked for a passphrase. */
export async function openSigningKey(cli: Cli, file: string, options: PassphraseOption): Promise<SigningKey> {
  const bytes = existsSync(file) ? readFile(file) : null;
  if (bytes === null || !looksLocked(bytes)) return { signer: ed25519Signer(readSeed(file)), account: null, city: null };
  const passphrase = readPassphrase(options) ?? (await askPassphrase(cli, `Passphrase of ${file}`));
  const { seed, account = null, policy } = await unlockKey(bytes, passphrase);
  return { signer: ed25519Signer(seed), account, city: policy === undefined ? null : pinCity(nativeCrypto, policy) };
}

/** The passphrase in the named file, without the end of its line; null where none is named. Throws as `readSecretFile` does. */
export function readPassphrase({ passphraseFile }: PassphraseOption): string | null {
  const file = passphraseFile ?? process.env['OPPIDUM_PASSPHRASE_FILE'];
  return file === undefined ? null : parseUtf8(readSecretFile(file)).replace(/\r?\n$/, '');
}

/** Asks on the terminal without showing it. Throws exit code 2 where nobody can be asked, 1 where nobody answers. */
export async function askPassphrase(cli: Cli, message: string): Promise<string> {
  if (!cli.mayAsk) throw usageFailure('The key is locked, and nobody can be asked', 'Name a file with --passphrase-file FILE');
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new CliFailure('Nothing was done', { exitCode: EXIT.failed });
  return answer ?? '';
}
