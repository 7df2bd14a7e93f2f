/**
 * Readings of interlock sensors, which ride along with anchors so that contracts see them. Of each declared sensor only the newest
 * reading waits here; what was not anchored yet when a shard stopped is found again in its vault. Nothing about people ever rides,
 * and nothing timed further ahead than the ledger takes: a shard keeps it as a reading all the same.
 */

import { parameterValue } from '@oppidum/contracts/governance/parameters';
import type { AnchorBody } from '@oppidum/formats/action-bodies';
import { toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { type AllegedReading, parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import { type AnyKind, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { type InterlockSensorRecord, interlockSensorKind } from '@oppidum/formats/state-telemetry';
import type { NodeLink } from '@oppidum/node/client';
import type { TileLog } from '@oppidum/node/tile-log';
import type { VaultEntry } from './vault.ts';

/** Readings of one anchor (`anchorFields`). */
const RIDER_COUNT_MAX = 64;
const ALL_SENSORS = prefixRange(interlockSensorKind as unknown as AnyKind, []);

type Rider = { readonly index: number; readonly reading: AllegedReading };
type Order = Pick<InterlockSensorRecord, 'keyNumber' | 'sequence'>;

/** The readings that wait for the next anchor of one shard. */
export class InterlockRiders {
  readonly #client: Pick<NodeLink, 'scan' | 'head' | 'read'>;
  readonly #crypto: Crypto;
  readonly #clock: () => number;
  /** By sensor: `<device hex>:<sensor name>`. */
  readonly #newest = new Map<string, Rider>();
  #declared: ReadonlyMap<string, Order> = new Map();
  #height = -1;

  constructor(client: Pick<NodeLink, 'scan' | 'head' | 'read'>, crypto: Crypto, clock: () => number) {
    this.#client = client;
    this.#crypto = crypto;
    this.#clock = clock;
  }

  /** Takes what an entry says about declared sensors. */
  offer(entry: VaultEntry): void {
    const declared = this.#sensors();
    if (declared.size === 0 || entry.form !== 'plain' || entry.data.length > LIMITS.interlockEnvelopeSizeMax) return;
    const reading = parseReading(this.#crypto, entry.data);
    const prefix = deviceUrnPrefix(reading.device);
    const latestS = this.#latestMs() / 1_000;
    for (const { name, timeS } of parseReadingRecords(reading)) {
      const sensor = `${toHex(reading.device)}:${name.slice(prefix.length)}`;
      if (!declared.has(sensor) || timeS > latestS) continue;
      const known = this.#newest.get(sensor);
      if (known === undefined || compareOrder(known.reading, reading) < 0)
        this.#newest.set(sensor, { index: entry.index, reading });
    }
  }

  /** Those that the ledger has not seen and a tree of this size contains, in the order that an anchor demands, with their paths. */
  choose(log: Pick<TileLog, 'proveInclusion'>, size: number): AnchorBody['sensors'] {
    const declared = this.#sensors();
    const chosen = new Map<number, Rider>();
    for (const [sensor, rider] of this.#newest) {
      const seen = declared.get(sensor);
      if (seen === undefined || compareOrder(seen, rider.reading) >= 0) this.#newest.delete(sensor);
      else if (rider.index < size) chosen.set(rider.index, rider);
    }
    return [...chosen.values()]
      .sort((a, b) => compareOrder(a.reading, b.reading))
      .slice(0, RIDER_COUNT_MAX)
      .map(({ index, reading }) => ({ envelope: reading.envelope, index, path: log.proveInclusion(index, size) }));
  }

  /** Forgets everything that waits: the ledger refused some of it. */
  drop(): void {
    this.#newest.clear();
  }

  /** Nothing timed later may ride: block time runs on from here until the anchor is executed. */
  #latestMs(): number {
    const city = { crypto: this.#crypto, read: this.#client.read };
    const aheadMsMax = parameterValue(city, 'telemetry/anchor-sensor-clock-ahead-ms');
    return Math.max(this.#clock(), this.#client.head().timeMs) + aheadMsMax;
  }

  /** The declared sensors with the newest reading that the ledger has of each. */
  #sensors(): ReadonlyMap<string, Order> {
    const { height } = this.#client.head();
    if (height === this.#height) return this.#declared;
    const declared = [...this.#client.scan(ALL_SENSORS)].map(({ key, value }) => {
      const [device] = parseKey(interlockSensorKind, key);
      const record = parseState(interlockSensorKind, value);
      return [`${toHex(device)}:${record.name}`, record] as const;
    });
    this.#declared = new Map(declared);
    this.#height = height;
    return this.#declared;
  }
}

/** By key number, then sequence number: how readings of one device must rise. */
function compareOrder(a: Order, b: Order): number {
  return (a.keyNumber ?? 0) - (b.keyNumber ?? 0) || (a.sequence ?? 0) - (b.sequence ?? 0);
}
