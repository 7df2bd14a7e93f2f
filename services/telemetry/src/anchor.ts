/**
 * Anchoring: the shard's newest published checkpoint goes onto the ledger, at most once per interval and only when there is news.
 * What is anchored is read from committed state, never from memory, so a restart, or another process that anchored, changes nothing.
 */

import { ANCHOR_ACTION, anchorBody } from '@oppidum/formats/action-bodies';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { parseSign } from '@oppidum/formats/cose';
import { FormatError, type Rejection } from '@oppidum/formats/errors';
import { type AnyKind, at, numberRange, parseKey, parseState } from '@oppidum/formats/state-layout';
import { anchorHeadKind, anchorKind, shardKind } from '@oppidum/formats/state-telemetry';
import { parsePayload } from '@oppidum/formats/transaction';
import type { CommittedTransaction, NodeLink } from '@oppidum/node/client';
import type { CheckpointPublisher } from '@oppidum/node/publisher';
import type { TileLog } from '@oppidum/node/tile-log';
import type { InterlockRiders } from './interlock-riders.ts';
import { type Submission, submitAction } from './transactions.ts';
import type { AnchorRecord, Vault } from './vault.ts';

export type AnchorerOptions = Omit<Submission, 'client'> & {
  readonly client: NodeLink;
  readonly shard: Bytes;
  readonly log: Pick<TileLog, 'proveConsistency' | 'proveInclusion'>;
  readonly publisher: Pick<CheckpointPublisher, 'latest' | 'onCheckpoint'>;
  readonly vault: Pick<Vault, 'newestAnchor' | 'putAnchor'>;
  readonly riders: InterlockRiders;
  readonly intervalMs: number;
  /** Where a checkpoint has so many new entries, it is enough to wait so long, or twice as long as the last anchor took. */
  readonly quick?: { readonly entryCount: number; readonly intervalMs: number };
  readonly onAnchored: (anchor: AnchorRecord) => void;
  /** Told of each refusal; the attempt is repeated, ever more rarely. */
  readonly onRefusal: (refusal: Rejection) => void;
  readonly onFailure: (error: Error) => void;
};

const BACKOFF_MAX_MS = 60_000;

/** Anchors one shard until closed. */
export class Anchorer {
  readonly #options: AnchorerOptions;
  readonly #unsubscribe: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #recording: Promise<void> = Promise.resolve();
  #startedMs = Number.NEGATIVE_INFINITY;
  #lastMs = 0;
  #dueMs = 0;
  #refusalCount = 0;
  #isClosed = false;

  constructor(options: AnchorerOptions) {
    this.#options = options;
  }

  /** Catches up with what the ledger has, then anchors whenever there is news. */
  async start(): Promise<void> {
    const { client, publisher } = this.#options;
    this.#unsubscribe.push(
      client.onBlock(() => this.#follow()),
      publisher.onCheckpoint(() => this.#schedule()),
    );
    this.#follow();
    await this.#recording;
    this.#schedule();
  }

  /** Begins nothing more; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    await this.#recording;
  }

  #schedule(): void {
    if (this.#isClosed || this.#running !== null) return;
    const newCount = this.#newCount();
    if (newCount === 0) return;
    const dueMs = this.#startedMs + this.#paceMs(newCount);
    if (this.#timer !== null && dueMs >= this.#dueMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#running = this.#run();
      },
      Math.max(0, dueMs - performance.now()),
    );
  }

  #paceMs(newCount: number): number {
    const { intervalMs, quick } = this.#options;
    if (this.#refusalCount > 0)
      return Math.min(intervalMs * 2 ** Math.min(this.#refusalCount, 16), Math.max(intervalMs, BACKOFF_MAX_MS));
    if (quick === undefined || newCount < quick.entryCount) return intervalMs;
    return Math.min(intervalMs, Math.max(quick.intervalMs, 2 * this.#lastMs));
  }

  async #run(): Promise<void> {
    this.#startedMs = performance.now();
    try {
      const isAnchored = await this.#anchor();
      this.#refusalCount = isAnchored ? 0 : this.#refusalCount + 1;
    } catch (error) {
      this.#options.onFailure(error as Error);
      this.#isClosed = true;
    }
    this.#lastMs = performance.now() - this.#startedMs;
    this.#running = null;
    this.#schedule();
  }

  /** Published entries that no anchor covers; 0 while nothing can be anchored. */
  #newCount(): number {
    const { client, shard, publisher } = this.#options;
    const size = client.read(at(anchorHeadKind, shard))?.size ?? 0;
    const isActive = client.isAlive() && client.read(at(shardKind, shard))?.status === 'active';
    return isActive ? Math.max(0, (publisher.latest()?.size ?? 0) - size) : 0;
  }

