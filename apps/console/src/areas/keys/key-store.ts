/**
 * The key of a person in this browser: made by WebCrypto so that nothing can read it out, kept in a database of this origin, one for each
 * city. A second tab uses the same one. Where the browser keeps nothing no key is made: one that is gone tomorrow helps nobody.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { EDDSA, type PublicKey } from '@oppidum/formats/ids';

const DATABASE = 'oppidum-keys';
const VERSION = 1;
const STORE = 'keys';
const ALGORITHM = 'Ed25519';
/** Other tabs hear by it that something changed. */
const CHANNEL = 'oppidum-keys';

/** Why this browser cannot keep a key: loaded in a way that anybody on the wire could change, cannot sign, keeps nothing. */
export type KeyTrouble = 'insecure' | 'unsupported' | 'blocked';

/** Thrown by everything here. */
export class KeyError extends Error {
  readonly trouble: KeyTrouble;

  constructor(trouble: KeyTrouble, message: string) {
    super(message);
    this.name = 'KeyError';
    this.trouble = trouble;
  }
}

/** Where on the ledger the key stands: id of the account in hex. */
export type KeptAccount = { readonly id: string; readonly keyNumber: number };

/** A kept key of the city with this genesis hash (hex). */
export type KeptKey = {
  readonly genesis: string;
  readonly pair: CryptoKeyPair;
  readonly publicKey: Bytes;
  readonly madeMs: number;
  readonly account: KeptAccount | null;
};

/** The key as formats name it. */
export function publicKeyOf({ publicKey }: Pick<KeptKey, 'publicKey'>): PublicKey {
  return { algorithm: EDDSA, publicKey };
}

/** The key for this city, or null. Throws KeyError. */
export async function readKey(genesis: string): Promise<KeptKey | null> {
  requireWebCrypto();
  return withStore('readonly', (store) => store.get(genesis) as IDBRequest<KeptKey | undefined>).then((found) => found ?? null);
}

/** Makes the key for this city, durable before it is returned. Where another tab was first, that one's. Throws KeyError. */
export async function makeKey(genesis: string, madeMs: number): Promise<KeptKey> {
  requireWebCrypto();
  const known = await readKey(genesis);
  if (known !== null) return known;
  const pair = await makePair();
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  // `add` refuses where a key stands: two tabs that make one at once end with the same.
  await withStore('readwrite', (store) => store.add({ genesis, pair, publicKey, madeMs, account: null } satisfies KeptKey)).catch(
    (error: unknown) => {
      if (!(error instanceof KeyError) || error.message !== 'ConstraintError') throw error;
    },
  );
  // Asked for, not demanded: without it a browser short of space may throw the key away.
  await navigator.storage?.persist?.().catch(() => false);
  tellOthers();
  const kept = await readKey(genesis);
  if (kept === null) throw new KeyError('blocked', 'what was written is not there');
  return kept;
}

async function makePair(): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])) as CryptoKeyPair;
  } catch (error) {
    throw new KeyError('unsupported', String(error));
  }
}

/** Notes where on the ledger the key stands. Throws KeyError, also where the key is gone. */
export async function keepAccount(genesis: string, account: KeptAccount | null): Promise<void> {
  // In one transaction: a key that another tab forgets meanwhile does not come back.
  const kept = await withStore('readwrite', (store) => {
    const request = store.get(genesis) as IDBRequest<KeptKey | undefined>;
    request.onsuccess = () => {
      if (request.result !== undefined) store.put({ ...request.result, account } satisfies KeptKey);
    };
    return request;
  });
  if (kept === undefined) throw new KeyError('blocked', 'the key is gone');
  tellOthers();
}

/** Throws the key away for good. Throws KeyError. */
export async function forgetKey(genesis: string): Promise<void> {
  await withStore('readwrite', (store) => store.delete(genesis));
  tellOthers();
}

/** Signs with a kept key. */
export async function signBy({ pair }: Pick<KeptKey, 'pair'>, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM, pair.privateKey, message as BufferSource));
}

/** Whether this browser promised not to throw the key away when space is short. */
export async function isPersistent(): Promise<boolean> {
  return (await navigator.storage?.persisted?.().catch(() => false)) ?? false;
}

/** Calls when a key changed, here or in another tab. Returns the way to stop. */
export function watchKeys(onChange: () => void): () => void {
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(CHANNEL) : null;
  if (channel !== null) channel.onmessage = onChange;
  addEventListener(CHANNEL, onChange);
  return () => {
    channel?.close();
    removeEventListener(CHANNEL, onChange);
  };
}

function tellOthers(): void {
  dispatchEvent(new Event(CHANNEL));
  if (!('BroadcastChannel' in globalThis)) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage('changed');
  channel.close();
}

/** Browsers give WebCrypto only to pages that nobody on the wire could have changed. */
function requireWebCrypto(): void {
  if (globalThis.crypto?.subtle === undefined) throw new KeyError('insecure', 'there is no WebCrypto here');
}

/** One request in a transaction of its own; resolves when it is on the disk. */
async function withStore<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openDatabase();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(troubleOf(request.error ?? transaction.error));
    });
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    try {
      const request = indexedDB.open(DATABASE, VERSION);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'genesis' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(troubleOf(request.error));
    } catch (error) {
      // Some browsers have no `indexedDB` to ask where storage is blocked.
      reject(troubleOf(error));
    }
  });
}

function troubleOf(error: unknown): KeyError {
  return new KeyError('blocked', error instanceof Error || error instanceof DOMException ? error.name : String(error));
}
