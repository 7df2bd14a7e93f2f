/** The newest value of each series of a device: as a list says them at first and now and then, and as the stream brings them between. */

import type { LatestPageJson, RecordJson, SampleJson } from '@oppidum/gateway/api/readings';
import { useEffect, useState } from 'react';
import { dataOf } from '../../live/batches.ts';
import { openLive } from '../../live/live-source.ts';
import { type Loaded, useLoaded } from '../../use-loaded.ts';

const EVERY_MS = 5_000;
const LIMIT = 100;
/** A stream names no more series of one device than are asked for. */
const PUSHED_MAX = 2 * LIMIT;

/** What a series said, and when. */
export type Said = Pick<SampleJson, 'value' | 'timeMs'> & { readonly label: string | null };
type Reading = { readonly device: string; readonly label: string | null; readonly records: readonly RecordJson[] };
/** Of which device it was pushed: what another one said is not this one's. */
type Pushed = { readonly device: string; readonly said: ReadonlyMap<string, Said> };

/** `said` by the name of the series; null where nothing is known of it. */
export function usePushed(device: string): {
  readonly loaded: Loaded<LatestPageJson>;
  readonly said: (name: string) => Said | null;
} {
  const loaded = useLoaded<LatestPageJson>(`/api/v1/readings/latest?device=${device}&limit=${LIMIT}`, EVERY_MS);
  const [pushed, setPushed] = useState<Pushed>({ device, said: new Map() });
  useEffect(
    () =>
      openLive(['readings'], `&device=${device}`, {
        onBatch: ({ events }) => {
          const readings = events.flatMap((event) => dataOf<Reading>(event) ?? []).filter((each) => each.device === device);
          if (readings.length > 0) setPushed((before) => withReadings(before, device, readings));
        },
        onState: () => undefined,
      }),
    [device],
  );
  const said = (name: string): Said | null => {
    const listed = (loaded.value?.items ?? []).filter((each) => each.name === name);
    const live = pushed.device === device ? pushed.said.get(name) : undefined;
    return [...listed, ...(live === undefined ? [] : [live])].reduce<Said | null>(newerOf, null);
  };
  return { loaded, said };
}

function withReadings(before: Pushed, device: string, readings: readonly Reading[]): Pushed {
  const said = new Map(before.device === device ? before.said : []);
  for (const { label, records } of readings)
    for (const { name, value, timeMs } of records)
      if (said.has(name) || said.size < PUSHED_MAX) said.set(name, newerOf(said.get(name) ?? null, { value, timeMs, label }));
  return { device, said };
}

function newerOf(before: Said | null, said: Said): Said {
  return before !== null && before.timeMs > said.timeMs ? before : said;
}
