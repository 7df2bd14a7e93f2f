/**
 * Brings what was signed for a zone to its devices (specs/orders.md §4.4): each says what it has and gets the next statement that it lacks, at
 * once and whenever the ledger has a newer one. A device judges by itself; nothing here is kept over a restart, for it says again what it has.
 */

import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import {
  deviceZoneKind,
  zoneDocumentAt,
  zoneDocumentKind,
  zoneEnvelopeKind,
  zoneKeysKind,
  zoneKind,
} from '@oppidum/formats/state-orders';
import { kindOfKey } from '@oppidum/formats/state-registry';
import { encodeZoneNews, parseZoneHave, type ZoneHave } from '@oppidum/formats/zone-news';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import type { OrderLine } from './order-lines.ts';

type DeskOptions = {
  readonly crypto: Crypto;
  readonly node: Pick<NodeClient, 'read' | 'onBlock'>;
};

const OF_ZONES: ReadonlySet<string> = new Set([zoneKind, zoneDocumentKind, deviceZoneKind].map(({ name }) => name));

/**
 * One way by which a device is told. What is said by it counts for it alone: anybody may ask in the name of a device, and must neither be heard
 * in its place nor have it told anything.
 */
export type ZoneLine = {
  /** The device says what it has, and is given the next that it lacks. Refuses as `ZoneDesk.read`. */
  readonly tell: (message: Bytes) => Rejection | null;
  readonly end: () => void;
};

type Open = { readonly device: string; readonly send: OrderLine; have: ZoneHave | null };

/** Who listens for statements of zones, and what each has. */
export class ZoneDesk {
  readonly #options: DeskOptions;
  readonly #open = new Set<Open>();
  readonly #forget: () => void;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#forget = options.node.onBlock((block) => this.#follow(block));
  }

  stop(): void {
    this.#forget();
  }

  /** This device (hex) can be told this way until `end`. */
  open(device: string, send: OrderLine): ZoneLine {
    const line: Open = { device, send, have: null };
    this.#open.add(line);
    return { tell: (message) => this.#tell(line, message), end: () => void this.#open.delete(line) };
  }

  /** What a device (hex) says that it has of the zone that it belongs to. Refuses as `parseZoneHave`, DEVICE_NOT_IN_ZONE. */
  read(device: string, message: Bytes): ZoneHave | Rejection {
    const have = parseOrRefuse(message);
    if ('code' in have) return have;
    const home = this.#options.node.read(at(deviceZoneKind, parseHex(device)));
    if (home !== null && equalBytes(home.zone, have.zone)) return have;
    return reject('DEVICE_NOT_IN_ZONE', { device, zone: toHex(have.zone) });
  }

  #tell(line: Open, message: Bytes): Rejection | null {
    const have = this.read(line.device, message);
    if ('code' in have) return have;
    line.have = have;
    this.#give(line, have);
    return null;
  }

  #give({ send }: Open, have: ZoneHave): void {
    const news = this.#nextOf(have);
    if (news !== null) send(news);
  }

  /**
   * A document that the key set signed which the device has; else the key set after that; else the envelope, which the newest keys signed. So a
   * device that was away for several key sets can believe each of them when it comes.
   */
  #nextOf(have: ZoneHave): Bytes | null {
    const { crypto, node } = this.#options;
    const { zone } = have;
    const record = node.read(at(zoneKind, zone));
    if (record === null) return null;
    for (const { name, version } of have.documents) {
      const document = node.read(zoneDocumentAt(crypto, zone, name));
      if (document === null || document.version <= version || document.keys !== have.keys) continue;
      return encodeZoneNews({ use: 'document', statement: document.statement, signatures: document.signatures });
    }
    if (have.keys < record.keys) {
      const next = node.read(at(zoneKeysKind, zone, have.keys + 1));
      if (next?.signatures === undefined) return null;
      return encodeZoneNews({ use: 'keys', statement: next.statement, signatures: next.signatures });
    }
    if (have.envelope >= record.envelope) return null;
    const envelope = node.read(at(zoneEnvelopeKind, zone, record.envelope));
    if (envelope === null) return null;
    return encodeZoneNews({ use: 'envelope', statement: envelope.statement, signatures: envelope.signatures });
  }

  #follow({ changes }: CommittedBlock): void {
    const zones = new Set<string>();
    for (const { key } of changes) if (OF_ZONES.has(kindOfKey(key)?.name ?? '')) zones.add(toHex(key.subarray(2, 34)));
    if (zones.size === 0) return;
    for (const line of [...this.#open])
      if (line.have !== null && (zones.has(toHex(line.have.zone)) || zones.has(line.device))) this.#giveIfMember(line, line.have);
  }

  #giveIfMember(line: Open, have: ZoneHave): void {
    const home = this.#options.node.read(at(deviceZoneKind, parseHex(line.device)));
    if (home !== null && equalBytes(home.zone, have.zone)) this.#give(line, have);
  }
}

function parseOrRefuse(message: Bytes): ZoneHave | Rejection {
  try {
    return parseZoneHave(message);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}
