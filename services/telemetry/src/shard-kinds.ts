/** Names of the kinds of records that a shard reads: its process mirrors these of the node's. */

import {
  cloneKind,
  deviceKeyKind,
  deviceKind,
  manufacturerKind,
  modelKind,
  suspensionKind,
} from '@oppidum/formats/state-devices';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { anchorHeadKind, anchorKind, interlockSensorKind, shardKind, shardNumberKind } from '@oppidum/formats/state-telemetry';

export const SHARD_KINDS: readonly string[] = [
  ...[manufacturerKind, modelKind, deviceKind, deviceKeyKind, suspensionKind, cloneKind],
  ...[shardKind, shardNumberKind, anchorHeadKind, anchorKind, interlockSensorKind, erasureKind],
].map(({ name }) => name);
