/** All actions of the area of telemetry. */

import type { AnyAction } from '@oppidum/ledger/action';
import { anchorShard } from './anchor-shard.ts';
import { declareSensor } from './declare-sensor.ts';
import { declareShard } from './declare-shard.ts';
import { reportFork } from './report-fork.ts';
import { retireShard } from './retire-shard.ts';

export const telemetryActions: readonly AnyAction[] = [declareShard, retireShard, anchorShard, declareSensor, reportFork];
