/** The city now: honest counters, and its devices. */

import type { CityJson, DeviceJson } from '@oppidum/gateway/api-types';
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useLanguage } from '../language.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { usePlaces } from '../parts/places.ts';
import { IdLink, Quoted, StateBadge, Time } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';

const CityMap = lazy(async () => ({ default: (await import('../parts/city-map.tsx')).CityMap }));

const COUNTERS_EVERY_MS = 1_000;
const DEVICES_EVERY_MS = 2_000;
const DEVICES_SHOWN_MAX = 500;

/** Counters above the list of devices. */
export function CityView(): ReactNode {
  const { sentences } = useLanguage();
  return (
    <>
      <h1>{sentences.cityHeading}</h1>
      <Counters />
      <Devices />
    </>
  );
}

function Counters(): ReactNode {
  const { sentences, tag } = useLanguage();
  const city = useLoaded<CityJson>('/api/v1/city', COUNTERS_EVERY_MS);
  const { value, loadedMs } = city;
  const size = value?.shards.reduce((sum, shard) => sum + shard.size, 0) ?? 0;
  const anchored = value?.shards.reduce((sum, shard) => sum + shard.anchoredSize, 0) ?? 0;
  const perSecond = useRate(value === null ? null : size, loadedMs);
  const { counters } = sentences;
  const shown: readonly (readonly [string, number | null])[] = [
    [counters.perSecond, perSecond],
    [counters.readings, value === null ? null : size],
    [counters.proven, value === null ? null : anchored],
    [counters.height, value?.height ?? null],
    [counters.behind, value?.readModel.behindReadings ?? null],
  ];
  return (
    <section aria-label={sentences.cityHeading}>
      <dl className="counters">
        {shown.map(([name, count]) => (
          <div key={name} className="card">
            <dt>{name}</dt>
            <dd>{count === null ? '–' : formatNumber(count, tag)}</dd>
          </div>
        ))}
      </dl>
      <Freshness of={city} />
    </section>
  );
}

/** How fast a count grows, over the answers of the last ten seconds; null before the second one. */
function useRate(count: number | null, atMs: number | null): number | null {
  const seen = useRef<{ readonly count: number; readonly atMs: number }[]>([]);
  const [rate, setRate] = useState<number | null>(null);
  useEffect(() => {
    if (count === null || atMs === null) return;
    seen.current = [...seen.current.filter((each) => atMs - each.atMs < 10_000), { count, atMs }];
    const [first] = seen.current;
    if (first === undefined || first.atMs === atMs) return;
    setRate(Math.round((10 * 1_000 * (count - first.count)) / (atMs - first.atMs)) / 10);
  }, [count, atMs]);
  return rate;
}

type DevicePage = { readonly items: readonly DeviceJson[]; readonly next: string | null };

function Devices(): ReactNode {
  const { sentences, tag } = useLanguage();
  const [type, setType] = useState('');
  const page = useLoaded<DevicePage>(`/api/v1/devices?limit=${DEVICES_SHOWN_MAX}`, DEVICES_EVERY_MS);
  const items = page.value?.items ?? [];
  const types = useMemo(() => [...new Set(items.map(({ deviceType }) => deviceType))].sort(), [items]);
  const shown = useMemo(() => items.filter(({ deviceType }) => type === '' || deviceType === type), [items, type]);
  const columns = useDeviceColumns();
  const placed = usePlaces(shown);
  return (
    <section aria-labelledby="devices-heading">
      <div className="row">
        <h2 id="devices-heading">
          {sentences.devicesHeading} <span className="count">{formatNumber(shown.length, tag)}</span>
        </h2>
        <label>
          {sentences.filterType}{' '}
          <select value={type} onChange={({ target }) => setType(target.value)}>
            <option value="">{sentences.allTypes}</option>
            {types.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      </div>
      {items.some(({ simulated }) => simulated) && <p className="hint">{sentences.simulatedNote}</p>}
      {placed.length > 0 && (
        <Suspense fallback={<div className="map" />}>
          <CityMap devices={placed} label={sentences.mapLabel} />
        </Suspense>
      )}
      <DataTable label={sentences.devicesHeading} rows={shown} columns={columns} keyOf={({ id }) => id} empty={sentences.none} />
      <Freshness of={page} />
    </section>
  );
}

function useDeviceColumns(): readonly Column<DeviceJson>[] {
  const { sentences, tag } = useLanguage();
  const { columns, statuses } = sentences;
  return useMemo(
    () => [
      {
        name: 'device',
        heading: columns.device,
        cell: ({ id, label }) => <IdLink id={id} to={{ view: 'device', id }} label={label} />,
        order: ({ label, id }) => label ?? id,
      },
      {
        name: 'type',
        heading: columns.type,
        cell: ({ deviceType }) => <Quoted text={deviceType} />,
        order: ({ deviceType }) => deviceType,
      },
      {
        name: 'status',
        heading: columns.status,
        cell: ({ status }) => <StateBadge state={status} text={statuses[status]} />,
        order: ({ status }) => status,
      },
      {
        name: 'last',
        heading: columns.lastReading,
        cell: ({ lastReadingMs }) => <Time ms={lastReadingMs} />,
        order: ({ lastReadingMs }) => lastReadingMs ?? 0,
      },
      {
        name: 'count',
        heading: columns.readings,
        cell: ({ readingCount }) => formatNumber(readingCount, tag),
        order: ({ readingCount }) => readingCount,
      },
    ],
    [columns, statuses, tag],
  );
}
