/**
 * Who may do what at the doors. A request's principal is decided once, before anything else; whatever goes on for longer (a stream of
 * events) asks again before each part, and is told at once when a key is revoked.
 *
 * Denied is whatever is not allowed here: without a key one may read, from this machine, what is not about people (`anonymous`); readings
 * and transactions that carry their own signature are taken from everybody; all else needs a key with the right.
 */

import { timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { FastifyRequest } from 'fastify';
import { type Caller, isHere } from './caller.ts';
import { type AccessEvent, type Actor, KeyStore, type LogEntry, type StoredKey } from './key-store.ts';
import { hashKeyText, makeKeyText, parseKeyText } from './key-text.ts';
import { type Anonymous, anonymousPrincipal, type Principal, type Right } from './principal.ts';

export type AccessOptions = {
  /** See `openAccessDatabase`; closed by `close`. */
  readonly database: DatabaseSync;
  readonly anonymous: Anonymous;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly randomBytes: (size: number) => Bytes;
  /** Keys, revoked ones included. */
  readonly keyCountMax?: number;
  /** Learns why the times of last use could not be written; nothing else is lost then. */
  readonly onWriteFailure: (error: Error) => void;
};

/** What a new key shall be. */
export type KeyRequest = Pick<StoredKey, 'name' | 'rights' | 'devices' | 'deviceTypes' | 'expiresMs'>;

type KnownKey = { readonly stored: StoredKey; readonly principal: Principal };
type Waiting = { readonly event: AccessEvent; readonly done: () => void; readonly failed: (error: unknown) => void };

/** All of them are in memory. */
const KEY_COUNT_MAX = 10_000;
const LIFE_MS_MAX = 2 * 366 * 86_400_000;
/** Times of last use are written this often. */
const WRITE_INTERVAL_MS = 30_000;
/** One entry of the log stands for all readings about people of one device that one key reads within this time. */
const SAME_READ_MS = 60_000;
/** RFC 6750 §2.1; the scheme in any case (RFC 9110 §11.1). */
const BEARER = /^bearer +(\S+)$/i;

/** The one place that says who may do what. */
export class Access {
  readonly #options: AccessOptions;
  readonly #store: KeyStore;
  readonly #keys: Map<string, KnownKey>;
  readonly #principals = new WeakMap<FastifyRequest, Principal>();
  readonly #listeners = new Set<(keyId: string) => void>();
  readonly #uses = new Map<string, number>();
  readonly #personalReads = new Map<string, number>();
  readonly #writer: NodeJS.Timeout;
  #waiting: Waiting[] = [];

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#store = new KeyStore(options.database);
    this.#keys = new Map(this.#store.keys().map((stored) => [stored.id, knownKey(stored)]));
    this.#writer = setInterval(() => this.#writeUses(), WRITE_INTERVAL_MS).unref();
  }

  /**
   * Decides whose request this is. Refuses API_KEY_INVALID, API_KEY_REVOKED, API_KEY_EXPIRED: whoever shows a key that is none is not
   * taken for somebody without one.
   */
  authenticate(request: FastifyRequest, caller: Caller): Rejection | null {
    const { authorization } = caller.headers;
    const found = authorization === undefined ? this.#stranger(request, caller) : this.#holder(authorization);
    if ('code' in found) return found;
    this.#principals.set(request, found);
    return null;
  }

  #stranger(request: FastifyRequest, caller: Caller): Principal {
    const { anonymous } = this.#options;
    return anonymousPrincipal(request.ip, anonymous === 'anybody' || (anonymous === 'here' && isHere(caller)));
  }

  #holder(authorization: string): Principal | Rejection {
    const shown = parseKeyText(BEARER.exec(authorization)?.[1] ?? '');
    const known = shown === null ? undefined : this.#keys.get(shown.id);
    if (shown === null || known === undefined || !timingSafeEqual(known.stored.hash, hashKeyText(shown)))
      return reject('API_KEY_INVALID', {});
    const over = this.#whyOver(known.stored);
    if (over !== null) return over;
    this.#uses.set(known.stored.id, this.#options.clock());
    return known.principal;
  }

  #whyOver({ id, revokedMs, expiresMs }: StoredKey): Rejection | null {
    if (revokedMs !== null) return reject('API_KEY_REVOKED', { key: id });
    return this.#options.clock() >= expiresMs ? reject('API_KEY_EXPIRED', { key: id }) : null;
  }

  /** Refuses API_KEY_REVOKED, API_KEY_EXPIRED where the key of this principal ended since `authenticate`: a body may be long in coming. */
  recheck({ kind, id }: Principal): Rejection | null {
    const known = kind === 'key' ? this.#keys.get(id) : undefined;
    return known === undefined ? null : this.#whyOver(known.stored);
  }

  /** Whose request this is, as `authenticate` decided; a stranger from elsewhere where it was not asked. */
  principalOf(request: FastifyRequest): Principal {
    return this.#principals.get(request) ?? anonymousPrincipal(request.ip, false);
  }

  /** True while this principal has the right: its key is neither revoked nor expired meanwhile. */
  stillMay({ kind, id, rights }: Principal, right: Right): boolean {
    if (!rights.has(right)) return false;
    if (kind === 'anonymous') return true;
    const stored = this.#keys.get(id)?.stored;
    return stored !== undefined && stored.revokedMs === null && this.#options.clock() < stored.expiresMs;
  }

  /** Calls the listener with the id of every key that is revoked from now on, until the returned function is called. */
  onRevoked(listener: (keyId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Milliseconds since 1970, by the clock that expires keys. */
  nowMs(): number {
    return this.#options.clock();
  }

  /** All keys, the oldest first. */
  keys(): StoredKey[] {
    return [...this.#keys.values()].map(({ stored }) => {
      const lastUsedMs = this.#uses.get(stored.id) ?? stored.lastUsedMs;
      return { ...stored, lastUsedMs };
    });
  }

  /**
   * Makes a key; durable and recorded when it returns. `text` is its secret and exists nowhere else: it is shown once.
   * Throws REQUEST_INVALID for a life that is over or too long, API_KEY_COUNT.
   */
  createKey(request: KeyRequest, by: Actor): { readonly key: StoredKey; readonly text: string } {
    const createdMs = this.#options.clock();
    const lifeMs = request.expiresMs - createdMs;
    if (!(lifeMs > 0 && lifeMs <= LIFE_MS_MAX))
      throw formatError('REQUEST_INVALID', { at: '/expiresMs', daysMax: LIFE_MS_MAX / 86_400_000 });
    const { keyCountMax = KEY_COUNT_MAX } = this.#options;
    if (this.#keys.size >= keyCountMax) throw formatError('API_KEY_COUNT', { countMax: keyCountMax });
    const made = makeKeyText(this.#options.randomBytes);
    const { name, rights, devices, deviceTypes, expiresMs } = request;
    const key: StoredKey = {
      ...{ id: made.id, hash: hashKeyText(made), name, rights, devices, deviceTypes },
      ...{ createdMs, expiresMs, revokedMs: null, lastUsedMs: null },
    };
    this.#store.create(key, by);
    this.#keys.set(key.id, knownKey(key));
    return { key, text: made.text };
  }

  /** Revokes a key: durable, recorded and in force when it returns; again it changes nothing. Throws API_KEY_UNKNOWN. */
  revokeKey(id: string, by: Actor): StoredKey {
    const known = this.#keys.get(id);
    if (known === undefined) throw formatError('API_KEY_UNKNOWN', { key: id });
    if (known.stored.revokedMs !== null) return known.stored;
    const revokedMs = this.#options.clock();
    this.#store.revoke(id, by, revokedMs);
    const stored = { ...known.stored, revokedMs };
    this.#keys.set(id, { ...known, stored });
    for (const listener of [...this.#listeners]) listener(id);
    return stored;
  }

  /** Entries of the log of access below a number, newest first. */
  log(limit: number, below: number | null): LogEntry[] {
    return this.#store.log(limit, below);
  }

  /**
   * Records that a key reads values of a device whose readings are about people; on the disk when it resolves, and only then may they be
   * shown. Reads of one device within a minute are one entry.
   */
  recordPersonalRead({ id }: Principal, device: string, path: string): Promise<void> {
    const nowMs = this.#options.clock();
    const read = `${id} ${device}`;
    const lastMs = this.#personalReads.get(read);
    if (lastMs !== undefined && Math.abs(nowMs - lastMs) < SAME_READ_MS) return Promise.resolve();
    return new Promise((resolve, failed) => {
      const done = (): void => {
        this.#personalReads.set(read, nowMs);
        resolve();
      };
      const event: AccessEvent = { kind: 'personal-read', by: { key: id }, device, path };
      this.#waiting.push({ event, done, failed });
      // One commit for all that comes in this turn of the loop.
      if (this.#waiting.length === 1) setImmediate(() => this.#writeWaiting());
    });
  }

  #writeWaiting(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const nowMs = this.#options.clock();
    for (const [read, lastMs] of this.#personalReads) if (nowMs - lastMs >= SAME_READ_MS) this.#personalReads.delete(read);
    try {
      this.#store.record(
        waiting.map(({ event }) => event),
        nowMs,
      );
    } catch (error) {
      for (const { failed } of waiting) failed(error);
      return;
    }
    for (const { done } of waiting) done();
  }

  #writeUses(): void {
    if (this.#uses.size === 0) return;
    try {
      this.#store.markUsed(this.#uses);
    } catch (error) {
      this.#options.onWriteFailure(error as Error);
      return;
    }
    for (const [id, lastUsedMs] of this.#uses) {
      const known = this.#keys.get(id);
      if (known !== undefined) this.#keys.set(id, { ...known, stored: { ...known.stored, lastUsedMs } });
    }
    this.#uses.clear();
  }

  /** Writes what waits and closes the file. */
  close(): void {
    clearInterval(this.#writer);
    this.#writeWaiting();
    this.#writeUses();
    this.#options.database.close();
  }
}

function knownKey(stored: StoredKey): KnownKey {
  const { id, rights, devices, deviceTypes } = stored;
  const setOf = (list: readonly string[] | null): ReadonlySet<string> | null => (list === null ? null : new Set(list));
  const scope = devices === null && deviceTypes === null ? null : { devices: setOf(devices), deviceTypes: setOf(deviceTypes) };
  return { stored, principal: { kind: 'key', id, rights: new Set(rights), scope } };
}
