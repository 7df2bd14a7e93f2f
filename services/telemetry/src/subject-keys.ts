/**
 * Keys of devices whose readings are about people: one small file each, outside the database and its backups. Envelopes are sealed
 * under them (AES-256-GCM, NIST SP 800-38D), so destroying a file erases all the device ever sent, wherever copies of the vault are.
 *
 *   sealed = device ‖ key id ‖ nonce ‖ tag ‖ ciphertext        the entry's digest is authenticated along
 */

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, concatBytes, encodeUtf8, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { fsyncFolder } from '@oppidum/node/durable-file';
import { fileExists, makeSecretFolder, readSeedFile, writeSeedFile } from '@oppidum/node/key-files';

const KEY_SIZE = 32;
const KEY_ID_SIZE = 16;
/** NIST SP 800-38D §8.2: 96 bits; random, and one key seals far fewer than 2^32 envelopes. */
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
/** What a sealed envelope is longer than it was. */
const SEAL_SIZE = ID_SIZE + KEY_ID_SIZE + NONCE_SIZE + TAG_SIZE;
/** Ends the name of a key that is about to be written over. */
const DOOMED = '.destroyed';
const DIGEST_LABEL = encodeUtf8('oppidum/subject-digest/v1\n');
const KEY_ID_LABEL = encodeUtf8('oppidum/subject-key/v1\n');

type SubjectKey = { readonly id: Bytes; readonly key: Bytes };

export type SubjectKeysOptions = {
  readonly folder: string;
  readonly crypto: Crypto;
  /** Must come from a source fit for keys. */
  readonly randomBytes: (size: number) => Bytes;
};

/** The keys of one shard's subjects. One process per folder. */
export class SubjectKeys {
  readonly #options: SubjectKeysOptions;
  readonly #known = new Map<string, SubjectKey>();

  static async open(options: SubjectKeysOptions): Promise<SubjectKeys> {
    const { folder } = options;
    await makeSecretFolder(folder);
    for (const name of await readdir(folder)) if (name.endsWith(DOOMED)) await overwrite(join(folder, name), folder);
    return new SubjectKeys(options);
  }

  private constructor(options: SubjectKeysOptions) {
    this.#options = options;
  }

  /** Makes the device's key durable where there is none; `seal` needs it. */
  async provide(device: Bytes): Promise<void> {
    if (this.#find(device) !== null) return;
    // DURABLE: subject key
    await writeSeedFile(this.#file(device), this.#options.randomBytes(KEY_SIZE));
  }

  /** HMAC-SHA-256 of a payload (RFC 2104): nobody guesses values from it without the key. Throws a plain Error before `provide`. */
  digest(device: Bytes, payload: Bytes): Bytes {
    return new Uint8Array(createHmac('sha256', this.#provided(device).key).update(DIGEST_LABEL).update(payload).digest());
  }

  /** Seals what the device sent. `digest` is the entry's. Throws a plain Error before `provide`. */
  seal(device: Bytes, digest: Bytes, envelope: Bytes): Bytes {
    const subject = this.#provided(device);
    const nonce = this.#options.randomBytes(NONCE_SIZE);
    const cipher = createCipheriv('aes-256-gcm', subject.key, nonce).setAAD(digest);
    const ciphertext = concatBytes(cipher.update(envelope), cipher.final());
    return concatBytes(device, subject.id, nonce, cipher.getAuthTag(), ciphertext);
  }

  /** What was sealed, or null once its key is destroyed. Throws a plain Error when the sealed bytes were altered. */
  open(digest: Bytes, sealed: Bytes): Bytes | null {
    const [afterDevice, afterId] = [ID_SIZE, ID_SIZE + KEY_ID_SIZE];
    const subject = this.#find(sealed.slice(0, afterDevice));
    if (subject === null || !equalBytes(subject.id, sealed.subarray(afterDevice, afterId))) return null;
    const nonce = sealed.subarray(afterId, afterId + NONCE_SIZE);
    const tag = sealed.subarray(afterId + NONCE_SIZE, SEAL_SIZE);
    const decipher = createDecipheriv('aes-256-gcm', subject.key, nonce).setAAD(digest).setAuthTag(tag);
    return concatBytes(decipher.update(sealed.subarray(SEAL_SIZE)), decipher.final());
  }

  /**
   * Destroys the device's key: set aside, written over, removed, each fsynced; what a crash leaves is destroyed at the next `open`, and is
   * no key meanwhile. Nothing happens where there is none.
   */
  async destroy(device: Bytes): Promise<void> {
    const file = this.#file(device);
    this.#known.delete(toHex(device));
    if (!(await fileExists(file))) return;
    await rename(file, `${file}${DOOMED}`);
    await fsyncFolder(this.#options.folder);
    // DURABLE: subject key
    await overwrite(`${file}${DOOMED}`, this.#options.folder);
  }

  #file(device: Bytes): string {
    return join(this.#options.folder, `${toHex(device)}.key`);
  }

  #provided(device: Bytes): SubjectKey {
    const subject = this.#find(device);
    if (subject === null) throw new Error('a key is provided before it is used');
    return subject;
  }

  #find(device: Bytes): SubjectKey | null {
    const name = toHex(device);
    const known = this.#known.get(name) ?? this.#read(device);
    if (known !== null) this.#known.set(name, known);
    return known;
  }

  #read(device: Bytes): SubjectKey | null {
    try {
      const key = readSeedFile(this.#file(device));
      return { key, id: this.#options.crypto.sha256(concatBytes(KEY_ID_LABEL, key)).slice(0, KEY_ID_SIZE) };
    } catch (error) {
      if (error instanceof FormatError && error.code === 'KEY_FILE_MISSING') return null;
      throw error;
    }
  }
}

/** File systems that copy on write keep the old blocks for a while; removal is what counts, writing over is one chance less. */
async function overwrite(file: string, folder: string): Promise<void> {
  // In place: a file that is truncated first gives its block back as it is, and may get another one.
  const handle = await open(file, 'r+');
  await handle.write(new Uint8Array((await handle.stat()).size), { position: 0 });
  await handle.sync();
  await handle.close();
  await rm(file);
  await fsyncFolder(folder);
}
