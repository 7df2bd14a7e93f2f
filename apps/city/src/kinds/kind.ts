/** What a kind of device is, and where one stands. */

import type { SensorRecord } from '@oppidum/device/reading-pack';
import type { Place } from '../plan.ts';
import type { Moment } from './curves.ts';

/** Where and among whom a device works. */
export type Site = {
  /** Of the device itself. */
  readonly seed: number;
  /** Of its road or junction, the same for all that stand there. */
  readonly road: number;
  /** For what does not move. */
  readonly place: Place;
  /** For what moves: the way it goes, there and back, or round. */
  readonly route?: readonly Place[];
  /** Of which devices a feeder carries the power. */
  readonly meters?: readonly number[];
  readonly roofs?: readonly number[];
  /** Which approach of its junction a signal head faces: north-south or east-west. */
  readonly approach?: 'ns' | 'ew';
};

export type DeviceKind = {
  /** Type on the ledger; with a number, the label of a device. */
  readonly name: string;
  readonly modelName: string;
  /** What one device measures. */
  readonly measure: (site: Site, moment: Moment) => readonly SensorRecord[];
};
