/** What the gateway asks of a telemetry shard. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Rejection } from '@oppidum/formats/errors';
import type { Evidence } from '@oppidum/formats/evidence';
import type { Awaitable } from '@oppidum/node/client';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';

/**
 * What became of one envelope. `kept` and `refused` are final and signed: the receipt says so to the device. `passing` is not: nobody
 * may delete anything because of it (unknown or suspended device, clock, overload, the node is silent, a signature that does not verify).
 */
export type IngestAnswer =
  | { readonly kind: 'kept'; readonly receipt: Bytes; readonly device: Bytes; readonly digest: Bytes; readonly index: number }
  | {
      readonly kind: 'refused';
      readonly receipt: Bytes;
      readonly device: Bytes;
      readonly digest: Bytes;
      readonly rejection: Rejection;
    }
  | { readonly kind: 'passing'; readonly rejection: Rejection };

/** One entry of the shard's log. `envelope` is null once erased. */
export type KeptReading = {
  readonly index: number;
  readonly digest: Bytes;
  readonly envelope: Bytes | null;
  /** When the shard made it durable. */
  readonly receivedMs: number;
  /** True when its model was registered as being about people. */
  readonly isPersonal: boolean;
};

/** Sequence numbers of a device key. */
export type ReceiptRange = {
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly sequence: number;
  readonly limit: number;
};

/** Where the shard stands. */
export type ShardStatus = {
  readonly id: Bytes;
  readonly number: number;
  readonly origin: string;
  /** Entries made durable. */
  readonly size: number;
  /** Entries covered by the last anchor that took effect, and when. */
  readonly anchored: { readonly size: number; readonly height: number; readonly timeMs: number } | null;
  /** True while readings are accepted. */
  readonly accepts: boolean;
};

/** A shard as the doors of the city see it, in this process or in another; while it is away, calls refuse with NOT_READY. */
export type TelemetryClient = {
  status(): ShardStatus;
  /** The newest checkpoint of the shard's log, and the folder whose `checkpoint` and `tile/…` are served as C2SP tlog-tiles. */
  checkpoint(): PublishedCheckpoint | null;
  readonly tilesFolder: string;
  /** Resolves when the answer is durable. Many calls at once share one commit. Never rejects for what the envelope contains. */
  ingest(envelope: Bytes): Promise<IngestAnswer>;
  /** The same for all of them or for none: null while too many wait already. */
  ingestAll(envelopes: readonly Bytes[]): Promise<readonly IngestAnswer[]> | null;
  /** The same for senders that can be made to wait: begins as soon as there is room, in the order of the calls; never OVERLOADED. */
  ingestInTurn(envelope: Bytes): Promise<IngestAnswer>;
  /** As `status().accepts`, at no cost. */
  accepts(): boolean;
  /** True while so many readings wait that whatever can come later should; not known of a shard elsewhere. */
  isBusy?(): boolean;
  /** Entries from an index on, ascending, at most `limit`. */
  readings(fromIndex: number, limit: number): Awaitable<readonly KeptReading[]>;
  /** The entry with this digest, or null. */
  reading(digest: Bytes): Awaitable<KeptReading | null>;
  /** The receipt of the entry with this digest as it was given, or null. */
  receipt(digest: Bytes): Awaitable<Bytes | null>;
  /** Receipts of a device key from a sequence number on, ascending, at most `limit`: of what was kept, and of what was refused for good. */
  receipts(from: ReceiptRange): Awaitable<readonly Bytes[]>;
  /** Calls with how many entries are durable, after each group of them; the answer ends that. */
  onKept(listener: (size: number) => void): () => void;
  /** Calls after each anchor that took effect; the answer ends that. */
  onAnchored(
    listener: (anchored: { readonly size: number; readonly height: number; readonly timeMs: number }) => void,
  ): () => void;
  /** Evidence of a reading (or of its erasure) under the newest city checkpoint. Throws READING_UNKNOWN, NOT_ANCHORED. */
  evidence(digest: Bytes, held?: Bytes): Promise<Evidence>;
};

/** A shard in this process: what its vault holds is at hand. */
export type LocalTelemetryClient = Omit<TelemetryClient, 'readings' | 'reading' | 'receipt' | 'receipts'> & {
  readings(fromIndex: number, limit: number): readonly KeptReading[];
  reading(digest: Bytes): KeptReading | null;
  receipt(digest: Bytes): Bytes | null;
  receipts(from: ReceiptRange): readonly Bytes[];
};