  /** One attempt; false when it was refused. */
  async #anchor(): Promise<boolean> {
    const { client, shard, log, publisher, riders, onRefusal } = this.#options;
    const latest = publisher.latest();
    const last = client.read(at(anchorHeadKind, shard));
    if (latest === null || latest.size <= (last?.size ?? 0)) return true;
    const consistency = last === null ? [] : log.proveConsistency(last.size, latest.size);
    const sensors = riders.choose(log, latest.size);
    const body = anchorBody.encode({ shard, checkpoint: latest.note, consistency, sensors });
    const outcome = await submitAction(this.#options, { kind: ANCHOR_ACTION, body });
    if ('executed' in outcome) return true;
    // One reading that the ledger does not take must not keep all others from being anchored.
    riders.drop();
    onRefusal(outcome.refused);
    return false;
  }

  /** Records anchors that took effect and are not recorded yet, oldest first. */
  #follow(): void {
    const { client, shard, vault, onFailure } = this.#options;
    const head = client.read(at(anchorHeadKind, shard));
    if (head === null || head.size <= (vault.newestAnchor()?.size ?? 0)) return;
    this.#recording = this.#recording
      .then(() => this.#record())
      .catch((error: Error) => {
        // A node that went away is followed again when it is back.
        if (!(error instanceof FormatError)) onFailure(error);
      });
  }

  async #record(): Promise<void> {
    const { client, shard, vault, onAnchored } = this.#options;
    const from = (vault.newestAnchor()?.size ?? 0) + 1;
    const range = numberRange(anchorKind as unknown as AnyKind, [shard], from, Number.MAX_SAFE_INTEGER);
    for (const { key, value } of [...client.scan(range)]) {
      const size = parseKey(anchorKind, key)[1];
      const anchor = await findAnchor(client, shard, size, parseState(anchorKind, value).at);
      if (anchor === null) continue;
      await vault.putAnchor(anchor);
      onAnchored(anchor);
    }
    this.#schedule();
  }
}

/** The transaction that anchored the shard at this size, in the block of this height; null where that block is no longer kept. */
async function findAnchor(
  client: Pick<NodeLink, 'block'>,
  shard: Bytes,
  size: number,
  height: number,
): Promise<AnchorRecord | null> {
  const block = await client.block(height);
  for (const transaction of block?.transactions ?? []) {
    const action = transaction.code === 'OK' ? findAction(transaction, shard, size) : -1;
    if (action >= 0) return { size, transaction: transaction.id, action, height, timeMs: block?.timeMs ?? 0 };
  }
  return null;
}

function findAction({ envelope }: CommittedTransaction, shard: Bytes, size: number): number {
  const { payload } = parseSign(envelope);
  if (payload === null) throw new Error('an executed transaction has a payload');
  return parsePayload(payload).actions.findIndex(({ kind, body }) => {
    if (kind !== ANCHOR_ACTION) return false;
    const anchor = anchorBody.parse(body, '');
    return equalBytes(anchor.shard, shard) && parseCheckpointNote(anchor.checkpoint).checkpoint.size === size;
  });
}
