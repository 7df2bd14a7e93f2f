/**
 * Beginning from a snapshot that other nodes offer: what of it is believed, and who is asked no more. The app hash comes from CometBFT's
 * light client; manifest and chunks from anybody. State and window are proven under the app hash before a single entry of the log is
 * taken, the log under the window's edge; nothing is stored in between.
 */

import type { BlockLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { describeError, FormatError } from '@oppidum/formats/errors';
import type { Application } from './application.ts';
import type { RestoredLog } from './restored-log.ts';
import type { OfferedSnapshot } from './snapshot-keeper.ts';
import {
  chunkCountOf,
  parseLogChunk,
  parseSyncManifest,
  STATE_SIZE_MAX,
  SYNC_CHUNK_SIZE_MAX,
  SYNC_FORMAT,
  type SyncManifest,
} from './sync-manifest.ts';

export type SyncRestoreOptions = {
  readonly crypto: Crypto;
  readonly application: Pick<
    Application,
    'height' | 'appHash' | 'offerSnapshot' | 'applySnapshotChunk' | 'passSnapshot' | 'keepSnapshot'
  >;
  readonly restoredLog: RestoredLog;
  readonly stateSizeMax?: number;
  /** Told when the state is durable; the last chunk is answered after what it returns. */
  readonly onRestored: () => Promise<void>;
  /** Told in a sentence what was begun, finished or refused. */
  readonly onNews?: (sentence: string) => void;
};

/** What becomes of an offer. `reject sender`: no correct node offers this. */
export type OfferAnswer = 'accept' | 'reject' | 'reject format' | 'reject sender';

/** What becomes of a chunk: `retry`, from others than those who are banned. */
export type ChunkAnswer = {
  readonly result: 'accept' | 'retry' | 'reject snapshot';
  readonly refetch: readonly number[];
  readonly ban: readonly string[];
};

/** A chunk as it came, and from whom. */
export type ReceivedChunk = { readonly index: number; readonly chunk: Bytes; readonly sender: string };

type Progress = {
  readonly height: number;
  readonly manifest: SyncManifest;
  /** It is stored already: CometBFT was ended before it noticed. */
  readonly isStored: boolean;
  next: number;
  /** Bytes of chunks of state and window that wait to be proven. */
  stateSize: number;
};

const ACCEPTED: ChunkAnswer = { result: 'accept', refetch: [], ban: [] };

/** One node that begins; refusals are answers, never exceptions. */
export class SyncRestore {
  readonly #options: SyncRestoreOptions;
  #progress: Progress | null = null;

  constructor(options: SyncRestoreOptions) {
    this.#options = options;
  }

  /** A snapshot of others, and the app hash that the chain has after its block. */
  offer(offered: OfferedSnapshot, appHash: Bytes): OfferAnswer {
    const { application } = this.#options;
    this.#progress = null;
    if (offered.format !== SYNC_FORMAT) return 'reject format';
    const manifest = this.#openOffer(offered);
    if (manifest === null) return 'reject sender';
    const { height } = offered;
    const isStored = application.height >= 0;
    if (isStored && !(application.height === height && equalBytes(application.appHash, appHash))) {
      this.#tell(`this node has the state of block ${application.height} and takes no other; \`oppidum node reset\` empties it`);
      return 'reject';
    }
    this.#progress = { height, manifest, isStored, next: 0, stateSize: 0 };
    if (isStored) application.passSnapshot('offerSnapshot');
    else application.offerSnapshot(manifest, appHash);
    this.#tell(`restoring the state of block ${height}, app hash ${toHex(appHash)}, from ${offered.chunkCount} chunks`);
    return 'accept';
  }

  /** The next chunk of the accepted snapshot. */
  async apply({ index, chunk, sender }: ReceivedChunk): Promise<ChunkAnswer> {
    const progress = this.#progress;
    if (progress === null || index !== progress.next) return this.#refuse(progress, 'a chunk that is not the next one', sender);
    if (progress.isStored) this.#options.application.passSnapshot('applySnapshotChunk');
    else {
      const refusal = await this.#take(progress, new Uint8Array(chunk), index, sender);
      if (refusal !== null) return refusal;
    }
    progress.next++;
    return ACCEPTED;
  }

  #openOffer({ height, chunkCount, hash, metadata }: OfferedSnapshot): SyncManifest | null {
    const { crypto } = this.#options;
    try {
      const manifest = parseSyncManifest(crypto, new Uint8Array(metadata));
      const isNamed = equalBytes(crypto.sha256(metadata), hash) && chunkCount === chunkCountOf(manifest) && height > 0;
      return isNamed ? manifest : null;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return null;
    }
  }

  async #take(progress: Progress, chunk: Bytes, index: number, sender: string): Promise<ChunkAnswer | null> {
    const { application, restoredLog, crypto } = this.#options;
    const { manifest, height } = progress;
    const logIndex = index - manifest.chunks.length;
    if (!isNamed(crypto, manifest, index, chunk)) {
      application.passSnapshot('applySnapshotChunk');
      this.#tell(`chunk ${index} is not the one that the snapshot names: asked of others again, ${sender} no more`);
      return { result: 'retry', refetch: [index], ban: [sender] };
    }
    if (logIndex >= 0) {
      application.passSnapshot('applySnapshotChunk');
      await restoredLog.write(logIndex, chunk);
    } else {
      progress.stateSize += chunk.length;
      const isLarge = progress.stateSize > (this.#options.stateSizeMax ?? STATE_SIZE_MAX);
      const refusal = isLarge ? 'its state is too large to be held in memory' : await this.#applyState(index, chunk, height);
      if (refusal !== null) return this.#refuse(progress, refusal, sender);
    }
    if (index + 1 === chunkCountOf(manifest)) await this.#finish(height);
    return null;
  }

  /** Why the snapshot is none, or null. */
  async #applyState(index: number, chunk: Bytes, height: number): Promise<string | null> {
    try {
      const newest: BlockLeaf | null = await this.#options.application.applySnapshotChunk(index, chunk);
      return newest === null || newest.height === height ? null : `it is the state of block ${newest.height}, not of ${height}`;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return describeError(error.code, error.details);
    }
  }

  async #finish(height: number): Promise<void> {
    const { application, restoredLog, onRestored } = this.#options;
    await restoredLog.sync();
    application.keepSnapshot();
    await onRestored();
    this.#tell(`the state of block ${height} is restored and proven`);
  }

  /** Another CometBFT may have begun with another one meanwhile. */
  #refuse(progress: Progress | null, why: string, sender: string): ChunkAnswer {
    if (this.#progress === progress) this.#progress = null;
    this.#tell(`a snapshot was refused, and ${sender} is asked no more: ${why}`);
    return { result: 'reject snapshot', refetch: [], ban: [sender] };
  }

  #tell(sentence: string): void {
    this.#options.onNews?.(sentence);
  }
}

/** Is this the chunk that the manifest names? */
function isNamed(crypto: Crypto, manifest: SyncManifest, index: number, chunk: Bytes): boolean {
  if (chunk.length > SYNC_CHUNK_SIZE_MAX) return false;
  const digest = manifest.chunks[index];
  if (digest !== undefined) return equalBytes(crypto.sha256(chunk), digest);
  try {
    parseLogChunk(crypto, manifest, index - manifest.chunks.length, chunk);
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}
