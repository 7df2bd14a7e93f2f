/**
 * Sends the values of a file as signed readings: packed, paced, kept until receipts settle them. The line number of the last value of a
 * pack is durable with the pack, so that a replay that is begun again sends nothing twice and leaves nothing out.
 */

import type { CityApi } from '@oppidum/device/city-api';
import type { Device } from '@oppidum/device/device';
import { HttpLink } from '@oppidum/device/http-link';
import type { SensorRecord } from '@oppidum/device/reading-pack';
import type { ShardKeys } from '@oppidum/device/shard-keys';
import { toHex } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import type { Progress } from '../progress.ts';
import type { Mapping } from './mapping.ts';
import { readSeries, type Window } from './series.ts';

export type SendOptions = {
  readonly file: string;
  readonly mapping: Mapping;
  readonly delimiter: string | null;
  readonly window: Window;
  readonly api: CityApi;
  readonly shardKeys: ShardKeys;
  /** By series. */
  readonly devices: ReadonlyMap<string, Device>;
  /** Values in one signed reading, at most. */
  readonly packCountMax: number;
  /** Seconds of the file in one second; null: as fast as it goes. */
  readonly speed: number | null;
  readonly progress: Progress;
  /** Set once to stop early; what was signed stays in the outbox. */
  readonly signal: AbortSignal;
};

/** What became of a series. `digest`: of the newest reading that was kept in this run. */
export type SeriesOutcome = {
  sentCount: number;
  skippedCount: number;
  keptCount: number;
  refusedCount: number;
  digest: string | null;
};

/** Messages without a receipt above which we wait before signing more. */
const UNSETTLED_COUNT_MAX = 2_000;
/** With a speed, packs are sent at least this often. */
const FLUSH_MS = 1_000;

type Pack = { readonly records: SensorRecord[]; line: number };

/** Sends everything and waits for its receipts; resolves early when told to stop. */
export async function sendFile(options: SendOptions): Promise<ReadonlyMap<string, SeriesOutcome>> {
  const sender = new Sender(options);
  try {
    await sender.run();
  } finally {
    await sender.stop();
  }
  return sender.outcomes;
}

class Sender {
  readonly outcomes = new Map<string, SeriesOutcome>();
  readonly #options: SendOptions;
  readonly #link: HttpLink;
  readonly #packs = new Map<string, Pack>();
  /** Values in each message that waits for its receipt, by digest. */
  readonly #waiting = new Map<string, number>();
  readonly #seriesOf = new Map<Device, string>();
  readonly #begunMs = performance.now();
  #firstMs: number | null = null;
  #flushedMs = 0;
  #doneCount = 0;
  #isAnyFull = false;
  readonly #told = new Set<string>();

