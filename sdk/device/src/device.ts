/**
 * One device: it signs what it measures, keeps the signed bytes until a receipt proves that a shard of the city has them, and believes
 * no receipt but one for its own bytes under a key that the ledger proves.
 *
 *   report, or measure and be dated → signed → durable in the outbox → sent, oldest first → receipt proven → copy deleted
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { draftToken, TOKEN_ID_SIZE } from '@oppidum/formats/connection-token';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { draftReading, READING_NONCE_SIZE } from '@oppidum/formats/reading';
import { parseReceipt, type ReceiptLeaf } from '@oppidum/formats/receipt';
import { type ReceiptIssuer, verifyReceipt } from '@oppidum/proofs/verify-receipt';
import type { DeviceClock, Instant } from './clock.ts';
import { dateHeld } from './dating.ts';
import type { AppendOptions, Held, OutboxPort, Refused, Sender, Unsent } from './outbox-port.ts';
import { encodePack, encodeUndated, parseUndated, type SensorRecord, type SensorValue } from './reading-pack.ts';

/** Which receipt keys are proven; `ShardKeys` is one. */
export type IssuerBook = { readonly issuerOf: (shard: Bytes) => ReceiptIssuer | null };

/** Holds the key of a device and signs at once or later, as a chip or a browser does. */
type DeviceSigner = Omit<Signer, 'sign'> & { sign(message: Bytes): Bytes | Promise<Bytes> };

/** What was reported. */
type Reported = { readonly sequence: number; readonly digest: Bytes };

/** Of a report: how far its times may be from UTC, and how far the source of the readings is reported with it. */
type ReportOptions = { readonly clockErrorMs?: number; readonly cursor?: number };

