/**
 * Where the devices are, as each of them signed it. Nothing but the city's own streets lies below: no map service is asked. The list beside
 * it holds the same devices for those who do not see it. Loaded only when it is shown: it is larger than all the rest.
 */

import { type GeoJSONSource, type GeoJSONSourceDiff, LngLatBounds, Map as MapLibre, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { type ReactNode, useEffect, useRef } from 'react';
import { useLanguage } from '../language.ts';
import { useLoaded } from '../use-loaded.ts';
import { MARK_SHAPES, type Mark } from '../views/city-layers.ts';
import { colorAt, useIsDark } from './colors.ts';
import { Quoted } from './texts.tsx';
import { ZoneLayer } from './zone-layer.ts';
import type { ZoneOutline } from './zone-outlines.ts';

/** A device at a place, in degrees (WGS 84). */
export type PlacedDevice = {
  readonly id: string;
  readonly status: string;
  /** Of its kind, as CSS says it. */
  readonly color: string;
  /** What it is marked with: a shape of `MARK_SHAPES`. */
  readonly mark: Mark;
  readonly lat: number;
  readonly lon: number;
};

type CityMapProps = {
  readonly devices: readonly PlacedDevice[];
  readonly selected: string | null;
  /** Outlines, and the zone that is picked. */
  readonly zones: readonly ZoneOutline[];
  readonly zone: string | null;
  readonly onSelect: (id: string) => void;
};

setWorkerUrl(workerUrl);

const PADDING_PX = 40;
const ZOOM_MAX = 18;
/** What moves is drawn anew no more often than this. */
const DRAW_EVERY_MS = 1_000;

/** The map of these devices; one that is clicked is selected. */
export function CityMap({ devices, selected, zones, zone, onSelect }: CityMapProps): ReactNode {
  const { sentences } = useLanguage();
  // Whose the streets are, as their licence asks for.
  const { value: streets } = useLoaded<{ readonly attribution?: unknown }>('/map.geojson');
  const box = useRef<HTMLDivElement>(null);
  const isDark = useIsDark();
  const drawing = useRef<Drawing | null>(null);
  const newest = useRef({ devices, selected, zones, zone, onSelect });
  newest.current = { devices, selected, zones, zone, onSelect };
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    const map = makeMap(place, isDark);
    map.on('load', () => {
      const color = (name: string): string => colorAt(place, name, isDark);
      const zoneLayer = new ZoneLayer(map, color);
      addMarks(map, color);
      drawing.current = new Drawing(map, zoneLayer);
      zoneLayer.show(newest.current.zones);
      drawing.current.show(newest.current.devices);
      drawing.current.select(newest.current.selected, newest.current.devices, false);
      fit(map, newest.current.devices);
      zoneLayer.pick(newest.current.zone);
    });
    map.on('click', 'devices', ({ features }) => {
      const id = features?.[0]?.properties['id'] as unknown;
      if (typeof id === 'string') newest.current.onSelect(id);
    });
    map.on('mouseenter', 'devices', () => map.getCanvas().classList.add('pointing'));
    map.on('mouseleave', 'devices', () => map.getCanvas().classList.remove('pointing'));
    return () => {
      drawing.current?.end();
      drawing.current = null;
      map.remove();
    };
  }, [isDark]);
  useEffect(() => drawing.current?.show(devices), [devices]);
  useEffect(() => drawing.current?.select(selected, newest.current.devices, true), [selected]);
  useEffect(() => drawing.current?.zones.show(zones), [zones]);
  useEffect(() => {
    drawing.current?.zones.pick(zone);
    // The list is below it.
    if (zone !== null) box.current?.scrollIntoView({ block: 'nearest' });
  }, [zone]);
  const attribution = typeof streets?.attribution === 'string' ? streets.attribution : null;
  return (
    <>
      <div ref={box} className="map" role="application" aria-label={sentences.mapLabel} />
      {attribution !== null && (
        <p className="hint">
          <Quoted text={attribution} />
        </p>
      )}
    </>
  );
}

/** What is on the map; of the devices only differences are sent to it. */
class Drawing {
  readonly #map: MapLibre;
  readonly zones: ZoneLayer;
  #shown: ReadonlyMap<string, PlacedDevice> = new Map();
  #waiting: readonly PlacedDevice[] | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(map: MapLibre, zones: ZoneLayer) {
    this.#map = map;
    this.zones = zones;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  show(devices: readonly PlacedDevice[]): void {
    const isPaused = this.#waiting !== null;
    this.#waiting = devices;
    if (isPaused) return;
    this.#draw(devices);
    this.#timer = setTimeout(() => this.#drawWaiting(devices), DRAW_EVERY_MS);
  }

