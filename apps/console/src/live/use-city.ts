/** The devices of the city for a view: lists at first and now and then, the stream between them; lists alone where there is no stream. */

import type { LatestPageJson } from '@oppidum/gateway/api/readings';
import type { DeviceJson } from '@oppidum/gateway/api-types';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type ApiProblem, fetchJson, type Page, problemOf } from '../api.ts';
import { cityNowMs } from '../server-clock.ts';
import type { Loaded } from '../use-loaded.ts';
import { AnchorLag } from './anchor-lag.ts';
import { type Batch, dataOf } from './batches.ts';
import { type CityLists, CityStore, DEVICES_MAX } from './city-store.ts';
import { type LiveState, openLive } from './live-source.ts';

/** Lists are asked for this often beside a stream, and without one. */
const LISTS_EVERY_MS = 30_000;
export const POLL_EVERY_MS = 5_000;
/** A device that no list named yet is looked for no more often than this. */
const AGAIN_MIN_MS = 3_000;
const PAGE_LIMIT = 1_000;
const TOPICS = ['readings', 'anchors', 'devices'] as const;

export type City = Loaded<CityLists> & {
  readonly live: LiveState;
  /** Milliseconds that the ledger is behind the newest reading; null where it is unknown. */
  readonly lagMs: number | null;
  /** There are more devices than a page shows. */
  readonly isCut: boolean;
};

/** Follows the city for as long as the view is there. */
export function useCity(): City {
  const [city, setCity] = useState<City>({
    ...{ value: null, problem: null, loadedMs: null },
    live: 'connecting',
    lagMs: null,
    isCut: false,
  });
  const follower = useMemo(() => new CityFollower(), []);
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    const end = follower.begin((changes) => {
      if (!isGone.current) setCity((before) => ({ ...before, ...changes }));
    });
    return () => {
      isGone.current = true;
      end();
    };
  }, [follower]);
  return city;
}

class CityFollower {
  readonly #store = new CityStore();
  readonly #lag = new AnchorLag();
  #tell: (changes: Partial<City>) => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop = new AbortController();
  #live: LiveState = 'connecting';
  #isLoading = false;
  #loadedAtMs = Number.NEGATIVE_INFINITY;

  begin(tell: (changes: Partial<City>) => void): () => void {
    this.#tell = tell;
    this.#stop = new AbortController();
    const end = openLive(TOPICS, '', { onBatch: (batch) => this.#take(batch), onState: (state) => this.#setState(state) });
    void this.#load();
    return () => {
      end();
      this.#stop.abort();
      clearTimeout(this.#timer);
    };
  }

  #setState(state: LiveState): void {
    if (state === this.#live) return;
    this.#live = state;
    if (state === 'polling') this.#lag.forget();
    this.#tell({ live: state, ...(state === 'polling' ? { lagMs: null } : {}) });
    this.#loadSoon();
  }

  #take({ events, isWhole }: Batch): void {
    if (!isWhole) this.#lag.forget();
    for (const event of events) {
      if (event.topic === 'readings') noteIfWhole(dataOf(event), (data) => this.#lag.noteReading(data));
      if (event.topic === 'anchors') noteIfWhole(dataOf(event), (data) => this.#lag.noteAnchor(data));
    }
    const isNew = this.#store.apply(events);
    this.#tell({ value: this.#store.lists(), loadedMs: cityNowMs(), problem: null, lagMs: this.#lag.lagMs() });
    if (isNew || !isWhole) this.#loadSoon();
  }

  /** Lists again, but not at once after the last time. */
  #loadSoon(): void {
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, this.#loadedAtMs + AGAIN_MIN_MS - performance.now());
    this.#timer = setTimeout(() => void this.#load(), waitMs);
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return;
    const { signal } = this.#stop;
    this.#isLoading = true;
    try {
      const devices = await fetchAll<DeviceJson>('/api/v1/devices?', signal);
      this.#store.setDevices(devices.items);
      this.#tell({ value: this.#store.lists(), loadedMs: cityNowMs(), problem: null, isCut: devices.isCut });
      for (const unit of ['lat', 'lon'] as const) {
        const path = `/api/v1/readings/latest?unit=${unit}&`;
        this.#store.setCoordinates(unit, (await fetchAll<LatestPageJson['items'][number]>(path, signal)).items);
      }
      this.#tell({ value: this.#store.lists() });
    } catch (error) {
      if (!signal.aborted) this.#tell({ problem: problemOf(error) as ApiProblem });
    } finally {
      this.#isLoading = false;
      this.#loadedAtMs = performance.now();
    }
    if (signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#loadIfSeen(), this.#live === 'live' ? LISTS_EVERY_MS : POLL_EVERY_MS);
  }

  #loadIfSeen(): void {
    if (!document.hidden) void this.#load();
    else this.#timer = setTimeout(() => this.#loadIfSeen(), POLL_EVERY_MS);
  }
}

type Numbered = { readonly shard: string; readonly index: number; readonly size: number; readonly receivedMs: number };

function noteIfWhole(data: Numbered | null, note: (data: Numbered) => void): void {
  if (data !== null) note(data);
}

/** All pages of a list, up to as many items as a page shows. */
async function fetchAll<T>(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly items: readonly T[]; readonly isCut: boolean }> {
  const items: T[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page: Page<T> = await fetchJson<Page<T>>(`${path}limit=${PAGE_LIMIT}${cursor}`, signal);
    items.push(...page.items);
    next = page.next;
  } while (next !== null && items.length < DEVICES_MAX);
  return { items, isCut: next !== null };
}