  constructor(options: SendOptions) {
    const { api, shardKeys, devices } = options;
    this.#options = options;
    for (const [series, device] of devices) {
      this.outcomes.set(series, { sentCount: 0, skippedCount: 0, keptCount: 0, refusedCount: 0, digest: null });
      this.#seriesOf.set(device, series);
    }
    this.#link = new HttpLink(api, [...devices.values()], {
      shardKeys,
      onTrouble: ({ code }) => this.#trouble(code),
      onSettled: ({ device, digest, code }) => this.#settled(device, toHex(digest), code),
    });
  }

  async run(): Promise<void> {
    const { file, mapping, delimiter, window, signal } = this.#options;
    this.#link.start();
    for await (const { line, timeMs, values } of readSeries(file, mapping, delimiter, window, () => undefined)) {
      const news = values.filter(({ series }) => this.#isNew(series, line));
      if (news.length === 0) continue;
      await this.#pace(timeMs);
      if (signal.aborted) return;
      for (const { series, sensor, unit, value } of news)
        this.#add(series, line, { sensor, ...(unit === null ? {} : { unit }), value, timeMs });
      // Only between rows: a pack holds all or nothing of a line.
      if (this.#isAnyFull) await this.#flush(true);
    }
    await this.#flush();
    await this.#drain(0);
  }

  async stop(): Promise<void> {
    await this.#link.stop();
    this.#options.progress.end(this.#doneCount);
  }

  /** False for what a former run signed already. */
  #isNew(series: string, line: number): boolean {
    if (line > (this.#options.devices.get(series)?.cursor ?? 0)) return true;
    this.#outcome(series).skippedCount++;
    this.#doneCount++;
    return false;
  }

  /** Waits until it is this moment's turn, sending what waits meanwhile. */
  async #pace(timeMs: number): Promise<void> {
    const { speed, signal } = this.#options;
    if (speed === null) return;
    this.#firstMs ??= timeMs;
    const dueMs = this.#begunMs + (timeMs - this.#firstMs) / speed;
    while (!signal.aborted && performance.now() < dueMs) {
      await this.#flushWhenDue();
      await sleep(Math.min(dueMs - performance.now(), FLUSH_MS));
    }
    await this.#flushWhenDue();
  }

  async #flushWhenDue(): Promise<void> {
    this.#options.progress.set(this.#doneCount);
    if (performance.now() - this.#flushedMs < FLUSH_MS) return;
    await this.#flush();
  }

  #add(series: string, line: number, record: SensorRecord): void {
    const pack = this.#packs.get(series) ?? { records: [], line: 0 };
    pack.records.push(record);
    pack.line = line;
    this.#packs.set(series, pack);
    if (pack.records.length >= this.#options.packCountMax) this.#isAnyFull = true;
  }

  /** Signs and keeps what is packed, in one commit; with `fullOnly`, the packs that are full. */
  async #flush(fullOnly = false): Promise<void> {
    this.#flushedMs = performance.now();
    this.#isAnyFull = false;
    const due = [...this.#packs].filter(([, { records }]) => !fullOnly || records.length >= this.#options.packCountMax);
    await this.#drain(UNSETTLED_COUNT_MAX);
    await Promise.all(due.map(([series, pack]) => this.#report(series, pack)));
  }

  async #report(series: string, { records, line }: Pack): Promise<void> {
    const device = this.#options.devices.get(series);
    if (device === undefined) throw new Error(`series ${series} has no device`);
    this.#packs.delete(series);
    const clockErrorMs = Math.min(this.#options.mapping.resolutionMs, LIMITS.clockErrorMaxMs);
    const reported = device.report(records, { clockErrorMs, cursor: line });
    this.#outcome(series).sentCount += records.length;
    const { digest } = await reported;
    this.#waiting.set(toHex(digest), records.length);
  }

  #settled(device: Device, digest: string, code: string | null): void {
    const count = this.#waiting.get(digest);
    this.#waiting.delete(digest);
    if (code !== null) this.#tell(`${code}: a reading was refused for good; it is kept beside its receipt.`);
    // What a former run signed was counted as skipped.
    if (count !== undefined) this.#finish(device, digest, count, code);
  }

  #finish(device: Device, digest: string, count: number, code: string | null): void {
    const outcome = this.#outcome(this.#seriesOf.get(device) as string);
    this.#doneCount += count;
    if (code === null) {
      outcome.keptCount += count;
      outcome.digest = digest;
    } else outcome.refusedCount += count;
    this.#options.progress.set(this.#doneCount);
  }

  /** Waits until at most this many messages are without a receipt. */
  async #drain(countMax: number): Promise<void> {
    await this.#link.settled(countMax, () => {
      this.#options.progress.set(this.#doneCount);
      return !this.#options.signal.aborted;
    });
  }

  #trouble(code: string): void {
    this.#tell(`${code}: not delivered yet; it is tried again, and nothing is lost.`);
  }

  #tell(sentence: string): void {
    if (this.#told.has(sentence)) return;
    this.#told.add(sentence);
    this.#options.progress.note(sentence);
  }

  #outcome(series: string): SeriesOutcome {
    return this.outcomes.get(series) as SeriesOutcome;
  }
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, durationMs)));
}
