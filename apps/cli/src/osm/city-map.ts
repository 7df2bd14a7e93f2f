/** What a city needs of OpenStreetMap, as GeoJSON: streets as lines; lamps, signals and crossings as points. */

import { CliFailure, EXIT } from '../failure.ts';
import type { OsmItem } from './read-osm.ts';

type Coordinates = readonly [lon: number, lat: number];
type Feature = {
  readonly type: 'Feature';
  readonly properties: Readonly<Record<string, string>>;
  readonly geometry:
    | { readonly type: 'LineString'; readonly coordinates: readonly Coordinates[] }
    | { readonly type: 'Point'; readonly coordinates: Coordinates };
};

export type Counts = { streets: number; 'street-lamps': number; 'traffic-signals': number; crossings: number; skipped: number };

/** GeoJSON with the attribution that its licence asks for; maps show it. */
export type CityMapFile = {
  readonly type: 'FeatureCollection';
  readonly attribution: string;
  readonly features: readonly Feature[];
};

/** ODbL 1.0 §4.3. */
const ATTRIBUTION = '© OpenStreetMap contributors, ODbL 1.0';
/** Nodes of a large city; a coordinate pair takes about 100 bytes here, and a Map of V8 holds 2^24 entries. */
const NODE_COUNT_MAX = 16_000_000;
/** Values of `highway` that are no streets but things beside them, or not there (yet). */
const NO_STREETS =
  /^(proposed|construction|abandoned|razed|elevator|bus_stop|platform|rest_area|services|street_lamp|traffic_signals|crossing)$/;
const POINTS = {
  street_lamp: { kind: 'street-lamp', count: 'street-lamps' },
  traffic_signals: { kind: 'traffic-signal', count: 'traffic-signals' },
  crossing: { kind: 'crossing', count: 'crossings' },
} as const;

/** Reads all items. A way of which too little is in the file counts as skipped. Throws CliFailure for more nodes than can be held. */
export async function makeCityMap(
  items: AsyncIterable<OsmItem>,
  onItem: () => void,
  nodeCountMax = NODE_COUNT_MAX,
): Promise<{ readonly map: CityMapFile; readonly counts: Counts }> {
  const places = new Map<string, Coordinates>();
  const features: Feature[] = [];
  const counts: Counts = { streets: 0, 'street-lamps': 0, 'traffic-signals': 0, crossings: 0, skipped: 0 };
  for await (const item of items) {
    onItem();
    const highway = item.tags.get('highway');
    if (item.type === 'node') {
      if (!isPlace(item)) {
        counts.skipped++;
        continue;
      }
      if (places.size >= nodeCountMax) throw tooLarge(nodeCountMax);
      places.set(item.id, [item.lon, item.lat]);
      const point = highway !== undefined && Object.hasOwn(POINTS, highway) ? POINTS[highway as keyof typeof POINTS] : null;
      if (point === null) continue;
      counts[point.count]++;
      features.push({
        type: 'Feature',
        properties: { kind: point.kind },
        geometry: { type: 'Point', coordinates: [item.lon, item.lat] },
      });
    } else if (highway !== undefined && !NO_STREETS.test(highway)) {
      const coordinates = item.nodes.flatMap((node) => {
        const place = places.get(node);
        return place === undefined ? [] : [place];
      });
      if (coordinates.length < 2) {
        counts.skipped++;
        continue;
      }
      counts.streets++;
      const kind = item.tags.get('bridge') === 'yes' ? 'bridge' : 'street';
      features.push({
        type: 'Feature',
        // What kind of way it is decides who drives there.
        properties: { kind, name: item.tags.get('name') ?? '', highway },
        geometry: { type: 'LineString', coordinates },
      });
    }
  }
  return { map: { type: 'FeatureCollection', attribution: ATTRIBUTION, features }, counts };
}

function tooLarge(nodeCountMax: number): CliFailure {
  const action = 'Cut a smaller extract, of one city, or leave out what is no street with `osmium tags-filter`';
  return new CliFailure(`The file has more than ${nodeCountMax} nodes`, { exitCode: EXIT.failed, action });
}

function isPlace({ lat, lon }: { readonly lat: number; readonly lon: number }): boolean {
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}
