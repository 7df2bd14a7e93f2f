/**
 * Which shard gets a reading: the one where its device key is at home (specs/telemetry.md §1.1). A shard that is away keeps nobody from
 * the others; what is for it alone waits with its device.
 */

import { type Bytes, concatBytes, encodeUint32, equalBytes, readUint32, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { parseReading } from '@oppidum/formats/reading';
import { findKid, KID_SIZE } from '@oppidum/formats/reading-form';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { NodeClient } from '@oppidum/node/client';
import { homeShard } from '@oppidum/proofs/home-shard';
import type { IngestAnswer, TelemetryClient } from '@oppidum/telemetry/client';
import { declaredShards } from '@oppidum/telemetry/device-records';

export type IntakeOptions = {
  readonly crypto: Crypto;
  readonly node: NodeClient;
  readonly shards: readonly TelemetryClient[];
};

/** Homes of so many device keys stay in memory. */
const HOME_COUNT_MAX = 65_536;

/** A shard that takes a reading now, or why none does. */
type Way = { readonly shard: TelemetryClient } | { readonly rejection: Rejection };

/** Where readings go in. */
export class Intake {
  readonly #options: IntakeOptions;
  /** By kid, the id of the shard: once it is known it stays. */
  readonly #homes = new Map<string, Bytes>();
  /** By id. */
  readonly #clients = new Map<string, TelemetryClient>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all answers are durable; null while too many wait already. Throws NOT_READY (or why its shard has ended) where no shard
   * takes any of them; what is for one that is away is passing, beside the answers of the others.
   */
  ingestAll(envelopes: readonly Bytes[]): Promise<readonly IngestAnswer[]> | null {
    const ways = envelopes.map((envelope) => this.#wayOf(envelope));
    const shards = new Set(ways.flatMap((way) => ('shard' in way ? [way.shard] : [])));
    const [first] = ways;
    const [only, ...others] = shards;
    if (only === undefined) {
      if (first === undefined || 'shard' in first) return Promise.resolve([]);
      throw formatError(first.rejection.code, first.rejection.details);
    }
    if (others.length === 0 && ways.every((way) => 'shard' in way)) return only.ingestAll(envelopes);
    const parts = [...shards].map((shard) => this.#ingestPart(shard, ways, envelopes));
    if (parts.every((part) => part === null)) return null;
    return joinAnswers(ways, [...shards], parts);
  }

  /** The same for senders that can be made to wait: never OVERLOADED. */
  ingestInTurn(envelope: Bytes): Promise<IngestAnswer> {
    const way = this.#wayOf(envelope);
    return 'shard' in way ? way.shard.ingestInTurn(envelope) : Promise.resolve({ kind: 'passing', ...way });
  }

  /** False while the city takes no readings at all. */
  accepts(): boolean {
    const { node, shards } = this.#options;
    return node.isAlive() && !node.isCutOff() && shards.some((shard) => shard.accepts());
  }

  #ingestPart(
    shard: TelemetryClient,
    ways: readonly Way[],
    envelopes: readonly Bytes[],
  ): Promise<readonly IngestAnswer[]> | null {
    return shard.ingestAll(envelopes.filter((_, i) => isFor(ways[i] as Way, shard)));
  }

  #wayOf(envelope: Bytes): Way {
    const { node, shards } = this.#options;
    if (!node.isAlive() || node.isCutOff()) return { rejection: reject('NOT_READY', { part: 'node' }) };
    const home = shards.length === 1 ? null : this.#homeOf(envelope);
    // Whom nobody knows is nobody's: any shard says so.
    if (home === null) return wayTo(shards.find((shard) => shard.accepts()));
    const shard = this.#shardOf(home);
    if (shard?.accepts() === true) return { shard };
    const status = node.read(at(shardKind, home))?.status;
    if (status === 'frozen') return { rejection: reject('SHARD_FROZEN') };
    return status === 'retired' ? { rejection: reject('SHARD_RETIRED') } : wayTo(undefined);
  }

  /** By what the envelope says of itself: whoever lies about that is refused by the shard it leads to. */
  #homeOf(envelope: Bytes): Bytes | null {
    const kidAt = findKid(envelope);
    const kid = kidAt < 0 ? this.#kidOf(envelope) : envelope.subarray(kidAt, kidAt + KID_SIZE);
    if (kid === null) return null;
    const name = toOctets(kid);
    const known = this.#homes.get(name);
    if (known !== undefined) return known;
    const { crypto, node } = this.#options;
    const device = kid.slice(0, ID_SIZE);
    const from = node.read(at(deviceKeyKind, device, readUint32(kid, ID_SIZE)))?.from;
    const home = from === undefined ? null : homeShard(crypto, declaredShards(node), device, from);
    if (home === null) return null;
    if (this.#homes.size >= HOME_COUNT_MAX) this.#homes.clear();
    this.#homes.set(name, home.id);
    return home.id;
  }

  #shardOf(id: Bytes): TelemetryClient | undefined {
    const name = toOctets(id);
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const found = this.#options.shards.find((shard) => equalBytes(shard.status().id, id));
    if (found !== undefined) this.#clients.set(name, found);
    return found;
  }

  /** device ‖ key number: u32 of an envelope in another than the usual form, or null for what is none. */
  #kidOf(envelope: Bytes): Bytes | null {
    try {
      const { device, keyNumber } = parseReading(this.#options.crypto, envelope);
      return concatBytes(device, encodeUint32(keyNumber));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return null;
    }
  }
}

function wayTo(shard: TelemetryClient | undefined): Way {
  return shard === undefined ? { rejection: reject('NOT_READY', { part: 'telemetry' }) } : { shard };
}

function isFor(way: Way, shard: TelemetryClient): boolean {
  return 'shard' in way && way.shard === shard;
}

/** The answers in the order of the envelopes; a shard that had no room says so for its own. */
async function joinAnswers(
  ways: readonly Way[],
  shards: readonly TelemetryClient[],
  parts: readonly (Promise<readonly IngestAnswer[]> | null)[],
): Promise<readonly IngestAnswer[]> {
  const answers = await Promise.all(parts);
  const next = new Map(shards.map((shard, i) => [shard, (answers[i] ?? [])[Symbol.iterator]()]));
  return ways.map((way): IngestAnswer => {
    if (!('shard' in way)) return { kind: 'passing', ...way };
    const answer = next.get(way.shard)?.next();
    if (answer === undefined || answer.done === true)
      return { kind: 'passing', rejection: reject('OVERLOADED', { waiting: 'readings' }) };
    return answer.value;
  });
}
