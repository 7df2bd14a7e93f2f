/** The city now: what it is, honest counters, and its devices on the map and in the list, which are one selection. */

import type { AlarmJson } from '@oppidum/gateway/api/alarms';
import { plainText } from '@oppidum/pages/plain-text';
import { lazy, type ReactNode, Suspense, useCallback, useMemo, useState } from 'react';
import type { Page } from '../api.ts';
import { AREAS } from '../areas.ts';
import { fill, useLanguage } from '../language.ts';
import type { CityDevice } from '../live/city-store.ts';
import { type City, POLL_EVERY_MS, useCity } from '../live/use-city.ts';
import type { PlacedDevice } from '../parts/city-map.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { colorsOf } from '../parts/kinds.ts';
import { addressOf } from '../route.ts';
import { cityNowMs } from '../server-clock.ts';
import { LAYER_TEXTS } from '../texts/layers.ts';
import { useLoaded } from '../use-loaded.ts';
import { Counters } from './city-counters.tsx';
import { layerOf, MARK_SHAPES, type Mark, markOf, useLayers } from './city-layers.ts';
import { CityZoneList, useZones } from './city-zones.tsx';
import { DeviceList } from './device-list.tsx';
import { LayerChoice } from './layer-choice.tsx';
import { SelectedDevice } from './selected-device.tsx';

const CityMap = lazy(async () => ({ default: (await import('../parts/city-map.tsx')).CityMap }));

const NOTHING = { all: [], named: [], placed: [] };
/** Characters of a strange name in a list of choices. */
const CHOICE_LENGTH_MAX = 60;
const ALARMS_SHOWN = 1_000;
const ALARMS_EVERY_MS = 10_000;

/** Counters above map and list. */
export function CityView(): ReactNode {
  const { sentences } = useLanguage();
  const city = useCity();
  return (
    <>
      <h1>{sentences.cityHeading}</h1>
      <p className="intro">
        {sentences.cityIntro} <a href={addressOf({ view: 'area', area: 'tour', argument: '' })}>{sentences.cityTour}</a>
      </p>
      <Counters lagMs={city.lagMs} />
      <Devices city={city} />
    </>
  );
}

type Filter = { readonly type: string; readonly status: string; readonly text: string };

function Devices({ city }: { readonly city: City }): ReactNode {
  const { sentences, tag } = useLanguage();
  const [filter, setFilter] = useState<Filter>({ type: '', status: '', text: '' });
  const [selected, setSelected] = useState<string | null>(null);
  const select = useCallback((id: string) => setSelected(id), []);
  const { all, named, placed } = city.value ?? NOTHING;
  const types = useTypes(named);
  const colors = useMemo(() => colorsOf(types), [types]);
  const [layers, toggle] = useLayers();
  const wanted = useMemo(
    () => named.filter((device) => layers.includes(layerOf(device.deviceType)) && isWanted(device, filter)),
    [named, filter, layers],
  );
  const marks = useMarks(all, layers.includes('alarms'));
  const drawn = usePlaced(placed, wanted, colors, marks);
  const { picked, pick, ...zones } = useZones(placed, layers.includes('zones'));
  const byId = useMemo(() => new Map(all.map((device) => [device.id, device])), [all]);
  const device = byId.get(selected ?? '');
  return (
    <section aria-labelledby="devices-heading">
      <div className="row">
        <h2 id="devices-heading">
          {sentences.devicesHeading} {city.value !== null && <span className="count">{formatNumber(wanted.length, tag)}</span>}
        </h2>
        <Filters types={types} filter={filter} onFilter={setFilter} />
      </div>
      {all.length > 0 && <LayerChoice layers={layers} onToggle={toggle} />}
      {named.some(({ simulated }) => simulated) && <p className="hint">{sentences.simulatedNote}</p>}
      {city.isCut && <p className="problem">{fill(sentences.cityCut, { count: formatNumber(all.length, tag) })}</p>}
      <div className="city">
        {placed.some(({ place }) => place !== null) && (
          <div>
            <Suspense fallback={<div className="map" />}>
              <CityMap {...{ devices: drawn, selected, zones: zones.outlines, zone: picked }} onSelect={select} />
            </Suspense>
            <Legend colors={colors} />
          </div>
        )}
        <div>
          {device !== undefined && <SelectedDevice device={device} />}
          {city.value !== null && all.length === 0 ? (
            <NoDevices />
          ) : (
            <DeviceList
              devices={wanted}
              byId={byId}
              marks={marks}
              selected={selected}
              onSelect={select}
              isLoading={city.value === null}
            />
          )}
          <LiveState city={city} />
        </div>
      </div>
      <CityZoneList {...zones} picked={picked} onPick={pick} />
    </section>
  );
}

/** A city that nobody brought a device to, and the pages by which one does. */
function NoDevices(): ReactNode {
  const { code } = useLanguage();
  return (
    <>
      <p>{LAYER_TEXTS[code].empty}</p>
      <p className="actions">
        {['kit', 'import'].map((area) => (
          <a key={area} href={addressOf({ view: 'area', area, argument: '' })}>
            {AREAS[area]?.title[code]}
          </a>
        ))}
      </p>
    </>
  );
}

