/**
 * Private keys as files: a seed of 32 bytes in hex, mode 0600, in folders of mode 0700. A key that others can read is refused, not
 * used: whoever copied it signs as we do. Seeds never enter a log line or an error.
 */

import { chmodSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { type Bytes, encodeUtf8, parseBase64, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { makeFolderDurably, writeFileDurably } from './durable-file.ts';

const SEED_SIZE = 32;
const SECRET_FILE_MODE = 0o600;
const SECRET_FOLDER_MODE = 0o700;
const OTHERS = 0o007;

/** Makes a folder that only its owner may enter. */
export async function makeSecretFolder(folder: string): Promise<void> {
  await makeFolderDurably(folder, SECRET_FOLDER_MODE);
}

/**
 * Takes a folder from users who are neither its owner nor of its group: those of earlier versions were open to everybody on the machine, who
 * reads there what the doors let nobody read without a key.
 */
export function closeToOthers(folder: string): void {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return;
  try {
    chmodSync(folder, mode & 0o777 & ~OTHERS);
  } catch (error) {
    // Somebody else's, who decides.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

/** The seed in a key file, hex or base64, with or without a newline. Throws as `readSecretFile` does, and KEY_FILE_INVALID. */
export function readSeedFile(path: string): Bytes {
  const seed = parseSeed(readSecretFile(path));
  if (seed === null) throw formatError('KEY_FILE_INVALID', { path });
  return seed;
}

function parseSeed(file: Bytes): Bytes | null {
  try {
    const text = parseUtf8(file).replace(/\n$/, '');
    const seed = text.length === 2 * SEED_SIZE ? parseHex(text) : parseBase64(text);
    return seed.length === SEED_SIZE ? seed : null;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Writes a new key file of mode 0600 in a folder of mode 0700. Throws KEY_FILE_EXISTS: a key is never written over. */
export async function writeSeedFile(path: string, seed: Bytes): Promise<void> {
  if (seed.length !== SEED_SIZE) throw new RangeError('a seed has 32 bytes');
  if (await fileExists(path)) throw formatError('KEY_FILE_EXISTS', { path });
  await makeSecretFolder(dirname(path));
  // DURABLE: key
  await writeFileDurably(path, encodeUtf8(`${toHex(seed)}\n`), SECRET_FILE_MODE);
}

/** True when something stands at this path. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
