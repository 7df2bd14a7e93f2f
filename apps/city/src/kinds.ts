/** The kinds of devices of the simulated town; `town.ts` says what each of them measures, docs/town.md what the laws of it are. */

import type { DeviceKind } from './kinds/kind.ts';

/** By their types on the ledger. */
export const DEVICE_KINDS = {
  'street-light': { name: 'street-light', modelName: 'Simulated LED street light' },
  'traffic-detector': { name: 'traffic-detector', modelName: 'Simulated loop detector' },
  'traffic-signal': { name: 'traffic-signal', modelName: 'Simulated signal head with detector' },
  'bridge-gauge': { name: 'bridge-gauge', modelName: 'Simulated strain gauge' },
  'water-station': { name: 'water-station', modelName: 'Simulated tank with pump' },
  'electricity-meter': { name: 'electricity-meter', modelName: 'Simulated meter of a public building' },
  'solar-roof': { name: 'solar-roof', modelName: 'Simulated inverter of a roof' },
  'power-feeder': { name: 'power-feeder', modelName: 'Simulated feeder' },
  'air-quality': { name: 'air-quality', modelName: 'Simulated roadside air station' },
  bench: { name: 'bench', modelName: 'Simulated bench with wireless network' },
  tram: { name: 'tram', modelName: 'Simulated tram' },
  truck: { name: 'truck', modelName: 'Simulated delivery truck' },
} as const satisfies Readonly<Record<string, DeviceKind>>;

export type KindName = keyof typeof DEVICE_KINDS;