export type DeviceOptions = {
  readonly crypto: Crypto;
  /** 32 bytes: `deviceIdOf` its first public key. */
  readonly id: Bytes;
  readonly keyNumber: number;
  readonly signer: DeviceSigner;
  readonly outbox: OutboxPort;
  readonly issuers: IssuerBook;
  /** Dates what is measured; without one, only `report` works. */
  readonly clock?: DeviceClock;
  /** Something that was measured can never be dated and is lost: CLOCK_UNKNOWN. */
  readonly onUndated?: (lost: { readonly code: 'CLOCK_UNKNOWN'; readonly values: readonly SensorValue[] }) => void;
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

/** A token serves one connection, at once. */
const TOKEN_LIFETIME_S = 60;

/** A device with one key. A link (`MqttLink`, `HttpLink`) carries its messages. */
export class Device {
  readonly id: Bytes;
  readonly keyNumber: number;
  readonly audience: Bytes;
  readonly #options: DeviceOptions;
  readonly #sender: Sender;
  readonly #listeners = new Set<() => void>();
  #dating: Promise<void> | null = null;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.id = options.id;
    this.keyNumber = options.keyNumber;
    this.audience = options.outbox.audience;
    this.#sender = options.outbox.sender(options.id, options.keyNumber);
    options.clock?.onSet(() => void this.date());
  }

  /** Number of messages without a proven receipt. */
  get unsettledCount(): number {
    return this.#sender.count;
  }

  /** The cursor of the newest durable report that gave one; 0 before. */
  get cursor(): number {
    return this.#sender.cursor;
  }

  /** Number of measurements that wait for the time. */
  get heldCount(): number {
    return this.#sender.heldCount;
  }

  /**
   * Signs these records, whose times the caller knows, as one message; resolves when it is durable, and wakes the links. `cursor`, e.g. a
   * line number of the source, becomes durable in the same commit, so that a restart reports nothing twice.
   * Throws OUTBOX_FULL, TOO_LARGE, NUMBER_RANGE (the error of the clock), and as `encodePack` does.
   */
  report(records: readonly SensorRecord[], { clockErrorMs, cursor }: ReportOptions = {}): Promise<Reported> {
    return this.#append(records, clockErrorMs ?? null, cursor === undefined ? {} : { cursor });
  }

  /**
   * Measured now: signed with the time and its error as the clock knows them. While it knows no time the values wait, durable and unsigned,
   * and are signed by themselves once it does; null then. `cursor` as in `report`. Throws CLOCK_UNKNOWN without a clock, and as `report`.
   */
  async measure(values: readonly SensorValue[], { cursor }: Pick<ReportOptions, 'cursor'> = {}): Promise<Reported | null> {
    const { clock, outbox } = this.#options;
    if (clock === undefined) throw formatError('CLOCK_UNKNOWN', { want: 'a clock' });
    const { boot } = clock.monotonic;
    const counterMs = clock.monotonic.nowMs();
    const instant = clock.at(counterMs);
    if (instant !== null) return this.#appendAt(values, instant, cursor === undefined ? {} : { cursor });
    await outbox.hold(this.#sender, { boot, counterMs }, encodeUndated(this.id, values), cursor);
    return null;
  }

  /** Signs what waits for the time, as far as it is known now; what can never be dated is given up and told. */
  date(): Promise<void> {
    this.#dating ??= this.#date().finally(() => {
      this.#dating = null;
    });
    return this.#dating;
  }

  async #date(): Promise<void> {
    const { clock, outbox, onUndated } = this.#options;
    if (clock === undefined || this.#sender.heldCount === 0) return;
    const held = outbox.held(this.#sender);
    for (const [place, instant] of dateHeld(held, clock, outbox.knownMs())) {
      const item = held.find((other) => other.place === place) as Held;
      const values = parseUndated(item.payload);
      if (instant !== null) await this.#appendAt(values, instant, { held: item });
      else {
        outbox.release(this.#sender, item);
        onUndated?.({ code: 'CLOCK_UNKNOWN', values });
      }
    }
  }

  #appendAt(values: readonly SensorValue[], { timeMs, errorMs }: Instant, options: AppendOptions = {}): Promise<Reported> {
    const records = values.map((value) => ({ ...value, timeMs }));
    return this.#append(records, errorMs, { ...options, knownMs: timeMs - errorMs });
  }

  async #append(records: readonly SensorRecord[], clockErrorMs: number | null, options: AppendOptions): Promise<Reported> {
    const payload = encodePack(this.id, records);
    const sign = (sequence: number): Bytes | Promise<Bytes> => this.#sign(sequence, payload, clockErrorMs);
    const entry = await this.#options.outbox.append(this.#sender, sign, options);
    for (const listener of this.#listeners) listener();
    return entry;
  }

  #sign(sequence: number, payload: Bytes, clockErrorMs: number | null): Bytes | Promise<Bytes> {
    const { signer } = this.#options;
    const nonce = globalThis.crypto.getRandomValues(new Uint8Array(READING_NONCE_SIZE));
    const header = { audience: this.audience, device: this.id, keyNumber: this.keyNumber, sequence, nonce, clockErrorMs };
    const { toBeSigned, seal } = draftReading(signer.algorithm, header, payload);
    const finish = (signature: Bytes): Bytes => {
      const envelope = seal(signature);
      if (envelope.length > LIMITS.readingSizeMax)
        throw formatError('TOO_LARGE', { size: envelope.length, sizeMax: LIMITS.readingSizeMax });
      return envelope;
    };
    const signature = signer.sign(toBeSigned);
    return signature instanceof Promise ? signature.then(finish) : finish(signature);
  }

  /** A fresh token for one connection (specs/doors.md §1.2), by the clock of the device, else of its machine. */
  token(): Bytes | Promise<Bytes> {
    const { signer, clock } = this.#options;
    const issuedS = Math.floor((clock?.now()?.timeMs ?? Date.now()) / 1_000);
    const id = globalThis.crypto.getRandomValues(new Uint8Array(TOKEN_ID_SIZE));
    const { audience, id: device, keyNumber } = this;
    const claims = { audience, device, keyNumber, issuedS, expiresS: issuedS + TOKEN_LIFETIME_S, id };
    const { toBeSigned, seal } = draftToken(signer.algorithm, claims);
    const signature = signer.sign(toBeSigned);
    return signature instanceof Promise ? signature.then(seal) : seal(signature);
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
