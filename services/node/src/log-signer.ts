/**
 * The key of a log, and the one rule of its use: it signs a head only if the log, at the size the key signed last, still has the root
 * it signed last. The record of that is fsynced before each signature and never restored from a backup; a key without its record is
 * retired, because it could sign a second history without noticing (C2SP tlog-checkpoint, "Signatures").
 */

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Bytes, encodeUtf8, equalBytes, parseUtf8 } from '@oppidum/formats/bytes';
import { type Checkpoint, encodeCheckpoint, parseCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { emptyRoot } from '@oppidum/proofs/merkle-hash';
import { makeFolderDurably, writeFileDurably } from './durable-file.ts';
import { fileExists, readSeedFile, writeSeedFile } from './key-files.ts';
import type { LogHead, TileLog } from './tile-log.ts';

export type LogSignerOptions = {
  /** The last-signed record. */
  readonly file: string;
  readonly origin: string;
  readonly crypto: Crypto;
  /** The log key (0x01); its name is the origin. */
  readonly signer: Signer;
  /** A validator also states that this is the largest head it knows (0x04), by its clock in POSIX seconds. */
  readonly cosigner?: { readonly name: string; readonly signer: Signer; readonly nowS: () => number };
};

/** One log key with its last-signed record; signs one head at a time. */
export class LogSigner {
  readonly #options: LogSignerOptions;
  #last: LogHead;
  #signing: Promise<unknown> = Promise.resolve();

  /** Opens a key that `openLogSeed` made. Throws LAST_SIGNED_LOST (no readable record), LAST_SIGNED_CONFLICT (another origin's record). */
  static open(options: LogSignerOptions): LogSigner {
    const record = readRecord(options.file);
    if (record.origin !== options.origin)
      throw formatError('LAST_SIGNED_CONFLICT', { file: options.file, want: options.origin, got: record.origin });
    return new LogSigner(options, record);
  }

  private constructor(options: LogSignerOptions, last: LogHead) {
    this.#options = options;
    this.#last = last;
  }

  /** The head signed last; size 0 before the first. */
  get last(): LogHead {
    return this.#last;
  }

  /**
   * Signs a head of the log as a checkpoint note: log signature, then cosignature where there is a cosigner.
   * Throws LAST_SIGNED_CONFLICT when the log does not continue what was signed; a plain Error for a head that the log does not have
   * durably.
   */
  sign(log: Pick<TileLog, 'size' | 'persistedSize' | 'root'>, head: LogHead): Promise<Bytes> {
    const signed = this.#signing.then(() => this.#sign(log, head));
    this.#signing = signed.catch(() => undefined);
    return signed;
  }

  async #sign(log: Pick<TileLog, 'size' | 'persistedSize' | 'root'>, head: LogHead): Promise<Bytes> {
    const { file, origin, crypto, signer, cosigner } = this.#options;
    const last = this.#last;
    const refusal = { origin, signedSize: last.size, size: head.size };
    if (head.size < last.size || log.size < last.size) throw formatError('LAST_SIGNED_CONFLICT', refusal);
    if (!equalBytes(log.root(last.size), last.root)) throw formatError('LAST_SIGNED_CONFLICT', refusal);
    if (head.size > log.persistedSize || !equalBytes(log.root(head.size), head.root))
      throw new Error(`the head of size ${head.size} is not a durable head of the log`);
    // COMMIT POINT
    // DURABLE: last signed
    if (head.size > last.size) await writeFileDurably(file, encodeRecord(origin, head));
    this.#last = { size: head.size, root: head.root };
    const checkpoint = { origin, size: head.size, root: head.root };
    const note = signCheckpoint(crypto, signer, checkpoint);
    if (cosigner === undefined) return note;
    const line = cosignCheckpoint(crypto, cosigner.signer, cosigner.name, encodeCheckpoint(checkpoint), cosigner.nowS());
    return addSignatures(note, [line]);
  }
}

/**
 * The seed of a log key, made on first use together with its record: the record first, so that a crash leaves no key without one.
 * An older record of the same origin stays, for a new key continues the history of the old one. Throws as `readSeedFile` does.
 */
export async function openLogSeed(options: {
  readonly keyFile: string;
  readonly recordFile: string;
  readonly origin: string;
  readonly crypto: Crypto;
  readonly generateSeed: () => Bytes;
}): Promise<Bytes> {
  const { keyFile, recordFile, origin, crypto } = options;
  if (await fileExists(keyFile)) return readSeedFile(keyFile);
  if (!(await fileExists(recordFile))) await writeFirstRecord(recordFile, origin, crypto);
  const seed = options.generateSeed();
  await writeSeedFile(keyFile, seed);
  return seed;
}

/** The record of a key that has signed nothing. */
export async function writeFirstRecord(file: string, origin: string, crypto: Crypto): Promise<void> {
  await makeFolderDurably(dirname(file));
  await writeFileDurably(file, encodeRecord(origin, { size: 0, root: emptyRoot(crypto) }));
}

/** The record is the text of the checkpoint signed last, without signatures. */
function encodeRecord(origin: string, { size, root }: LogHead): Bytes {
  return encodeUtf8(encodeCheckpoint({ origin, size, root }));
}

function readRecord(file: string): Checkpoint {
  try {
    return parseCheckpoint(parseUtf8(new Uint8Array(readFileSync(file))));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing && !(error instanceof FormatError)) throw error;
    throw formatError('LAST_SIGNED_LOST', { file, why: isMissing ? 'missing' : 'unreadable' });
  }
}
