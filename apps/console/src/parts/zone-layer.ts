/** Zones on the map, below the devices: an outline with the name of each, and one that is picked from the list stands out. */

import { type GeoJSONSource, LngLatBounds, type Map as MapLibre } from 'maplibre-gl';
import { type Anchor, offsetOf, placeNames } from './zone-names.ts';
import type { ZoneOutline } from './zone-outlines.ts';

const NAME_SIZE_PX = 26;
const NAME_EDGE_PX = 8;
/** Names are drawn at twice their size, for fine screens. */
const PIXEL_RATIO = 2;
const PADDING_PX = 60;
const ZOOM_MAX = 17;

type Size = { readonly width: number; readonly height: number };

/** What of the zones is on the map. Names are placed again wherever the map comes to rest. */
export class ZoneLayer {
  readonly #map: MapLibre;
  readonly #color: (name: string) => string;
  /** Of the pictures of names, in pixels of the map. */
  readonly #sizes = new Map<string, Size>();
  #zones: readonly ZoneOutline[] = [];
  #picked: string | null = null;
  #named = '';

  /** Adds the layers, empty. `color`: of a variable of the page. */
  constructor(map: MapLibre, color: (name: string) => string) {
    this.#map = map;
    this.#color = color;
    addLayers(map, color);
    map.on('moveend', () => this.#placeNames());
    map.on('resize', () => this.#placeNames());
  }

  /** Draws these and no others; the first of them have their names before the later. */
  show(zones: readonly ZoneOutline[]): void {
    this.#zones = zones;
    for (const { name } of zones) if (!this.#sizes.has(name)) this.#sizes.set(name, drawName(this.#map, name, this.#color));
    sourceOf(this.#map, 'zones')?.setData(collectionOf(zones.map(ringFeature)));
    this.#placeNames();
  }

  /** Makes one stand out and brings it into sight; null: none. */
  pick(id: string | null): void {
    this.#picked = id;
    this.#map.setFilter('zone-picked', ['==', ['get', 'id'], id ?? '']);
    this.#placeNames();
    const zone = this.#zones.find((each) => each.id === id);
    if (zone === undefined) return;
    const bounds = new LngLatBounds();
    for (const [lon, lat] of zone.ring) bounds.extend([lon, lat]);
    this.#map.fitBounds(bounds, { padding: PADDING_PX, maxZoom: ZOOM_MAX, animate: false });
  }

  #placeNames(): void {
    const map = this.#map;
    const [picked, others] = [true, false].map((is) => this.#zones.filter(({ id }) => (id === this.#picked) === is));
    const zones = [...(picked ?? []), ...(others ?? [])];
    const { clientWidth: width, clientHeight: height } = map.getContainer();
    const anchors = placeNames(
      zones.map(({ id, name, center: [lng, lat] }) => ({ id, ...map.project({ lng, lat }), ...this.#sizeOf(name) })),
      { width, height },
    );
    const named = zones.flatMap((zone) => {
      const anchor = anchors.get(zone.id);
      return anchor === undefined ? [] : [nameFeature(zone, anchor)];
    });
    const joined = JSON.stringify(named);
    // What is set is drawn anew: names that stay where they are must not blink.
    if (joined === this.#named) return;
    this.#named = joined;
    sourceOf(map, 'zone-names')?.setData(collectionOf(named));
  }

  #sizeOf(name: string): Size {
    return this.#sizes.get(name) ?? { width: 0, height: 0 };
  }
}

function addLayers(map: MapLibre, color: (name: string) => string): void {
  map.addSource('zones', { type: 'geojson', data: collectionOf([]) });
  map.addSource('zone-names', { type: 'geojson', data: collectionOf([]) });
  const line = { type: 'line', source: 'zones' } as const;
  map.addLayer(
    { id: 'zone-ground', type: 'fill', source: 'zones', paint: { 'fill-color': color('--accent'), 'fill-opacity': 0.06 } },
    'devices',
  );
  map.addLayer(
    { ...line, id: 'zones', paint: { 'line-color': color('--accent'), 'line-width': 1.5, 'line-dasharray': [3, 2] } },
    'devices',
  );
  map.addLayer(
    {
      ...line,
      id: 'zone-picked',
      filter: ['==', ['get', 'id'], ''],
      paint: { 'line-color': color('--accent'), 'line-width': 4 },
    },
    'devices',
  );
  map.addLayer({
    id: 'zone-names',
    type: 'symbol',
    source: 'zone-names',
    layout: {
      'icon-image': ['get', 'image'],
      'icon-anchor': ['get', 'anchor'],
      'icon-offset': ['get', 'offset'],
      // Which of them are drawn was found before.
      'icon-allow-overlap': true,
    },
  });
}

function sourceOf(map: MapLibre, name: string): GeoJSONSource | undefined {
  return map.getSource(name) as GeoJSONSource | undefined;
}

function imageOf(name: string): string {
  return `zone ${name}`;
}

function ringFeature({ id, ring }: ZoneOutline) {
  const geometry = { type: 'Polygon' as const, coordinates: [ring.map(([lon, lat]) => [lon, lat])] };
  return { type: 'Feature' as const, properties: { id }, geometry };
}

function nameFeature({ name, center }: ZoneOutline, anchor: Anchor) {
  const geometry = { type: 'Point' as const, coordinates: [...center] };
  return { type: 'Feature' as const, properties: { image: imageOf(name), anchor, offset: offsetOf(anchor) }, geometry };
}

function collectionOf<Feature>(features: readonly Feature[]) {
  return { type: 'FeatureCollection' as const, features: [...features] };
}

/** As a picture, whose size it gives: no font is loaded for the map, and the page's own has all scripts. */
function drawName(map: MapLibre, name: string, color: (name: string) => string): Size {
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  if (pen === null) return { width: 0, height: 0 };
  const font = `600 ${NAME_SIZE_PX}px ${getComputedStyle(document.body).fontFamily}`;
  pen.font = font;
  const width = Math.ceil(pen.measureText(name).width) + 2 * NAME_EDGE_PX;
  const height = NAME_SIZE_PX + 2 * NAME_EDGE_PX;
  // A canvas of another size is blank, and its pen as new.
  [canvas.width, canvas.height] = [width, height];
  Object.assign(pen, { font, textAlign: 'center', textBaseline: 'middle', lineWidth: 7, lineJoin: 'round' });
  pen.strokeStyle = color('--card');
  pen.strokeText(name, width / 2, height / 2);
  pen.fillStyle = color('--ink');
  pen.fillText(name, width / 2, height / 2);
  map.addImage(imageOf(name), pen.getImageData(0, 0, width, height), { pixelRatio: PIXEL_RATIO });
  return { width: width / PIXEL_RATIO, height: height / PIXEL_RATIO };
}
