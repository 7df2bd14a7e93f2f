/** Numbers of the city, each from what the city says or from the times that it gave; what is not known is said to be unknown. */

import type { CityJson } from '@oppidum/gateway/api-types';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLanguage } from '../language.ts';
import { formatNumber, formatUnit } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { steadyMs } from '../server-clock.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 1_000;
/** Rates are of so many milliseconds. */
const RATE_MS = 10_000;

/** `lagMs`: how far the ledger is behind the newest reading, null where it is unknown. */
export function Counters({ lagMs }: { readonly lagMs: number | null }): ReactNode {
  const { sentences, tag } = useLanguage();
  const city = useLoaded<CityJson>('/api/v1/city', EVERY_MS);
  const { value, problem } = city;
  const size = value?.shards.reduce((sum, shard) => sum + shard.size, 0) ?? null;
  const anchored = value?.shards.reduce((sum, shard) => sum + shard.anchoredSize, 0) ?? null;
  const perSecond = useRate(size, value);
  const { counters } = sentences;
  const shown: readonly (readonly [string, number | null, string?])[] = [
    [counters.perSecond, problem === null ? perSecond : null],
    [counters.readings, size],
    [counters.proven, anchored],
    [counters.lag, problem === null ? lagMs : null, 'millisecond'],
    [counters.behind, value?.readModel.behindReadings ?? null],
    [counters.height, value?.height ?? null],
  ];
  return (
    <section aria-label={sentences.cityHeading}>
      <dl className="counters">
        {shown.map(([name, count, unit]) => (
          <div key={name} className="card">
            <dt>{name}</dt>
            <dd className={count === null ? 'unknown' : undefined}>
              {count === null
                ? sentences.unknown
                : unit === undefined
                  ? formatNumber(count, tag)
                  : formatUnit(count, unit, tag, 'short')}
            </dd>
          </div>
        ))}
      </dl>
      <Freshness of={city} />
    </section>
  );
}

/** How fast a count grows, over the answers of the last ten seconds, by a clock that nobody sets; null before the second one. */
function useRate(count: number | null, answer: unknown): number | null {
  const seen = useRef<{ readonly count: number; readonly atMs: number }[]>([]);
  const [rate, setRate] = useState<number | null>(null);
  useEffect(() => {
    if (count === null || answer === null) return;
    const atMs = steadyMs();
    seen.current = [...seen.current.filter((each) => atMs - each.atMs < RATE_MS && each.count <= count), { count, atMs }];
    const [first] = seen.current;
    if (first === undefined || first.atMs === atMs) return;
    setRate(Math.round((10 * 1_000 * (count - first.count)) / (atMs - first.atMs)) / 10);
  }, [count, answer]);
  return rate;
}
