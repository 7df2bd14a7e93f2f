/**
 * The kinds of devices of the simulated city and what they measure over a day. Plausible, not predictive: daily curves with smooth noise,
 * repeated exactly for the same seed, and consistent with each other. Units are of the SenML registry (RFC 8428 §12.1, RFC 8798).
 */

import type { DeviceKind } from './kinds/kind.ts';
import { measureBench, measureTram, measureTruck } from './kinds/movers.ts';
import { measureAir, measureBridge, measureSignal, measureStreetLight, measureTraffic } from './kinds/roads.ts';
import { measureFeeder, measureMeter, measureRoof, measureWater } from './kinds/supply.ts';

/** By their types on the ledger. */
export const DEVICE_KINDS = {
  'street-light': { name: 'street-light', modelName: 'Simulated LED street light', measure: measureStreetLight },
  'traffic-detector': { name: 'traffic-detector', modelName: 'Simulated loop detector', measure: measureTraffic },
  'traffic-signal': { name: 'traffic-signal', modelName: 'Simulated signal head with detector', measure: measureSignal },
  'bridge-gauge': { name: 'bridge-gauge', modelName: 'Simulated strain gauge', measure: measureBridge },
  'water-station': { name: 'water-station', modelName: 'Simulated tank with pump', measure: measureWater },
  'electricity-meter': { name: 'electricity-meter', modelName: 'Simulated meter of a public building', measure: measureMeter },
  'solar-roof': { name: 'solar-roof', modelName: 'Simulated inverter of a roof', measure: measureRoof },
  'power-feeder': { name: 'power-feeder', modelName: 'Simulated feeder', measure: measureFeeder },
  'air-quality': { name: 'air-quality', modelName: 'Simulated roadside air station', measure: measureAir },
  bench: { name: 'bench', modelName: 'Simulated bench with wireless network', measure: measureBench },
  tram: { name: 'tram', modelName: 'Simulated tram', measure: measureTram },
  truck: { name: 'truck', modelName: 'Simulated delivery truck', measure: measureTruck },
} as const satisfies Readonly<Record<string, DeviceKind>>;

export type KindName = keyof typeof DEVICE_KINDS;
