/** The private key of a device or of its maker as a file: a seed of 32 bytes in hex, mode 0600. Seeds enter no log line and no error. */

import { readSecretFileIfThere } from '@oppidum/crypto/secret-file';
import { generateSeed } from '@oppidum/crypto/signer';
import { type Bytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { makeFileDurably } from './durable-file.ts';

const SEED_SIZE = 32;

/** The seed in a key file. Throws KEY_FILE_MISSING, KEY_FILE_PERMISSIONS (others may read it), KEY_FILE_INVALID. */
export function readSeed(path: string): Bytes {
  const seed = readSeedIfThere(path);
  if (seed === null) throw formatError('KEY_FILE_MISSING', { path });
  return seed;
}

/**
 * The seed in a key file; makes a fresh one, durable before it is returned, where there is no file. Of several that make it at once, a
 * device and a command that enrols it perhaps, all get the same. Throws as `readSeed`.
 */
export async function readOrMakeSeed(path: string): Promise<Bytes> {
  const known = readSeedIfThere(path);
  if (known !== null) return known;
  const seed = generateSeed();
  return (await makeFileDurably(path, encodeUtf8(`${toHex(seed)}\n`))) ? seed : readSeed(path);
}

function readSeedIfThere(path: string): Bytes | null {
  const secret = readSecretFileIfThere(path);
  if (secret === null) return null;
  const text = new TextDecoder().decode(secret);
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw formatError('KEY_FILE_INVALID', { path });
  return parseHex(text.slice(0, 2 * SEED_SIZE), SEED_SIZE);
}
