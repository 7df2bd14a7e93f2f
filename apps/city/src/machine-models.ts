/** What the maker of the town's machines says of them on the ledger: what they can be asked to do, and what they measure. */

import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import type { Action } from '@oppidum/formats/transaction';
import type { KindName } from './kinds.ts';

type Parameter = { readonly name: string; readonly min: number; readonly max: number; readonly unit?: string };
type Description = {
  readonly commands: Readonly<Record<string, readonly Parameter[]>>;
  readonly sensors: Readonly<Record<string, { readonly decimals: number; readonly unit?: string }>>;
};

const percent = { name: 'percent', min: 1, max: 100, unit: '%' } as const;

/** By kind; names ascend. */
export const DESCRIPTIONS: Readonly<Partial<Record<KindName, Description>>> = {
  'street-light': {
    commands: {
      'light/full': [],
      'light/level': [percent],
      'light/maintenance': [{ name: 'minutes', min: 1, max: 480, unit: 'min' }],
      'light/programme': [],
      'light/section-level': [{ name: 'section', min: 0, max: 63 }, percent],
    },
    sensors: {
      dimming: { decimals: 3, unit: '/' },
      failure: { decimals: 0 },
      illuminance: { decimals: 1, unit: 'lx' },
      power: { decimals: 1, unit: 'W' },
    },
  },
  'traffic-signal': {
    commands: { 'signal/automatic': [], 'signal/flash': [], 'signal/plan': [{ name: 'plan', min: 1, max: 255 }] },
    sensors: {
      flow: { decimals: 1, unit: '1/min' },
      queue: { decimals: 0, unit: 'count' },
      vehicles: { decimals: 0, unit: 'count' },
    },
  },
  'traffic-detector': {
    commands: {},
    sensors: {
      flow: { decimals: 0, unit: '1/min' },
      occupancy: { decimals: 3, unit: '/' },
      speed: { decimals: 1, unit: 'km/h' },
      vehicles: { decimals: 0, unit: 'count' },
    },
  },
};

/** `model/describe`, by the maker's account. */
export function describeModel(id: Uint8Array, { commands, sensors }: Description): Action {
  const map = (fields: Readonly<Record<string, CborValue>>): CborMap => new Map(Object.entries(fields));
  return {
    kind: 'model/describe',
    body: map({
      id,
      commands: Object.entries(commands).map(([name, parameters]) =>
        map({ name, parameters: parameters.map((each) => map(each)) }),
      ),
      sensors: Object.entries(sensors).map(([name, sensor]) => map({ name, ...sensor })),
    }),
  };
}
