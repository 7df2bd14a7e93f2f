/** Files of private keys: that nobody else can read them, that they hold a seed, and that the ledger knows the key. Seeds are never told. */

import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, parseBase64, parseHex, parseUtf8 } from '@oppidum/formats/bytes';
import { modeOf, readIfThere } from './files.ts';
import { attempt, type Findings } from './findings.ts';

/** What these checks tell of. */
type Told = Pick<Findings, 'damage' | 'checked'>;

/** For whoever needs a key and has told of its file already. */
export const TELLS_NOTHING: Told = { damage: () => undefined, checked: () => undefined };

const SEED_SIZE = 32;
const OTHERS = 0o077;

/** The public key of a seed file, or null where there is none or it cannot be used; the damage is told. */
export function checkSeedFile(findings: Told, path: string, name: string, isNeeded: boolean): Bytes | null {
  const seed = readSeed(findings, path, name, isNeeded);
  return seed === null ? null : ed25519Signer(seed).publicKey;
}

/** The seed itself, for keys that decrypt. */
export function readSeed(findings: Told, path: string, name: string, isNeeded: boolean): Bytes | null {
  const file = readIfThere(path);
  if (file === null) {
    if (isNeeded) findings.damage('KEY_FILE_MISSING', name, 'missing');
    return null;
  }
  findings.checked('key files');
  checkMode(findings, path, name);
  const parsed = attempt(() => {
    const text = parseUtf8(file).replace(/\n$/, '');
    return text.length === 2 * SEED_SIZE ? parseHex(text) : parseBase64(text);
  });
  // What a broken key file holds may be most of a key: say nothing of it.
  if ('value' in parsed && parsed.value.length === SEED_SIZE) return parsed.value;
  findings.damage('KEY_FILE_INVALID', name, 'not 32 bytes in hex');
  return null;
}

/** Tells of a secret file or folder that others than its owner can enter. */
export function checkMode(findings: Told, path: string, name: string): void {
  const mode = modeOf(path);
  if (mode !== null && (mode & OTHERS) !== 0) findings.damage('KEY_FILE_PERMISSIONS', name, `mode ${mode.toString(8)}`);
}
