/**
 * The receipt keys that a device believes: those that the ledger proves for shards that are active. Evidence once verified is kept, so that
 * a device which starts without network still knows whom to believe; it is verified again each time it is read.
 */

import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { ReceiptIssuer } from '@oppidum/proofs/verify-receipt';
import type { IssuerBook } from './device.ts';
import type { ProvenRecords } from './proven-records.ts';

/** Shards that one device will ever hear of, so that forged receipts cannot fill its memory. */
const SHARD_COUNT_MAX = 1_000;
/** An active shard may be frozen or retired: what was proven is proven again after this time. */
const RENEW_MS = 3_600_000;
/** A shard that could not be proven is not asked for again before this time. */
const RETRY_MS = 10_000;

type Entry = { readonly issuer: ReceiptIssuer | null; readonly askedMs: number };

/** Where evidence is kept for starts without network: a file or row for each name (64 hex digits), replaced whole. */
export type EvidenceStore = {
  /** Everything that is kept. */
  readonly list: () => Promise<readonly { readonly name: string; readonly evidence: Bytes }[]>;
  /** Resolves when it is durable. */
  readonly write: (name: string, evidence: Bytes) => Promise<void>;
};

/** Proven receipt keys; `store` null keeps nothing. Call `load` first. */
export class KeyBook implements IssuerBook {
  readonly #records: ProvenRecords;
  readonly #store: EvidenceStore | null;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Rejection | null>>();

  constructor(records: ProvenRecords, store: EvidenceStore | null) {
    this.#records = records;
    this.#store = store;
  }

  /** The proven issuer, or null; never waits. */
  issuerOf(shard: Bytes): ReceiptIssuer | null {
    const name = toHex(shard);
    const entry = this.#entries.get(name);
    if (entry !== undefined && entry.issuer !== null && Date.now() - entry.askedMs > RENEW_MS) void this.learn(shard);
    return entry?.issuer ?? null;
  }

  /** Asks the city for evidence of the shard and keeps its key when proven; null, or why it is not. Never rejects for what the city says. */
  learn(shard: Bytes): Promise<Rejection | null> {
    const name = toHex(shard);
    const running = this.#asking.get(name);
    if (running !== undefined) return running;
    const entry = this.#entries.get(name);
    const isTooSoon = entry !== undefined && entry.issuer === null && Date.now() - entry.askedMs < RETRY_MS;
    if (isTooSoon || (entry === undefined && this.#entries.size >= SHARD_COUNT_MAX))
      return Promise.resolve(reject('SHARD_UNPROVEN', { shard: name }));
    const asking = this.#ask(shard, name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #ask(shard: Bytes, name: string): Promise<Rejection | null> {
    try {
      const file = await this.#records.fetch(shardKind, [shard]);
      this.#believe(shard, file);
      await this.#store?.write(name, file);
      return null;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      // Without an answer the old proof stands; a proof of the contrary has removed it.
      const former = this.#entries.get(name)?.issuer ?? null;
      this.#entries.set(name, { issuer: error.code === 'SHARD_UNPROVEN' ? null : former, askedMs: Date.now() });
      return reject(error.code, error.details);
    }
  }

  /** Verifies evidence of a shard. Throws EVIDENCE_REFUSED, SHARD_UNPROVEN (no such shard, frozen or retired). */
  #believe(shard: Bytes, file: Bytes, askedMs = Date.now()): void {
    const record = this.#records.open(shardKind, [shard], file);
    if (record === null || record.status !== 'active')
      throw formatError('SHARD_UNPROVEN', { shard: toHex(shard), status: record?.status ?? 'absent' });
    this.#entries.set(toHex(shard), { issuer: { shard, receiptKey: record.receiptKey }, askedMs });
  }

  /** Reads what was kept; evidence that no longer verifies is left out. */
  async load(): Promise<void> {
    const kept = (await this.#store?.list()) ?? [];
    for (const { name, evidence } of kept.slice(0, SHARD_COUNT_MAX)) {
      try {
        // Asked at time 0: due to be proven again as soon as the city can be reached.
        this.#believe(parseHex(name, ID_SIZE), evidence, 0);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
  }
}
