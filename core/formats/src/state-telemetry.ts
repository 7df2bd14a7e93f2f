/** Records of area 0x03: telemetry shards, their anchored checkpoints, and the sensors that interlocks read. */

import { height, id, timeMs, uint32 } from './common-schemas.ts';
import { bytes, type Infer, oneOf, optional, struct, text, uint } from './schema.ts';
import { defineKind } from './state-layout.ts';

const AREA = 0x03;

/** A telemetry shard: one log under its own origin and key. `receiptKey` signs acknowledgements of readings. */
export const shardKind = defineKind({
  name: 'shard',
  area: AREA,
  kind: 0x01,
  segments: ['id'],
  value: struct({
    number: uint({ max: 9_999 }),
    origin: text(220),
    logKey: bytes(32),
    receiptKey: bytes(32),
    operator: id(),
    status: oneOf('active', 'frozen', 'retired'),
    from: height(),
    /** Set when frozen by a proven fork or retired. */
    to: optional(height()),
  }),
});
export type ShardRecord = Infer<typeof shardKind.value>;

/** The newest anchored checkpoint of a shard. */
export const anchorHeadKind = defineKind({
  name: 'anchorHead',
  area: AREA,
  kind: 0x02,
  segments: ['id'],
  value: struct({ size: uint(), root: id(), at: height(), timeMs: timeMs(), anchorCount: uint() }),
});
export type AnchorHeadRecord = Infer<typeof anchorHeadKind.value>;

/** An anchored checkpoint by size; the last 1,024 of a shard are kept. */
export const anchorKind = defineKind({
  name: 'anchor',
  area: AREA,
  kind: 0x03,
  segments: ['id', 'number'],
  value: struct({ root: id(), at: height() }),
});

/** The same anchors in order of arrival, so that the oldest can be forgotten: anchor n of the shard has this size. */
export const anchorOrderKind = defineKind({
  name: 'anchorOrder',
  area: AREA,
  kind: 0x04,
  segments: ['id', 'number'],
  value: struct({ size: uint() }),
});

/** A sensor whose readings ride along with anchors, because interlocks read it; the second segment is SHA-256 of its name. */
export const interlockSensorKind = defineKind({
  name: 'interlockSensor',
  area: AREA,
  kind: 0x05,
  segments: ['id', 'id'],
  value: struct({
    name: text(64),
    /** The state keeps round(value × 10^decimals) as an integer. */
    decimals: uint({ max: 9 }),
    from: height(),
    /** Of the newest reading: the number of its key, then its sequence number; together they only rise. */
    keyNumber: optional(uint32()),
    sequence: optional(uint()),
    /** Signed time of the newest value, in milliseconds. */
    signedMs: optional(timeMs()),
    /** round(value × 10^decimals). */
    value: optional(uint({ min: Number.MIN_SAFE_INTEGER })),
  }),
});
export type InterlockSensorRecord = Infer<typeof interlockSensorKind.value>;

/** Which shard has this number. */
export const shardNumberKind = defineKind({
  name: 'shardNumber',
  area: AREA,
  kind: 0x06,
  segments: ['number'],
  value: struct({ shard: id() }),
});

export const telemetryKinds = [
  shardKind,
  anchorHeadKind,
  anchorKind,
  anchorOrderKind,
  interlockSensorKind,
  shardNumberKind,
] as const;
