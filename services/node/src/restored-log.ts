/**
 * Entries of the block log that a snapshot brought along, as files until the log has them: `restored-log/<n>`, log chunks in order. They
 * are durable before the store is, and the log's own files follow the store, as always; so a crash leaves all of it or nothing.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseEntryBundle } from '@oppidum/formats/tiles';
import { fsyncFolder, makeFolder, writeAndSync } from './durable-file.ts';
import { LOG_CHUNK_COUNT } from './sync-manifest.ts';
import type { TileLog } from './tile-log.ts';

/** Entries appended before the log is made durable. */
const PERSIST_COUNT = 65_536;

/** The files of one data folder. */
export class RestoredLog {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps a proven log chunk; its name is durable after `sync`. */
  async write(index: number, chunk: Bytes): Promise<void> {
    await makeFolder(this.#folder);
    // DURABLE: restored log
    await writeAndSync(join(this.#folder, String(index)), chunk);
  }

  async sync(): Promise<void> {
    if (!existsSync(this.#folder)) return;
    await fsyncFolder(this.#folder);
    await fsyncFolder(join(this.#folder, '..'));
  }

  /** Gives a log that ends before `size` what is here of it, durably. The caller compares its root. */
  async fill(log: TileLog, size: number): Promise<void> {
    while (log.size < size) {
      const index = Math.floor(log.size / LOG_CHUNK_COUNT);
      const path = join(this.#folder, String(index));
      if (!existsSync(path)) return;
      const count = Math.min(LOG_CHUNK_COUNT, size - index * LOG_CHUNK_COUNT);
      const entries = parseEntryBundle(new Uint8Array(readFileSync(path)), count);
      log.append(entries.slice(log.size - index * LOG_CHUNK_COUNT));
      if (log.size % PERSIST_COUNT === 0) await log.persist();
    }
    await log.persist();
  }

  /** The log has them, or nobody wants them. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
