/** Layers of the operations map: which kinds of devices each shows, outlines of zones, what is marked, and the address that remembers the choice. */

import { useCallback, useEffect, useState } from 'react';
import type { CityDevice } from '../live/city-store.ts';

export const LAYERS = ['lighting', 'signals', 'roads', 'water', 'power', 'others', 'zones', 'alarms'] as const;
export type Layer = (typeof LAYERS)[number];
/** A shape beside the colour of a kind, as the legend has it; `none`: nothing is to be said. */
export type Mark = 'alarm' | 'fault' | 'stale' | 'none';

/** Characters that are drawn as marks, on the map and in words' stead nowhere. */
export const MARK_SHAPES: Readonly<Record<Exclude<Mark, 'none'>, string>> = { alarm: '▲', fault: '✕', stale: '○' };

/** Silence that specs/alarms.md calls so. */
const STALE_MS = 900_000;

const TYPES: Readonly<Record<string, Layer>> = {
  'street-light': 'lighting',
  'traffic-signal': 'signals',
  'traffic-detector': 'roads',
  tram: 'roads',
  truck: 'roads',
  'water-station': 'water',
  'electricity-meter': 'power',
  'solar-roof': 'power',
  'power-feeder': 'power',
};

/** The layer of a kind of device. */
export function layerOf(deviceType: string): Layer {
  return Object.hasOwn(TYPES, deviceType) ? (TYPES[deviceType] ?? 'others') : 'others';
}

/** The layers that an address names; all of them for one that names none that there is. */
export function parseLayers(hash: string): readonly Layer[] {
  const [view, named = ''] = hash.replace(/^#\/?/, '').split('/');
  const chosen = view === 'city' ? named.split(',') : [];
  const known = LAYERS.filter((layer) => chosen.includes(layer));
  return known.length === 0 ? LAYERS : known;
}

/** The address of the city with these layers. */
export function layersAddress(layers: readonly Layer[]): string {
  return layers.length === LAYERS.length || layers.length === 0 ? '#/city' : `#/city/${layers.join(',')}`;
}

/** The chosen layers, and how one is switched; the address follows without a new entry in the history. */
export function useLayers(): readonly [layers: readonly Layer[], toggle: (layer: Layer) => void] {
  const [layers, setLayers] = useState(() => parseLayers(location.hash));
  useEffect(() => {
    const follow = (): void => setLayers(parseLayers(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const toggle = useCallback((layer: Layer) => {
    setLayers((before) => {
      const next = LAYERS.filter((each) => (each === layer ? !before.includes(each) : before.includes(each)));
      // Without any there is nothing to see: the last one stays.
      if (next.length === 0) return before;
      history.replaceState(null, '', `${location.pathname}${location.search}${layersAddress(next)}`);
      return next;
    });
  }, []);
  return [layers, toggle];
}

/** What a device is marked with: an alarm before a fault that it says itself, that before silence. `nowMs`: by the city's clock. */
export function markOf(
  { id, values, grade, lastReadingMs }: Pick<CityDevice, 'id' | 'values' | 'grade' | 'lastReadingMs'>,
  alarmed: ReadonlySet<string>,
  nowMs: number,
): Mark {
  if (alarmed.has(id)) return 'alarm';
  if (values.some(({ name, value }) => name === 'failure' && value === true)) return 'fault';
  // A file that somebody read in says nothing more.
  if (grade === 'imported') return 'none';
  return lastReadingMs !== null && nowMs - lastReadingMs > STALE_MS ? 'stale' : 'none';
}
