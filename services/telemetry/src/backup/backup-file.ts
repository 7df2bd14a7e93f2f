/**
 * A folder as one file: a tar archive (POSIX ustar with pax), sealed by age (C2SP age) under a passphrase or for recipients. Both are
 * formats that others' programs open: `age -d FILE | tar x`.
 */

import { closeSync, createReadStream, createWriteStream, openSync, readSync, rmSync } from 'node:fs';
import { chmod, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { fsyncFolder } from '@oppidum/node/durable-file';
import { Decrypter, Encrypter } from 'age-encryption';
import { packTar, type TarSource, unpackTar } from 'modern-tar/fs';

/** Who can open it: whoever knows the passphrase, or has the identity (`AGE-SECRET-KEY-…`) of a recipient (`age1…`). */
export type Sealing = { readonly passphrase: string } | { readonly recipients: readonly string[] };
export type Opening = { readonly passphrase: string } | { readonly identity: string };

/** The first bytes of every age file (C2SP age, "Header"). */
const AGE_MAGIC = 'age-encryption.org/v1';
const SECRET_MODE = 0o600;

/**
 * Writes a folder, or files in memory by their paths, as one file, durably, mode 600; in the clear without `sealing`.
 * Throws BACKUP_KEY_WRONG for what is no recipient.
 */
export async function packFile(what: string | ReadonlyMap<string, Bytes>, file: string, sealing: Sealing | null): Promise<void> {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  try {
    const encrypter = sealing === null ? null : makeEncrypter(sealing);
    const archive = packTar(typeof what === 'string' ? what : [...what].map(sourceOf));
    const sealed = encrypter === null ? archive : await seal(archive, encrypter);
    await pipeline(sealed, createWriteStream(fresh, { mode: SECRET_MODE }));
    const handle = await open(fresh, 'r+');
    await handle.sync();
    await handle.close();
    await rename(fresh, file);
    await fsyncFolder(dirname(file));
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function sourceOf([target, content]: readonly [string, Bytes]): TarSource {
  return { type: 'content', target, content, mode: SECRET_MODE };
}

/** Unpacks a file into a folder. Throws BACKUP_KEY_WRONG (sealed for somebody else, or in the clear), BACKUP_INVALID. */
export async function unpackFile(file: string, folder: string, opening: Opening | null): Promise<void> {
  const isSealed = startsWith(file, AGE_MAGIC);
  if (isSealed && opening === null) throw formatError('BACKUP_KEY_WRONG', { file, want: 'a passphrase or an identity' });
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  const archive = isSealed && opening !== null ? await unseal(source, opening, file) : source;
  try {
    await pipeline(archive, unpackTar(folder, { strict: true, maxDepth: 8, filter: ({ type }) => isPlain(type, file) }));
  } catch (error) {
    throw formatError('BACKUP_INVALID', { file, reason: reasonOf(error) });
  }
  await chmod(folder, 0o700);
}

/** A backup has files and folders: a link in one would write outside of it. */
function isPlain(type: string | undefined, file: string): boolean {
  if (type === undefined || type === 'file' || type === 'directory') return true;
  throw formatError('BACKUP_INVALID', { file, reason: `an entry is a ${type}` });
}

function makeEncrypter(sealing: Sealing): Encrypter {
  const encrypter = new Encrypter();
  try {
    if ('passphrase' in sealing) encrypter.setPassphrase(sealing.passphrase);
    else for (const recipient of sealing.recipients) encrypter.addRecipient(recipient);
  } catch {
    throw formatError('BACKUP_KEY_WRONG', { want: 'recipients that begin with age1' });
  }
  return encrypter;
}

async function seal(archive: Readable, encrypter: Encrypter): Promise<Readable> {
  return Readable.fromWeb((await encrypter.encrypt(Readable.toWeb(archive) as ReadableStream<Uint8Array>)) as never);
}

async function unseal(source: Readable, opening: Opening, file: string): Promise<Readable> {
  try {
    const decrypter = new Decrypter();
    if ('passphrase' in opening) decrypter.addPassphrase(opening.passphrase);
    else decrypter.addIdentity(opening.identity);
    const stream = await decrypter.decrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>);
    return Readable.fromWeb(stream as never);
  } catch {
    source.destroy();
    // What the library says may name what it was given.
    throw formatError('BACKUP_KEY_WRONG', { file, want: 'the passphrase or identity that it was sealed for' });
  }
}

function startsWith(file: string, text: string): boolean {
  const bytes = Buffer.alloc(text.length);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, bytes) === text.length && bytes.toString('latin1') === text;
  } finally {
    closeSync(descriptor);
  }
}

function reasonOf(error: unknown): string {
  return (error as Error).message.split('\n')[0] ?? '';
}
