/**
 * Retention of raw envelopes: how long a city keeps them is in `retention.json` of its data folder, and each shard follows it while it
 * runs. What is older is dropped from the vault, oldest first and only what is anchored; digests, tiles, decisions and receipts stay.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { writeFileDurably } from '@oppidum/node/durable-file';
import type { Vault } from './vault.ts';

const FILE = 'retention.json';
const DAYS_MAX = 36_500;
const DAY_MS = 86_400_000;
/** Rows that go in one transaction: a few milliseconds in which no group is written. */
const RETIRE_COUNT = 4_096;
const LOOK_INTERVAL_MS = 10_000;

/** `rawDays`: envelopes are kept so long after they were received; null keeps them for ever. */
export type Retention = { readonly rawDays: number | null };

/** What a city has set. Throws RETENTION_INVALID for a file that says something else. */
export function readRetention(data: string): Retention {
  const file = join(data, FILE);
  try {
    return checkRetention(JSON.parse(readFileSync(file, 'utf8')) as Partial<Retention>, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { rawDays: null };
    if (error instanceof FormatError) throw error;
    throw formatError('RETENTION_INVALID', { file });
  }
}

/** Sets it; running shards follow within seconds. Throws RETENTION_INVALID. */
export async function writeRetention(data: string, retention: Retention): Promise<void> {
  const checked = checkRetention(retention, 'rawDays');
  // DURABLE: retention
  await writeFileDurably(join(data, FILE), encodeUtf8(`${JSON.stringify(checked)}\n`));
}

function checkRetention({ rawDays }: Partial<Retention>, at: string): Retention {
  const isDays = typeof rawDays === 'number' && Number.isSafeInteger(rawDays) && rawDays >= 1 && rawDays <= DAYS_MAX;
  if (rawDays !== null && !isDays) throw formatError('RETENTION_INVALID', { at });
  return { rawDays };
}

/** Before this time, POSIX milliseconds, envelopes are past their retention. */
export function cutoffOf({ rawDays }: Retention, nowMs: number): number {
  return rawDays === null ? Number.NEGATIVE_INFINITY : nowMs - rawDays * DAY_MS;
}

export type RetentionKeeperOptions = {
  /** The data folder of the city. */
  readonly data: string;
  readonly vault: Pick<Vault, 'retired' | 'firstReceived' | 'retire' | 'newestAnchor'>;
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  readonly clock: () => number;
  /** Between two looks at what is due; without it ten seconds. */
  readonly intervalMs?: number;
  /** Told when the settings cannot be read: nothing is dropped then. */
  readonly onRefusal: (refusal: FormatError) => void;
  readonly onFailure: (error: Error) => void;
};

/** Keeps one shard to its retention until closed. */
export class RetentionKeeper {
  readonly #options: RetentionKeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #isClosed = false;

  constructor(options: RetentionKeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), options.intervalMs ?? LOOK_INTERVAL_MS).unref();
  }

  /** Resolves when what was begun has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #look(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#retire()
      .catch((error: Error) => {
        if (error instanceof FormatError) this.#options.onRefusal(error);
        else this.#options.onFailure(error);
      })
      .then(() => {
        this.#isRunning = false;
      });
  }

  async #retire(): Promise<void> {
    const { data, vault, exclusive, clock } = this.#options;
    const cutoffMs = cutoffOf(readRetention(data), clock());
    if (cutoffMs === Number.NEGATIVE_INFINITY) return;
    // What no anchor covers, the ledger may still ask for.
    const end = vault.firstReceived(cutoffMs, vault.newestAnchor()?.size ?? 0);
    while (vault.retired < end && !this.#isClosed)
      await exclusive(() => vault.retire(Math.min(end, vault.retired + RETIRE_COUNT)));
  }
}
