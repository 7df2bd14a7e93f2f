/** Zones of the city: their outlines for the map, and the list beside it, by which one is found without seeing the map. */

import type { ZoneJson } from '@oppidum/gateway/api/orders';
import { plainText } from '@oppidum/pages/plain-text';
import { type ReactNode, useMemo, useState } from 'react';
import type { Page } from '../api.ts';
import { fill, useLanguage } from '../language.ts';
import type { CityDevice, Place } from '../live/city-store.ts';
import { byName } from '../parts/by-name.ts';
import { DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { IdLink } from '../parts/texts.tsx';
import { outlineOf, type ZoneOutline } from '../parts/zone-outlines.ts';
import { LAYER_TEXTS } from '../texts/layers.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 30_000;
const SHOWN = 1_000;
/** Characters of a name on the map. */
const NAME_LENGTH_MAX = 40;

export type CityZones = {
  readonly zones: readonly ZoneJson[];
  readonly outlines: readonly ZoneOutline[];
  readonly picked: string | null;
  readonly pick: (id: string | null) => void;
};

/** The zones that there are, and the outlines of those whose devices say where they are; nothing while the layer is off. */
export function useZones(devices: readonly CityDevice[], isShown: boolean): CityZones {
  const loaded = useLoaded<Page<ZoneJson>>(isShown ? `/api/v1/zones?limit=${SHOWN}` : null, EVERY_MS).value;
  const { tag } = useLanguage();
  const zones = useMemo(() => (isShown ? sortedByName(loaded?.items ?? [], tag) : []), [isShown, loaded, tag]);
  const [picked, pick] = useState<string | null>(null);
  const outlines = outlinesOf(zones, devices);
  // The same while they are the same: what moves are seldom devices of a zone.
  const joined = JSON.stringify(outlines);
  const same = useMemo(() => JSON.parse(joined) as readonly ZoneOutline[], [joined]);
  return { zones, outlines: same, picked, pick };
}

function sortedByName(zones: readonly ZoneJson[], tag: string): readonly ZoneJson[] {
  const compare = byName(tag);
  return zones.toSorted((a, b) => compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

/** Those with the most devices first: where names are close together, theirs are on the map. */
function outlinesOf(zones: readonly ZoneJson[], devices: readonly CityDevice[]): readonly ZoneOutline[] {
  const places = new Map<string, Place[]>(zones.map(({ id }) => [id, []]));
  for (const { zone, place } of devices) if (zone !== null && place !== null) places.get(zone)?.push(place);
  const countOf = ({ id }: ZoneJson): number => places.get(id)?.length ?? 0;
  return zones
    .toSorted((a, b) => countOf(b) - countOf(a))
    .flatMap(({ id, name }) => {
      const outline = outlineOf(places.get(id) ?? []);
      return outline === null ? [] : [{ id, name: plainText(name, NAME_LENGTH_MAX), ...outline }];
    });
}

type ListProps = Pick<CityZones, 'zones' | 'outlines'> & {
  readonly picked: string | null;
  readonly onPick: (id: string | null) => void;
};

/** Each zone with a button that shows it on the map. */
export function CityZoneList({ zones, outlines, picked, onPick }: ListProps): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = LAYER_TEXTS[code].zones;
  const drawn = useMemo(() => new Set(outlines.map(({ id }) => id)), [outlines]);
  if (zones.length === 0) return null;
  return (
    <section className="city-zones" aria-labelledby="city-zones-heading">
      <h3 id="city-zones-heading">{texts.heading}</h3>
      <p className="hint">{texts.note}</p>
      <DataTable
        label={texts.heading}
        rows={zones}
        keyOf={({ id }) => id}
        empty={sentences.none}
        columns={[
          {
            name: 'zone',
            heading: texts.zone,
            cell: ({ id, name }) => <IdLink id={id} to={{ view: 'area', area: 'zones', argument: id }} label={name} />,
            order: ({ name }) => name,
          },
          {
            name: 'devices',
            heading: sentences.devicesHeading,
            cell: ({ deviceCount }) => formatNumber(deviceCount, tag),
            order: ({ deviceCount }) => deviceCount,
          },
          {
            name: 'map',
            heading: texts.onMap,
            cell: ({ id, name }) =>
              drawn.has(id) ? (
                <button
                  type="button"
                  aria-pressed={id === picked}
                  aria-label={fill(texts.show, { name: plainText(name, NAME_LENGTH_MAX) })}
                  onClick={() => onPick(id === picked ? null : id)}
                >
                  {texts.showShort}
                </button>
              ) : (
                texts.nowhere
              ),
          },
        ]}
      />
    </section>
  );
}
