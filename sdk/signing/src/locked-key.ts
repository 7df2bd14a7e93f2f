/**
 * An account's key in a file under a passphrase (specs/signing.md §1): age (C2SP age) with its scrypt recipient, armored. So `age -d FILE`
 * opens it, too, and what a city's other secrets are sealed by is what seals this one.
 *
 * A file says itself how much work opening it takes: what asks for too little protects nothing, what asks for too much is an attack.
 */

import { type AccountKey, encodeAccountKey, parseAccountKey } from '@oppidum/formats/account-key';
import { type Bytes, parseUtf8 } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { armor, Decrypter, Encrypter } from 'age-encryption';

/** log2 of scrypt's N with r = 8, p = 1: 128 MB at the least (OWASP Password Storage), 1 GB at the most. */
const WORK_MIN = 17;
const WORK_MAX = 20;
/** As `age -p` takes: 256 MB, about a second. */
const WORK_DEFAULT = 18;
/** Characters of a passphrase. */
const PASSPHRASE_LENGTH_MIN = 12;
const PASSPHRASE_LENGTH_MAX = 1_024;
/** A key with the largest policy, sealed and armored, is smaller. */
const FILE_SIZE_MAX = 131_072;

/** The header of a file for one passphrase and nobody else (C2SP age, "The scrypt recipient type"). */
const HEADER =
  /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]{0,3})\n[A-Za-z0-9+/]{43}\n--- [A-Za-z0-9+/]{43}\n/;
const HEADER_SIZE_MAX = 256;
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

/** Throws PASSPHRASE_SHORT. */
function requirePassphrase(passphrase: string): void {
  const { length } = [...passphrase];
  if (length < PASSPHRASE_LENGTH_MIN || length > PASSPHRASE_LENGTH_MAX)
    throw formatError('PASSPHRASE_SHORT', { min: PASSPHRASE_LENGTH_MIN, max: PASSPHRASE_LENGTH_MAX });
}

/** The key as the text of a file. `work` is log2 of scrypt's N. Throws PASSPHRASE_SHORT, ACCOUNT_KEY_COST. */
export async function lockKey(key: AccountKey, passphrase: string, work = WORK_DEFAULT): Promise<string> {
  requirePassphrase(passphrase);
  requireWork(work);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.normalize('NFC'));
  encrypter.setScryptWorkFactor(work);
  return armor.encode(await encrypter.encrypt(encodeAccountKey(key)));
}

/** True for the beginning of what `lockKey` wrote. */
export function looksLocked(file: Bytes): boolean {
  return new TextDecoder().decode(file.subarray(0, 64)).trimStart().startsWith(ARMOR);
}

/**
 * Opens what `lockKey` wrote. The passphrase is tried only after the file's form and its work are known to be allowed.
 * Throws TOO_LARGE, ACCOUNT_KEY_INVALID, ACCOUNT_KEY_COST, PASSPHRASE_WRONG.
 */
export async function unlockKey(file: Bytes, passphrase: string): Promise<AccountKey> {
  const sealed = requireSealed(file);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase.normalize('NFC'));
  let opened: Bytes;
  try {
    opened = await decrypter.decrypt(sealed);
  } catch (error) {
    // The one way in which age says that the passphrase is another; all else is a file that was altered.
    const isOther = error instanceof Error && error.message.startsWith('no identity matched');
    throw formatError(isOther ? 'PASSPHRASE_WRONG' : 'ACCOUNT_KEY_INVALID');
  }
  return parseAccountKey(opened);
}

/** The sealed bytes within the armor, of one scrypt recipient whose work is allowed. */
function requireSealed(file: Bytes): Bytes {
  if (file.length > FILE_SIZE_MAX) throw formatError('TOO_LARGE', { sizeMax: FILE_SIZE_MAX });
  const sealed = unarmor(file);
  const head = new TextDecoder('latin1').decode(sealed.subarray(0, HEADER_SIZE_MAX));
  const [, work] = HEADER.exec(head) ?? [];
  if (work === undefined) throw formatError('ACCOUNT_KEY_INVALID');
  requireWork(Number(work));
  return sealed;
}

function unarmor(file: Bytes): Bytes {
  try {
    return armor.decode(parseUtf8(file));
  } catch {
    throw formatError('ACCOUNT_KEY_INVALID');
  }
}

function requireWork(work: number): void {
  if (!Number.isInteger(work) || work < WORK_MIN || work > WORK_MAX)
    throw formatError('ACCOUNT_KEY_COST', { min: WORK_MIN, max: WORK_MAX, got: work });
}
