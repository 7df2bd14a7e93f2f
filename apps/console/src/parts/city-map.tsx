/**
 * Where the devices are, as each of them signed it. Nothing but the city's own streets lies below: no map service is asked. The list beside
 * it holds the same devices for those who do not see it. Loaded only when it is shown: it is larger than all the rest.
 */

import { type GeoJSONSource, LngLatBounds, Map as MapLibre, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { type ReactNode, useEffect, useRef } from 'react';
import { addressOf } from '../route.ts';
import { useLoaded } from '../use-loaded.ts';
import { Quoted } from './texts.tsx';

/** A device at a place, in degrees (WGS 84). */
export type PlacedDevice = {
  readonly id: string;
  readonly label: string;
  readonly status: string;
  readonly lat: number;
  readonly lon: number;
};

setWorkerUrl(workerUrl);

const PADDING_PX = 40;
const ZOOM_MAX = 18;

/** The map of these devices; one that is clicked opens. `label` names it for those who do not see it. */
export function CityMap({ devices, label }: { readonly devices: readonly PlacedDevice[]; readonly label: string }): ReactNode {
  // Whose the streets are, as their licence asks for.
  const { value: streets } = useLoaded<{ readonly attribution?: unknown }>('/map.geojson');
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<MapLibre | null>(null);
  const newest = useRef(devices);
  newest.current = devices;
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    const made = makeMap(place);
    made.on('load', () => {
      map.current = made;
      show(made, newest.current);
      fit(made, newest.current);
    });
    made.on('click', 'devices', ({ features }) => {
      const id = features?.[0]?.properties['id'] as unknown;
      if (typeof id === 'string') location.hash = addressOf({ view: 'device', id });
    });
    return () => {
      map.current = null;
      made.remove();
    };
  }, []);
  useEffect(() => {
    if (map.current !== null) show(map.current, devices);
  }, [devices]);
  const attribution = typeof streets?.attribution === 'string' ? streets.attribution : null;
  return (
    <>
      <div ref={box} className="map" role="application" aria-label={label} />
      {attribution !== null && (
        <p className="hint">
          <Quoted text={attribution} />
        </p>
      )}
    </>
  );
}

function makeMap(container: HTMLDivElement): MapLibre {
  const style = getComputedStyle(container);
  const color = (name: string): string => {
    // MapLibre reads no light-dark(): the browser resolves it on an element of the page.
    container.style.color = `var(${name})`;
    return style.color;
  };
  const empty = { type: 'FeatureCollection', features: [] } as const;
  return new MapLibre({
    container,
    attributionControl: false,
    dragRotate: false,
    maxZoom: ZOOM_MAX,
    style: {
      version: 8,
      sources: { streets: { type: 'geojson', data: '/map.geojson' }, devices: { type: 'geojson', data: empty } },
      layers: [
        { id: 'ground', type: 'background', paint: { 'background-color': color('--card') } },
        { id: 'streets', type: 'line', source: 'streets', paint: { 'line-color': color('--line'), 'line-width': 5 } },
        {
          id: 'devices',
          type: 'circle',
          source: 'devices',
          paint: {
            'circle-radius': 6,
            'circle-color': [
              'match',
              ['get', 'status'],
              'active',
              color('--green'),
              'suspended',
              color('--amber'),
              color('--red'),
            ],
            'circle-stroke-color': color('--card'),
            'circle-stroke-width': 2,
          },
        },
      ],
    },
  });
}

function show(map: MapLibre, devices: readonly PlacedDevice[]): void {
  const features = devices.map(({ id, label, status, lat, lon }) => ({
    type: 'Feature' as const,
    properties: { id, label, status },
    geometry: { type: 'Point' as const, coordinates: [lon, lat] },
  }));
  (map.getSource('devices') as GeoJSONSource | undefined)?.setData({ type: 'FeatureCollection', features });
}

function fit(map: MapLibre, devices: readonly PlacedDevice[]): void {
  const bounds = new LngLatBounds();
  for (const { lon, lat } of devices) bounds.extend([lon, lat]);
  if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: PADDING_PX, animate: false });
}
