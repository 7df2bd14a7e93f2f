/**
 * Changes of zones that wait for further signatures (specs/orders.md §11). Only what an order key of the zone signed is kept, so that nobody
 * else fills this place. A draft goes when its version is in force or was overtaken, and with the key set that its signatures are of.
 *
 *   orders/<draft>.draft    `zone-draft`, without records
 */

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { orNull, type Rejection, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentAt, zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import {
  encodeZoneDraft,
  joinZoneDrafts,
  openChange,
  parseZoneDraft,
  type ZoneChange,
  type ZoneDraft,
  zoneDraftId,
} from '@oppidum/formats/zone-draft';
import { type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { NodeClient } from '@oppidum/node/client';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { checkSigned } from '@oppidum/proofs/judge-zone-draft';

/** Of one zone: where there are more, the oldest of whoever began most of them makes room. */
const ZONE_COUNT_MAX = 16;
const SUFFIX = '.draft';

/** A draft that waits. `began`: the order key that brought it, as far as known; `sinceMs`: since 1970. */
export type WaitingDraft = {
  readonly id: string;
  readonly draft: ZoneDraft;
  readonly change: ZoneChange;
  readonly began: number;
  readonly sinceMs: number;
};

type ShelfOptions = {
  readonly crypto: Crypto;
  readonly node: Pick<NodeClient, 'genesisHash' | 'read'>;
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
};

/** The drafts of one gateway. */
export class DraftShelf {
  readonly #options: ShelfOptions;
  /** By id, oldest first. */
  readonly #waiting = new Map<string, WaitingDraft>();
  /** By id, under what each was found to wait: whoever lists drafts has no signature verified again. */
  readonly #judged = new Map<string, string>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ShelfOptions) {
    this.#options = options;
    for (const waiting of readDrafts(options)) this.#waiting.set(waiting.id, waiting);
  }

  /** Those that wait, of one zone (hex) or of all, oldest first. */
  list(zone: string | null): readonly WaitingDraft[] {
    this.#dropOver();
    return [...this.#waiting.values()].filter(({ change }) => zone === null || toHex(change.zone) === zone);
  }

  find(id: string): WaitingDraft | null {
    this.#dropOver();
    return this.#waiting.get(id) ?? null;
  }

  /**
   * Takes a draft, or further signatures of one; resolves when it survives a restart. Refuses, in this order: WRONG_CITY, ZONE_UNKNOWN,
   * VERSION_NOT_NEXT; per signature KEY_UNKNOWN, SIGNATURE_INVALID; SIGNATURES_FEW where no key of the set in force signed.
   */
  offer(given: ZoneDraft): Promise<WaitingDraft | Rejection> {
    const taken = this.#queue.then(() => this.#take({ ...given, records: [] }));
    this.#queue = taken.catch(() => undefined);
    return taken;
  }

  async #take(given: ZoneDraft): Promise<WaitingDraft | Rejection> {
    const { crypto, folder, clock } = this.#options;
    const id = toHex(zoneDraftId(crypto, given));
    const before = readBefore(this.#options, openChange(given));
    if ('code' in before) return before;
    const refused = checkSigned(crypto, given, before);
    if (refused !== null) return refused;
    const known = this.find(id);
    const draft = known === null ? given : joinZoneDrafts(known.draft, given);
    const [first] = draft.signatures;
    if (first === undefined) return reject('SIGNATURES_FEW', { want: 1, got: 0 });
    await makeSecretFolder(folder);
    await writeFileDurably(join(folder, `${id}${SUFFIX}`), encodeZoneDraft(draft));
    const waiting = {
      ...{ id, draft, change: openChange(draft) },
      ...{ began: known?.began ?? first.key, sinceMs: known?.sinceMs ?? clock() },
    };
    this.#waiting.set(id, waiting);
    this.#judged.delete(id);
    this.#makeRoom(toHex(waiting.change.zone));
    return waiting;
  }

  #makeRoom(zone: string): void {
    const those = [...this.#waiting.values()].filter(({ change }) => toHex(change.zone) === zone);
    if (those.length <= ZONE_COUNT_MAX) return;
    const counts = new Map<number, number>();
    for (const { began } of those) counts.set(began, (counts.get(began) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const oldest = those.find(({ began }) => counts.get(began) === most);
    if (oldest !== undefined) this.#drop(oldest.id);
  }

  /** What is in force, was overtaken, or counts no more under the keys that are in force. */
  #dropOver(): void {
    for (const waiting of [...this.#waiting.values()]) if (!this.#stillWaits(waiting)) this.#drop(waiting.id);
  }

  #stillWaits({ id, draft, change }: WaitingDraft): boolean {
    const before = readBefore(this.#options, change);
    if ('code' in before) return false;
    const under = `${before.keySet.version} ${before.envelopeVersion}`;
    if (this.#judged.get(id) === under) return true;
    this.#judged.set(id, under);
    return checkSigned(this.#options.crypto, draft, before) === null;
  }

  #drop(id: string): void {
    this.#waiting.delete(id);
    this.#judged.delete(id);
    rmSync(join(this.#options.folder, `${id}${SUFFIX}`), { force: true });
  }
}

/** What a change would follow, where its version is the next. */
type Before = { readonly keySet: KeySet; readonly envelopeStatement: Bytes; readonly envelopeVersion: number };

function readBefore({ crypto, node }: ShelfOptions, change: ZoneChange): Before | Rejection {
  const { zone, city } = change;
  if (!equalBytes(city, node.genesisHash)) return reject('WRONG_CITY', { city: toHex(city) });
  const record = node.read(at(zoneKind, zone));
  if (record === null) return reject('ZONE_UNKNOWN', { zone: toHex(zone) });
  const keys = node.read(at(zoneKeysKind, zone, record.keys));
  const envelope = node.read(at(zoneEnvelopeKind, zone, record.envelope));
  if (keys === null || envelope === null) throw new Error('a zone has the keys and the envelope that are in force there');
  const before = { keys: record.keys, envelope: record.envelope, document: versionOf(crypto, node, change) }[change.use];
  if (change.version !== before + 1) return reject('VERSION_NOT_NEXT', { want: before + 1, got: change.version });
  return { keySet: parseKeySet(keys.statement), envelopeStatement: envelope.statement, envelopeVersion: record.envelope };
}

function versionOf(crypto: Crypto, node: ShelfOptions['node'], change: ZoneChange): number {
  if (change.use !== 'document') return 0;
  return node.read(zoneDocumentAt(crypto, change.zone, change.name))?.version ?? 0;
}

/** What an earlier process kept; a file that is not whole, or is another than its name says, is none. */
function readDrafts({ crypto, folder }: ShelfOptions): readonly WaitingDraft[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(SUFFIX)) : [];
  const found = names.flatMap((name) => {
    const draft = parseOrNull(new Uint8Array(readFileSync(join(folder, name))));
    const id = name.slice(0, -SUFFIX.length);
    if (draft === null || toHex(zoneDraftId(crypto, draft)) !== id) return [];
    const sinceMs = Math.floor(statSync(join(folder, name)).mtimeMs);
    return [{ id, draft, change: openChange(draft), began: draft.signatures[0]?.key ?? 0, sinceMs }];
  });
  return found.sort((a, b) => a.sinceMs - b.sinceMs);
}

function parseOrNull(bytes: Bytes): ZoneDraft | null {
  return orNull(() => parseZoneDraft(bytes));
}
