/**
 * One device: it signs what it measures, keeps the signed bytes until a receipt proves that a shard of the city has them, and believes
 * no receipt but one for its own bytes under a key that the ledger proves.
 *
 *   report → signed → durable in the outbox → sent, oldest first → receipt proven → copy deleted
 */

import { randomBytes } from 'node:crypto';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { READING_NONCE_SIZE, signReading } from '@oppidum/formats/reading';
import { parseReceipt, type ReceiptLeaf } from '@oppidum/formats/receipt';
import { type ReceiptIssuer, verifyReceipt } from '@oppidum/proofs/verify-receipt';
import type { Outbox, Refused, Sender, Unsent } from './outbox.ts';
import { encodePack, type SensorRecord } from './reading-pack.ts';

/** Which receipt keys are proven; `ShardKeys` is one. */
export type IssuerBook = { readonly issuerOf: (shard: Bytes) => ReceiptIssuer | null };

export type DeviceOptions = {
  readonly crypto: Crypto;
  /** 32 bytes: `deviceIdOf` its first public key. */
  readonly id: Bytes;
  readonly keyNumber: number;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly issuers: IssuerBook;
};

/**
 * What a receipt did. `kept` and `refused` settle a message; `unproven` says that the receipt key of `shard` is not proven yet
 * (`ShardKeys.learn`); `ignored` changed nothing.
 */
export type ReceiptOutcome =
  | { readonly kind: 'kept'; readonly sequence: number; readonly digest: Bytes; readonly index: number }
  | { readonly kind: 'refused'; readonly sequence: number; readonly digest: Bytes; readonly code: string }
  | { readonly kind: 'unproven'; readonly shard: Bytes }
  | { readonly kind: 'ignored'; readonly rejection: Rejection };

/** A device with one key. A link (`MqttLink`, `HttpLink`) carries its messages. */
export class Device {
  readonly id: Bytes;
  readonly keyNumber: number;
  readonly audience: Bytes;
  readonly #options: DeviceOptions;
  readonly #sender: Sender;
  readonly #listeners = new Set<() => void>();

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.id = options.id;
    this.keyNumber = options.keyNumber;
    this.audience = options.outbox.audience;
    this.#sender = options.outbox.sender(options.id, options.keyNumber);
  }

  /** Number of messages without a proven receipt. */
  get unsettledCount(): number {
    return this.#sender.count;
  }

  /** The cursor of the newest durable report that gave one; 0 before. */
  get cursor(): number {
    return this.#sender.cursor;
  }

  /**
   * Signs these records as one message; resolves when it is durable, and wakes the links. `cursor`, e.g. a line number of the source,
   * becomes durable in the same commit, so that a restart reports nothing twice.
   * Throws OUTBOX_FULL, TOO_LARGE, and as `encodePack` does.
   */
  async report(
    records: readonly SensorRecord[],
    cursor?: number,
  ): Promise<{ readonly sequence: number; readonly digest: Bytes }> {
    const payload = encodePack(this.id, records);
    const entry = await this.#options.outbox.append(this.#sender, (sequence) => this.#sign(sequence, payload), cursor);
    for (const listener of this.#listeners) listener();
    return entry;
  }

  #sign(sequence: number, payload: Bytes): Bytes {
    const nonce = new Uint8Array(randomBytes(READING_NONCE_SIZE));
    const header = { audience: this.audience, device: this.id, keyNumber: this.keyNumber, sequence, nonce };
    const envelope = signReading(this.#options.signer, header, payload);
    if (envelope.length > LIMITS.readingSizeMax)
      throw formatError('TOO_LARGE', { size: envelope.length, sizeMax: LIMITS.readingSizeMax });
    return envelope;
  }

  /** Messages to send beyond a sequence number, oldest first; all of them are durable. */
  unsent(afterSequence: number, limit: number): readonly Unsent[] {
    return this.#options.outbox.unsent(this.#sender, afterSequence, limit);
  }

  /** Messages that were refused for good, oldest first, with the receipts that say so. */
  refused(): readonly Refused[] {
    return this.#options.outbox.refused(this.#sender);
  }

  /** Calls after each durable report; the answer ends that. */
  onReport(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Settles a message by its receipt. Ignored, in this order: what cannot be read; what the shard's proven key did not sign
   * (as `verifyReceipt`); a receipt that is not for a message kept here (RECEIPT_UNMATCHED).
   */
  acceptReceipt(receipt: Bytes): ReceiptOutcome {
    const shard = shardOf(receipt);
    if (!(shard instanceof Uint8Array)) return { kind: 'ignored', rejection: shard };
    const issuer = this.#options.issuers.issuerOf(shard);
    if (issuer === null) return { kind: 'unproven', shard };
    const leaf = verifyReceipt(this.#options.crypto, receipt, issuer);
    if ('code' in leaf) return { kind: 'ignored', rejection: leaf };
    const rejection = this.#checkOurs(leaf);
    if (rejection !== null) return { kind: 'ignored', rejection };
    // COMMIT POINT
    const { sequence, digest } = leaf;
    if (leaf.index !== undefined) {
      this.#options.outbox.settle(this.#sender, sequence);
      return { kind: 'kept', sequence, digest, index: leaf.index };
    }
    const code = leaf.refusal as string;
    this.#options.outbox.refuse(this.#sender, sequence, code, receipt);
    return { kind: 'refused', sequence, digest, code };
  }

  /** The receipt speaks of a message that we keep, byte for byte. */
  #checkOurs(leaf: ReceiptLeaf): Rejection | null {
    if (!equalBytes(leaf.audience, this.audience)) return reject('RECEIPT_UNMATCHED', { at: '/leaf/audience' });
    if (!equalBytes(leaf.device, this.id)) return reject('RECEIPT_UNMATCHED', { at: '/leaf/device' });
    if (leaf.keyNumber !== this.keyNumber) return reject('RECEIPT_UNMATCHED', { at: '/leaf/keyNumber' });
    const digest = this.#options.outbox.digestOf(this.#sender, leaf.sequence);
    if (digest === null) return reject('RECEIPT_UNMATCHED', { at: '/leaf/sequence' });
    return equalBytes(leaf.digest, digest) ? null : reject('RECEIPT_UNMATCHED', { at: '/leaf/digest' });
  }
}

/** Which shard a receipt claims to be of. */
function shardOf(receipt: Bytes): Bytes | Rejection {
  try {
    return parseReceipt(receipt).leaf.shard;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}
