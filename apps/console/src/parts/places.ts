/** Where devices are: the newest latitude and longitude that each signed (SenML units `lat` and `lon`, RFC 8428 §12.1). */

import type { LatestPageJson, SampleJson } from '@oppidum/gateway/api/readings';
import type { DeviceJson } from '@oppidum/gateway/api-types';
import { useMemo } from 'react';
import { useLoaded } from '../use-loaded.ts';
import type { PlacedDevice } from './city-map.tsx';

const EVERY_MS = 5_000;
const SHOWN_MAX = 1_000;

/** Devices that have told a place on earth; others are in the list alone. */
export function usePlaces(devices: readonly DeviceJson[]): readonly PlacedDevice[] {
  const lats = useLoaded<LatestPageJson>(`/api/v1/readings/latest?unit=lat&limit=${SHOWN_MAX}`, EVERY_MS);
  const lons = useLoaded<LatestPageJson>(`/api/v1/readings/latest?unit=lon&limit=${SHOWN_MAX}`, EVERY_MS);
  return useMemo(() => {
    const [lat, lon] = [degreesOf(lats.value?.items ?? [], 90), degreesOf(lons.value?.items ?? [], 180)];
    return devices.flatMap(({ id, label, status }) => {
      const [y, x] = [lat.get(id), lon.get(id)];
      return y === undefined || x === undefined ? [] : [{ id, label: label ?? '', status, lat: y, lon: x }];
    });
  }, [devices, lats.value, lons.value]);
}

function degreesOf(samples: readonly SampleJson[], max: number): ReadonlyMap<string, number> {
  return new Map(
    samples.flatMap(({ device, value }) =>
      typeof value === 'number' && Math.abs(value) <= max ? [[device, value] as const] : [],
    ),
  );
}
