/**
 * Which shard gets a reading: the one where its device key is at home (specs/telemetry.md §1.1). A shard that is away keeps nobody from
 * the others; what is for it alone waits with its device.
 */

import { type Bytes, equalBytes, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { type AllegedReading, parseReading } from '@oppidum/formats/reading';
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
  /** By device and key number, the id of the shard: once it is known it stays. */
  readonly #homes = new Map<string, Bytes>();

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

  #ingestPart(
    shard: TelemetryClient,
    ways: readonly Way[],
    envelopes: readonly Bytes[],
  ): Promise<readonly IngestAnswer[]> | null {
    return shard.ingestAll(envelopes.filter((_, i) => isFor(ways[i] as Way, shard)));
  }

  #wayOf(envelope: Bytes): Way {
    const { node, shards } = this.#options;
    if (!node.isAlive()) return { rejection: reject('NOT_READY', { part: 'node' }) };
    const home = shards.length === 1 ? null : this.#homeOf(envelope);
    // Whom nobody knows is nobody's: any shard says so.
    if (home === null) return wayTo(shards.find((shard) => shard.accepts()));
    const shard = shards.find((candidate) => equalBytes(candidate.status().id, home));
    if (shard?.accepts() === true) return { shard };
    const status = node.read(at(shardKind, home))?.status;
    if (status === 'frozen') return { rejection: reject('SHARD_FROZEN') };
    return status === 'retired' ? { rejection: reject('SHARD_RETIRED') } : wayTo(undefined);
  }

  #homeOf(envelope: Bytes): Bytes | null {
    const { crypto, node } = this.#options;
    const reading = this.#open(envelope);
    if (reading === null) return null;
    const { device, keyNumber } = reading;
    const name = `${toOctets(device)}${keyNumber}`;
    const known = this.#homes.get(name);
    if (known !== undefined) return known;
    const from = node.read(at(deviceKeyKind, device, keyNumber))?.from;
    const home = from === undefined ? null : homeShard(crypto, declaredShards(node), device, from);
    if (home === null) return null;
    if (this.#homes.size >= HOME_COUNT_MAX) this.#homes.clear();
    this.#homes.set(name, home.id);
    return home.id;
  }

  #open(envelope: Bytes): AllegedReading | null {
    try {
      return parseReading(this.#options.crypto, envelope);
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
