/**
 * How entries become a published checkpoint: persist the tiles, sign, cosign, collect witnesses, replace the file `checkpoint`,
 * announce. News that arrive meanwhile wait for the next one; between two lie at least `intervalMs`, less while much is new and publishing
 * is quick (`quickMs`).
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from './durable-file.ts';
import type { LogHead, TileLog } from './tile-log.ts';
import type { WitnessPanel } from './witness-panel.ts';

/** A signed checkpoint that everybody may see, with what it says. */
export type PublishedCheckpoint = LogHead & { readonly note: Bytes };

export type PublisherOptions = {
  readonly log: TileLog;
  /** Signs a durable head, see `LogSigner.sign`, or a newer one. */
  readonly sign: (head: LogHead) => Promise<Bytes>;
  /** The folder that is served: `checkpoint` stands beside `tile`. */
  readonly folder: string;
  readonly intervalMs?: number;
  /** Where so many entries are new, it is enough to wait so long, or twice as long as the last publication took. */
  readonly quick?: { readonly entryCount: number; readonly intervalMs: number };
  readonly witnesses?: Pick<WitnessPanel, 'cosign'>;
  /** While the policy's quorum is missing, witnesses are asked again after so long. */
  readonly retryMs?: number;
  /** Told once when a write or the signer failed: nothing more will be published. Without it the process ends. */
  readonly onFailure?: (error: Error) => void;
};

type Waiter = {
  readonly size: number;
  readonly resolve: (checkpoint: PublishedCheckpoint) => void;
  readonly reject: (error: Error) => void;
  /** Does not wait for the interval to pass. */
  readonly isUrgent: boolean;
};

/** Publishes the heads of one log, one after the other. */
export class CheckpointPublisher {
  readonly #options: PublisherOptions;
  readonly #file: string;
  readonly #intervalMs: number;
  readonly #retryMs: number;
  readonly #listeners = new Set<(checkpoint: PublishedCheckpoint) => void>();
  #latest: PublishedCheckpoint | null;
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #dueMs = 0;
  #lastMs = 0;
  #running: Promise<void> | null = null;
  #hasNews = false;
  #startedMs = Number.NEGATIVE_INFINITY;
  #ended: Error | null = null;

  /** Begins with the checkpoint published last. Throws LAST_SIGNED_CONFLICT when the log does not continue it. */
  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#file = join(options.folder, 'checkpoint');
    this.#intervalMs = options.intervalMs ?? 250;
    this.#retryMs = options.retryMs ?? 1_000;
    this.#latest = readPublished(this.#file, options.log);
  }

  /** Says that the log grew; returns at once. */
  news(): void {
    this.#hasNews = true;
    this.#schedule(this.#paceMs());
  }

  /** The checkpoint published last, or null. */
  latest(): PublishedCheckpoint | null {
    return this.#latest;
  }

  /** Calls the listener after each checkpoint is published; the answer ends that. */
  onCheckpoint(listener: (checkpoint: PublishedCheckpoint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything appended until now is published, without waiting for the interval. Rejects when nothing more will be. */
  async flush(): Promise<void> {
    await this.#waitFor(this.#options.log.size, true);
  }

  /** Resolves with a published checkpoint of at least this size, in its turn. Rejects when nothing more will be published. */
  reached(size: number): Promise<PublishedCheckpoint> {
    return this.#waitFor(size, false);
  }

  #waitFor(size: number, isUrgent: boolean): Promise<PublishedCheckpoint> {
    if (this.#latest !== null && this.#latest.size >= size) return Promise.resolve(this.#latest);
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ size, resolve, reject, isUrgent });
      this.#hasNews = true;
      if (isUrgent) this.#cancelTimer();
      this.#schedule(isUrgent ? 0 : this.#paceMs());
    });
  }

  /** Publishes nothing more; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#end(new Error('the publisher is closed'));
    await this.#running;
  }

  #schedule(intervalMs: number): void {
    if (this.#ended !== null || this.#running !== null || !this.#hasNews) return;
    const dueMs = this.#startedMs + intervalMs;
    if (this.#timer !== null && dueMs >= this.#dueMs) return;
    this.#cancelTimer();
    this.#dueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#running = this.#run();
      },
      Math.max(0, dueMs - performance.now()),
    );
  }

  #paceMs(): number {
    const { quick, log } = this.#options;
    if (quick === undefined || log.size - (this.#latest?.size ?? 0) < quick.entryCount) return this.#intervalMs;
    return Math.min(this.#intervalMs, Math.max(quick.intervalMs, 2 * this.#lastMs));
  }

  async #run(): Promise<void> {
    this.#startedMs = performance.now();
    this.#hasNews = false;
    let published: PublishedCheckpoint | null = null;
    try {
      published = await this.#publish();
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#running = null;
    this.#lastMs = performance.now() - this.#startedMs;
    if (published === null) {
      this.#hasNews = true;
      this.#schedule(this.#retryMs);
    } else {
      this.#resolveWaiters(published);
      this.#schedule(this.#waiters.some(({ isUrgent }) => isUrgent) ? 0 : this.#paceMs());
    }
  }

  /** The checkpoint that is now public, or null while the policy's quorum is missing. */
  async #publish(): Promise<PublishedCheckpoint | null> {
    const { log, sign, witnesses } = this.#options;
    const head = await log.persist();
    if (this.#latest !== null && this.#latest.size === head.size) return this.#latest;
    const signed = await sign(head);
    const note = witnesses === undefined ? signed : await witnesses.cosign(signed, log);
    if (note === null) return null;
    // DURABLE: checkpoint
    await writeFileDurably(this.#file, note);
    // COMMIT POINT
    const { size, root } = parseCheckpointNote(note).checkpoint;
    const published: PublishedCheckpoint = { size, root, note };
    // Others may have cosigned an earlier head only: the newer one is still news.
    if (size < head.size) this.#hasNews = true;
    this.#latest = published;
    for (const listener of this.#listeners) listener(published);
    return published;
  }

  #resolveWaiters(published: PublishedCheckpoint): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.size > published.size);
    for (const waiter of waiters) if (waiter.size <= published.size) waiter.resolve(published);
  }

  #fail(error: Error): void {
    if (this.#ended !== null) return;
    this.#end(error);
    const { onFailure } = this.#options;
    if (onFailure !== undefined) onFailure(error);
    else
      setImmediate(() => {
        throw error;
      });
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#cancelTimer();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function readPublished(file: string, log: TileLog): PublishedCheckpoint | null {
  if (!existsSync(file)) return null;
  const note = new Uint8Array(readFileSync(file));
  const { size, root } = parseCheckpointNote(note).checkpoint;
  if (size > log.size || !equalBytes(log.root(size), root))
    throw formatError('LAST_SIGNED_CONFLICT', { file, publishedSize: size, size: log.size });
  return { note, size, root };
}
