/** Opening what readings about people are sealed under (specs/data-folder.md §Subjects): AES-256-GCM, the key in a file of its device. */

import { createDecipheriv, createHmac } from 'node:crypto';
import { join } from 'node:path';
import { type Bytes, concatBytes, encodeUtf8, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { ID_SIZE } from '@oppidum/formats/ids';
import { checkMode, readSeed, TELLS_NOTHING } from './check-keys.ts';
import { listNames } from './files.ts';
import type { Findings } from './findings.ts';

const KEY_ID_SIZE = 16;
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const KEY_ID_LABEL = encodeUtf8('oppidum/subject-key/v1\n');
const DIGEST_LABEL = encodeUtf8('oppidum/subject-digest/v1\n');
/** Keys kept in memory. */
const KEY_COUNT_MAX = 4_096;

/** The keys of one shard's subjects. */
export class SubjectFiles {
  readonly #crypto: Crypto;
  readonly #folder: string;
  readonly #name: string;
  readonly #findings: Findings;
  readonly #known = new Map<string, Bytes | null>();

  /** `folder` and its name in findings. */
  constructor(crypto: Crypto, folder: string, name: string, findings: Findings) {
    this.#crypto = crypto;
    this.#folder = folder;
    this.#name = name;
    this.#findings = findings;
  }

  /** Checks the files themselves. */
  checkFiles(): void {
    checkMode(this.#findings, this.#folder, this.#name);
    for (const name of listNames(this.#folder)) {
      const [, device] = /^([0-9a-f]{64})\.key$/.exec(name) ?? [];
      if (device === undefined) this.#findings.note(`${this.#name}/${name}`, 'no key of a device: it may be removed');
      else readSeed(this.#findings, join(this.#folder, name), `${this.#name}/${name}`, true);
    }
  }

  /** True when what is sealed was sealed under a key that is not here. */
  lacks(sealed: Bytes): boolean {
    const device = sealed.slice(0, ID_SIZE);
    const key = this.#read(device);
    if (key === null) return true;
    const id = this.#crypto.sha256(concatBytes(KEY_ID_LABEL, key)).slice(0, KEY_ID_SIZE);
    return !equalBytes(id, sealed.subarray(ID_SIZE, ID_SIZE + KEY_ID_SIZE));
  }

  /** The envelope, or in words why it cannot be had. `digest` is that of the entry. */
  open(digest: Bytes, sealed: Bytes): Bytes | string {
    const ends = [ID_SIZE, KEY_ID_SIZE, NONCE_SIZE, TAG_SIZE].map((_, i, sizes) =>
      sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0),
    );
    const [afterDevice, afterId, afterNonce, afterTag] = ends as [number, number, number, number];
    if (sealed.length < afterTag) return 'cut off';
    const device = sealed.slice(0, afterDevice);
    const key = this.#read(device);
    if (key === null) return `the key of device ${toHex(device)} is not here`;
    const id = this.#crypto.sha256(concatBytes(KEY_ID_LABEL, key)).slice(0, KEY_ID_SIZE);
    if (!equalBytes(id, sealed.subarray(afterDevice, afterId))) return `sealed under another key of device ${toHex(device)}`;
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(afterId, afterNonce), { authTagLength: TAG_SIZE });
      decipher.setAAD(digest).setAuthTag(sealed.subarray(afterNonce, afterTag));
      return concatBytes(decipher.update(sealed.subarray(afterTag)), decipher.final());
    } catch {
      return 'what is sealed was altered';
    }
  }

  /** HMAC-SHA-256 by which payloads of the device are compared, or null without its key. */
  digest(device: Bytes, payload: Bytes): Bytes | null {
    const key = this.#read(device);
    if (key === null) return null;
    return new Uint8Array(createHmac('sha256', key).update(DIGEST_LABEL).update(payload).digest());
  }

  #read(device: Bytes): Bytes | null {
    const name = `${toHex(device)}.key`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= KEY_COUNT_MAX) this.#known.clear();
    const key = readSeed(TELLS_NOTHING, join(this.#folder, name), name, false);
    this.#known.set(name, key);
    return key;
  }
}
