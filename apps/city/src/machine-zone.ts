/** What a zone of the town's machines is made of. */

import type { Actuator } from '@oppidum/device/orders/actuator';
import type { ZoneDocuments } from '@oppidum/device/orders/zone-follower';
import type { ZonePins } from '@oppidum/device/orders/zone-pins';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import type { Member } from './fleet.ts';
import type { Post } from './town.ts';

/** A device that takes orders, and what it does with them. */
export type Machine = { readonly member: Member; readonly actuator: Actuator; readonly documents?: ZoneDocuments };

export type MachineZone = {
  readonly machines: readonly Machine[];
  /** Asks the city for what its engineers signed since. Throws as `ProvenRecords` does. */
  follow(): Promise<void>;
  /** Moves everything on to this moment of town time. */
  advance(townMs: number): void;
};

export type ZoneTools = {
  readonly folder: string;
  readonly records: ProvenRecords;
  readonly pins: ZonePins;
  readonly members: readonly Member[];
  /** All of the town. */
  readonly posts: readonly Post[];
  readonly townMs: () => number;
  /** Whether a device heard of the city lately. */
  readonly isLinked: (member: Member) => boolean;
};
