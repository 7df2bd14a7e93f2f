/**
 * A witness (C2SP tlog-witness): it cosigns the heads of logs that its policy file names, each only if it continues the one it cosigned
 * before. Where the policy has a group `validators`, that quorum must stand on the checkpoint first, so that a single stolen log key
 * gains nothing here.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, encodeUtf8, equalBytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeCheckpoint, parseCheckpoint } from '@oppidum/formats/checkpoint';
import { VALIDATORS } from '@oppidum/formats/city-policy';
import { cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy } from '@oppidum/formats/policy';
import { encodeSignatureLines } from '@oppidum/formats/signed-note';
import { encodeVerifierKey } from '@oppidum/formats/verifier-key';
import { checkConsistency } from '@oppidum/proofs/merkle';
import { emptyRoot } from '@oppidum/proofs/merkle-hash';
import { makeFolderDurably, writeFileDurably } from './durable-file.ts';
import { fileExists, readSeedFile, writeSeedFile } from './key-files.ts';
import type { LogHead } from './tile-log.ts';
import { parseWitnessRequest, type WitnessRequest } from './witness-request.ts';

export type WitnessOptions = {
  /** Where its state is; made by `openWitnessSeed`. */
  readonly folder: string;
  readonly policy: Policy;
  readonly crypto: Crypto;
  /** The cosigner key (0x04) and the name it signs under. */
  readonly signer: Signer;
  readonly name: string;
  /** POSIX time in seconds. */
  readonly nowS: () => number;
};

export type WitnessAnswer = { readonly status: number; readonly contentType: string; readonly body: string };

const TEXT = 'text/plain; charset=utf-8';

/** One cosigner key with a record per origin of what it cosigned last. */
export class Witness {
  /** Its key as one line, for policy files. */
  readonly verifierKey: string;
  readonly #options: WitnessOptions;
  #queue: Promise<unknown> = Promise.resolve();

  /** Opens the state. Throws LAST_SIGNED_LOST when it is gone: the key could then cosign a second history. */
  static open(options: WitnessOptions): Witness {
    const folder = stateFolder(options.folder);
    if (!existsSync(folder)) throw formatError('LAST_SIGNED_LOST', { file: folder, why: 'missing' });
    return new Witness(options);
  }

  private constructor(options: WitnessOptions) {
    this.#options = options;
    const { crypto, name, signer } = options;
    this.verifierKey = encodeVerifierKey(crypto, { name, algorithm: 'cosignature', publicKey: signer.publicKey });
  }

  /** Answers the body of one `POST /add-checkpoint` with the status the specification gives, in its order. */
  async addCheckpoint(body: Bytes): Promise<WitnessAnswer> {
    const request = readRequest(body);
    if ('code' in request) return refuse(400, request);
    const untrusted = this.#refuseUntrusted(request);
    if (untrusted !== null) return untrusted;
    // Checking against the last head and recording the next one must not interleave (C2SP tlog-witness, the race at the end).
    const answer = this.#queue.then(() => this.#addInTurn(request));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  #refuseUntrusted({ note }: WitnessRequest): WitnessAnswer | null {
    const { crypto, policy } = this.#options;
    const hasValidators = policy.groups.some(({ name }) => name === VALIDATORS);
    const report = evaluatePolicy(crypto, policy, note, hasValidators ? { group: VALIDATORS } : {});
    const { origin } = report.checkpoint;
    if (report.origin === 'unknown') return refuse(404, reject('LOG_UNKNOWN', { origin }));
    if (report.logSignatures.length === 0) return refuse(403, reject('SIGNATURE_MISSING', { by: origin }));
    if (hasValidators && report.quorum === 'missing') return refuse(403, reject('QUORUM_MISSING', { quorum: VALIDATORS }));
    return null;
  }

  async #addInTurn(request: WitnessRequest): Promise<WitnessAnswer> {
    const { checkpoint, oldSize, proof, signed } = request;
    const { origin, size, root } = checkpoint;
    if (oldSize > size) return refuse(400, reject('NUMBER_RANGE', { oldSize, size }));
    const { crypto, signer, name, nowS } = this.#options;
    const last = this.#readLast(origin);
    if (oldSize !== last.size || (size === last.size && !equalBytes(root, last.root)))
      return { status: 409, contentType: 'text/x.tlog.size', body: `${last.size}\n` };
    const inconsistent = checkGrowth(crypto, last, { size, root }, proof);
    if (inconsistent !== null) return refuse(422, inconsistent);
    // COMMIT POINT
    if (size > last.size) await writeFileDurably(this.#fileOf(origin), encodeUtf8(encodeCheckpoint({ origin, size, root })));
    const line = cosignCheckpoint(crypto, signer, name, signed.text, nowS());
    return { status: 200, contentType: TEXT, body: encodeSignatureLines([line]) };
  }

  /** The head cosigned last for an origin; the empty log before the first. */
  #readLast(origin: string): LogHead {
    const { crypto } = this.#options;
    const file = this.#fileOf(origin);
    if (!existsSync(file)) return { size: 0, root: emptyRoot(crypto) };
    const record = parseCheckpoint(parseUtf8(new Uint8Array(readFileSync(file))));
    if (record.origin !== origin) throw new Error(`${file} is the record of another log`);
    return record;
  }

  #fileOf(origin: string): string {
    const { crypto, folder } = this.#options;
    return join(stateFolder(folder), toHex(crypto.sha256(encodeUtf8(origin))));
  }
}

/** The seed of a witness, made on first use: the place of its state first, for a key without state is retired. */
export async function openWitnessSeed(folder: string, generateSeed: () => Bytes): Promise<Bytes> {
  const file = join(folder, 'witness.seed');
  if (await fileExists(file)) return readSeedFile(file);
  const state = stateFolder(folder);
  await makeFolderDurably(state);
  const seed = generateSeed();
  await writeSeedFile(file, seed);
  return seed;
}

function stateFolder(folder: string): string {
  return join(folder, 'cosigned');
}

/** From nothing every log is a continuation; otherwise RFC 6962 §2.1.2. */
function checkGrowth(crypto: Crypto, last: LogHead, next: LogHead, proof: readonly Bytes[]): Rejection | null {
  if (last.size === 0) return proof.length === 0 ? null : reject('PROOF_LENGTH_WRONG', { want: 0, got: proof.length });
  return checkConsistency(crypto, { size1: last.size, root1: last.root, size2: next.size, root2: next.root, proof });
}

function readRequest(body: Bytes): WitnessRequest | Rejection {
  try {
    return parseWitnessRequest(body);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

function refuse(status: number, { code, details }: Rejection): WitnessAnswer {
  const facts = Object.entries(details).map(([key, value]) => ` ${key}=${value}`);
  return { status, contentType: TEXT, body: `${code}${facts.join('')}\n` };
}
