/**
 * Keeps a machine level with its zone (specs/orders.md §4.4): key sets, envelopes and documents come as soon as the city has them, each is
 * judged under the keys that are pinned, made durable, and only then counts. Nothing goes back. Whoever keeps news from a machine leaves it
 * with what it had, and gains no more than that.
 */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import { encodeZoneHave, parseZoneNews, type ZoneNews } from '@oppidum/formats/zone-news';
import { type KeySet, parseZoneDocument, type ZoneDocument } from '@oppidum/formats/zone-statements';
import type { ZoneLink } from '../order-link.ts';
import type { OrderStore } from './order-state.ts';
import { replaceEnvelope, replaceKeys } from './zone-pins.ts';

/** The documents that a machine works by, e.g. `SignalDocumentKeeper`. */
export type ZoneDocuments = {
  /** Those that it wants, ascending by name, with the newest version that it has; 0 for none. */
  have(): readonly { readonly name: string; readonly version: number }[];
  /** Takes one in if the pinned keys signed it; on disk when it resolves. One that they signed and that is refused is asked for no more until the next start. */
  offer(keys: KeySet, name: string, signed: SignedStatement): Promise<Rejection | null>;
};

export type FollowerOptions = {
  readonly crypto: Crypto;
  readonly store: OrderStore;
  readonly link: ZoneLink;
  readonly documents: ZoneDocuments | null;
};

/** From `listen` on. */
export class ZoneFollower {
  readonly #options: FollowerOptions;
  /** Documents that our keys signed and that were refused: their next offer would be the same. */
  readonly #refused = new Set<string>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Hands on what comes; the answer ends that. */
  listen(take: (news: Bytes) => void): () => void {
    return this.#options.link.onNews(take);
  }

  /** Says what we have: what is newer comes back. */
  tell(): void {
    const { store, documents, link } = this.#options;
    const { keys, envelope } = store.read();
    const wanted = (documents?.have() ?? []).filter(({ name }) => !this.#refused.has(name));
    link.tellHave(
      encodeZoneHave({ zone: keys.zone, keys: keys.version, envelope: envelope?.version ?? 0, documents: [...wanted] }),
    );
  }

  /** Takes one statement in, durable when it resolves, and asks for the next. Refuses as its decoder, `replaceKeys`, `replaceEnvelope`, `offer`. */
  async take(message: Bytes): Promise<Rejection | null> {
    try {
      const refused = await this.#judge(parseZoneNews(message));
      if (refused === null) this.tell();
      return refused;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return reject(error.code, error.details);
    }
  }

  async #judge({ use, ...signed }: ZoneNews): Promise<Rejection | null> {
    const { crypto, store } = this.#options;
    if (use === 'document') return this.#offer(signed);
    const state = store.read();
    const pins = (use === 'keys' ? replaceKeys : replaceEnvelope)(crypto, state, signed);
    if ('code' in pins) return pins;
    // COMMIT POINT: durable, then in use.
    await store.write({ ...state, ...pins });
    return null;
  }

  async #offer(signed: SignedStatement): Promise<Rejection | null> {
    const { crypto, store, documents } = this.#options;
    const document = parseZoneDocument(signed.statement);
    const { name } = document;
    const wanted = documents?.have().find((each) => each.name === name);
    if (documents === null || wanted === undefined) return reject('DOCUMENT_UNKNOWN', { name });
    const { keys } = store.read();
    const refused = await documents.offer(keys, name, signed);
    if (refused === null) return null;
    // What nobody signed, or what we are beyond, anybody could have sent: it must not end our asking.
    if (document.version <= wanted.version || !isSigned(crypto, keys, document, signed)) return refused;
    // Whatever else is new is still asked for.
    this.#refused.add(name);
    this.tell();
    return refused;
  }
}

/** True for a document of this zone that enough of its keys signed, whatever else is wrong with it. */
function isSigned(
  crypto: Crypto,
  { city, zone, keys, dangerousThreshold: count }: KeySet,
  document: ZoneDocument,
  signed: SignedStatement,
): boolean {
  const isOurs = equalBytes(document.city, city) && equalBytes(document.zone, zone);
  return isOurs && checkStatement(crypto, 'document', signed, { keys, count }) === null;
}