/** The same list while the kinds are the same. */
function useTypes(devices: readonly CityDevice[]): readonly string[] {
  const joined = JSON.stringify([...new Set(devices.map(({ deviceType }) => deviceType))].sort());
  return useMemo(() => JSON.parse(joined) as string[], [joined]);
}

function isWanted({ deviceType, status, label, id }: CityDevice, filter: Filter): boolean {
  if (filter.type !== '' && deviceType !== filter.type) return false;
  if (filter.status !== '' && status !== filter.status) return false;
  const text = filter.text.trim().toLowerCase();
  return text === '' || (label ?? '').toLowerCase().includes(text) || id.startsWith(text);
}

/** Marks of the devices that have one; the same map while they are the same. */
function useMarks(devices: readonly CityDevice[], withAlarms: boolean): ReadonlyMap<string, Mark> {
  const path = withAlarms ? `/api/v1/alarms?state=unclosed&limit=${ALARMS_SHOWN}` : null;
  const alarms = useLoaded<Page<AlarmJson>>(path, ALARMS_EVERY_MS).value;
  const alarmed = useMemo(() => new Set(alarms?.items.map(({ subject }) => subject.id) ?? []), [alarms]);
  const nowMs = cityNowMs();
  const marked = devices.flatMap((device): [string, Mark][] => {
    const mark = markOf(device, alarmed, nowMs);
    return mark === 'none' ? [] : [[device.id, mark]];
  });
  const joined = JSON.stringify(marked);
  return useMemo(() => new Map(JSON.parse(joined) as [string, Mark][]), [joined]);
}

/** Those that are wanted and told where they are; the same list until one moves. */
function usePlaced(
  placed: readonly CityDevice[],
  wanted: readonly CityDevice[],
  colors: ReadonlyMap<string, string>,
  marks: ReadonlyMap<string, Mark>,
): readonly PlacedDevice[] {
  const ids = useMemo(() => new Set(wanted.map(({ id }) => id)), [wanted]);
  return useMemo(
    () =>
      placed.flatMap(({ id, status, deviceType, place }) =>
        place === null || !ids.has(id)
          ? []
          : [{ id, status, color: colors.get(deviceType) ?? 'gray', mark: marks.get(id) ?? 'none', ...place }],
      ),
    [placed, ids, colors, marks],
  );
}

function Filters(props: {
  readonly types: readonly string[];
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}): ReactNode {
  const { types, filter, onFilter } = props;
  const { sentences } = useLanguage();
  return (
    <div className="filters">
      <label>
        {sentences.filterType}{' '}
        <select value={filter.type} onChange={({ target }) => onFilter({ ...filter, type: target.value })}>
          <option value="">{sentences.allTypes}</option>
          {types.map((each) => (
            <option key={each} value={each}>
              {plainText(each, CHOICE_LENGTH_MAX)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {sentences.columns.status}{' '}
        <select value={filter.status} onChange={({ target }) => onFilter({ ...filter, status: target.value })}>
          <option value="">{sentences.allStatuses}</option>
          {Object.entries(sentences.statuses).map(([status, text]) => (
            <option key={status} value={status}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        {sentences.filterText}{' '}
        <input
          type="search"
          dir="auto"
          autoComplete="off"
          value={filter.text}
          onChange={({ target }) => onFilter({ ...filter, text: target.value })}
        />
      </label>
    </div>
  );
}

function Legend({ colors }: { readonly colors: ReadonlyMap<string, string> }): ReactNode {
  const { sentences, code } = useLanguage();
  const { marksHeading, marks } = LAYER_TEXTS[code];
  return (
    <div className="legend">
      <h3>{sentences.kindsHeading}</h3>
      <ul>
        {[...colors].map(([kind, color]) => (
          <li key={kind}>
            <span className="dot" style={{ background: color }} aria-hidden="true" />{' '}
            <bdi>{plainText(kind, CHOICE_LENGTH_MAX)}</bdi>
          </li>
        ))}
      </ul>
      <p className="hint">{sentences.kindsNote}</p>
      <h3>{marksHeading}</h3>
      <ul>
        {Object.entries(MARK_SHAPES).map(([mark, shape]) => (
          <li key={mark}>
            <span aria-hidden="true">{shape}</span> {marks[mark as Mark]}
          </li>
        ))}
      </ul>
    </div>
  );
}

function LiveState({ city }: { readonly city: City }): ReactNode {
  const { sentences, tag } = useLanguage();
  const text = fill(sentences.liveStates[city.live], { seconds: formatNumber(POLL_EVERY_MS / 1_000, tag) });
  return (
    <div className="live">
      <span className={`state ${city.live === 'live' ? 'active' : 'unknown'}`}>{text}</span> <Freshness of={city} />
    </div>
  );
}
