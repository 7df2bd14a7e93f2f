/** The private key of a device or of its maker as a file: a seed of 32 bytes in hex, mode 0600. Seeds enter no log line and no error. */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { generateSeed } from '@oppidum/crypto/signer';
import { type Bytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from './durable-file.ts';

const SEED_SIZE = 32;
/** Bits of the mode that let the group or others in. */
const OTHERS = 0o077;

/** The seed in a key file. Throws KEY_FILE_MISSING, KEY_FILE_PERMISSIONS (others may read it), KEY_FILE_INVALID. */
export function readSeed(path: string): Bytes {
  const seed = readSeedIfThere(path);
  if (seed === null) throw formatError('KEY_FILE_MISSING', { path });
  return seed;
}

/** The seed in a key file; makes a fresh one, durable before it is returned, where there is no file. Throws as `readSeed`. */
export async function readOrMakeSeed(path: string): Promise<Bytes> {
  const known = readSeedIfThere(path);
  if (known !== null) return known;
  const seed = generateSeed();
  await writeFileDurably(path, encodeUtf8(`${toHex(seed)}\n`));
  return seed;
}

function readSeedIfThere(path: string): Bytes | null {
  const text = readSecret(path);
  if (text === null) return null;
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw formatError('KEY_FILE_INVALID', { path });
  return parseHex(text.slice(0, 2 * SEED_SIZE), SEED_SIZE);
}

function readSecret(path: string): string | null {
  const descriptor = openIfThere(path);
  if (descriptor === null) return null;
  try {
    const { mode } = fstatSync(descriptor);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
      throw formatError('KEY_FILE_PERMISSIONS', { path, mode: (mode & 0o777).toString(8) });
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'EACCES' || code === 'EPERM') throw formatError('KEY_FILE_PERMISSIONS', { path });
    throw error;
  }
}