  #drawWaiting(drawn: readonly PlacedDevice[]): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null && waiting !== drawn) this.show(waiting);
  }

  #draw(devices: readonly PlacedDevice[]): void {
    const next = new Map(devices.map((device) => [device.id, device]));
    const remove = [...this.#shown.keys()].filter((id) => !next.has(id));
    const add = devices.filter((device) => !isSame(this.#shown.get(device.id), device)).map(featureOf);
    this.#shown = next;
    if (remove.length === 0 && add.length === 0) return;
    const diff: GeoJSONSourceDiff = { remove, add };
    void (this.#map.getSource('devices') as GeoJSONSource | undefined)?.updateData(diff);
  }

  select(id: string | null, devices: readonly PlacedDevice[], isToBeSeen: boolean): void {
    this.#map.setFilter('selected', ['==', ['get', 'id'], id ?? '']);
    const device = devices.find((each) => each.id === id);
    if (device === undefined || !isToBeSeen) return;
    const at = { lng: device.lon, lat: device.lat };
    if (!this.#map.getBounds().contains(at)) this.#map.jumpTo({ center: at });
  }
}

function isSame(a: PlacedDevice | undefined, b: PlacedDevice): boolean {
  return (
    a !== undefined && a.lat === b.lat && a.lon === b.lon && a.status === b.status && a.color === b.color && a.mark === b.mark
  );
}

function featureOf({ id, status, color, mark, lat, lon }: PlacedDevice) {
  return {
    type: 'Feature' as const,
    properties: { id, status, color, mark },
    geometry: { type: 'Point' as const, coordinates: [lon, lat] },
  };
}

const MARK_COLORS: Readonly<Record<keyof typeof MARK_SHAPES, string>> = { alarm: '--red', fault: '--red', stale: '--soft' };
const MARK_SIZE_PX = 40;

/** Shapes above the devices that have one: drawn here, for no font is loaded for the map. */
function addMarks(map: MapLibre, color: (name: string) => string): void {
  for (const [mark, shape] of Object.entries(MARK_SHAPES)) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [MARK_SIZE_PX, MARK_SIZE_PX];
    const pen = canvas.getContext('2d');
    if (pen === null) continue;
    Object.assign(pen, {
      font: `bold ${MARK_SIZE_PX * 0.75}px sans-serif`,
      textAlign: 'center',
      textBaseline: 'middle',
      lineWidth: 6,
    });
    pen.strokeStyle = color('--card');
    pen.strokeText(shape, MARK_SIZE_PX / 2, MARK_SIZE_PX / 2);
    pen.fillStyle = color(MARK_COLORS[mark as keyof typeof MARK_SHAPES]);
    pen.fillText(shape, MARK_SIZE_PX / 2, MARK_SIZE_PX / 2);
    map.addImage(mark, pen.getImageData(0, 0, MARK_SIZE_PX, MARK_SIZE_PX), { pixelRatio: 2 });
  }
  map.addLayer({
    id: 'marks',
    type: 'symbol',
    source: 'devices',
    filter: ['!=', ['get', 'mark'], 'none'],
    layout: { 'icon-image': ['get', 'mark'], 'icon-offset': [0, -14], 'icon-allow-overlap': true },
  });
}

function makeMap(container: HTMLDivElement, isDark: boolean): MapLibre {
  const color = (name: string): string => colorAt(container, name, isDark);
  const empty = { type: 'FeatureCollection', features: [] } as const;
  const ring = { 'circle-color': 'transparent', 'circle-radius': 13, 'circle-stroke-width': 4 } as const;
  return new MapLibre({
    container,
    attributionControl: false,
    dragRotate: false,
    maxZoom: ZOOM_MAX,
    // Names are there with their outlines: while they fade in, and on a slow machine for longer, none would be seen.
    fadeDuration: 0,
    style: {
      version: 8,
      sources: {
        streets: { type: 'geojson', data: '/map.geojson' },
        devices: { type: 'geojson', data: empty, promoteId: 'id' },
      },
      layers: [
        { id: 'ground', type: 'background', paint: { 'background-color': color('--card') } },
        {
          id: 'streets',
          type: 'line',
          source: 'streets',
          paint: {
            'line-color': color('--line'),
            // Pixels by zoom: the streets of a whole city are hairs, those of a block as wide as they are beside its lamps.
            'line-width': ['interpolate', ['exponential', 1.5], ['zoom'], 10, 0.4, 13, 1.2, 16, 5, 19, 16],
          },
        },
        {
          id: 'devices',
          type: 'circle',
          source: 'devices',
          paint: {
            'circle-radius': 7,
            'circle-color': ['get', 'color'],
            'circle-stroke-width': ['match', ['get', 'status'], 'active', 1.5, 4],
            'circle-stroke-color': [
              'match',
              ['get', 'status'],
              'active',
              color('--card'),
              'suspended',
              color('--amber'),
              'revoked',
              color('--red'),
              color('--soft'),
            ],
          },
        },
        {
          id: 'selected',
          type: 'circle',
          source: 'devices',
          filter: ['==', ['get', 'id'], ''],
          paint: { ...ring, 'circle-stroke-color': color('--ink') },
        },
      ],
    },
  });
}

function fit(map: MapLibre, devices: readonly PlacedDevice[]): void {
  const bounds = new LngLatBounds();
  for (const { lon, lat } of devices) bounds.extend([lon, lat]);
  if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: PADDING_PX, animate: false });
}
