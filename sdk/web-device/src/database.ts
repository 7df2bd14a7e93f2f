/** The database of a device in a browser (IndexedDB), and one holder of it: a second tab would give one sequence number twice. */

import { formatError } from '@oppidum/formats/errors';

const VERSION = 1;
const STORES = ['facts', 'senders', 'unsent', 'refused', 'evidence'] as const;
/** What is kept where: facts and evidence by name, senders by device and key, messages by those and sequence number. */
export type StoreName = (typeof STORES)[number] | 'held';

/** The rows of one transaction, written all or none. */
export type Write = (store: (name: StoreName) => IDBObjectStore) => void;

/** An open database. */
export class DeviceDatabase {
  readonly #database: IDBDatabase;
  readonly #release: () => void;

  private constructor(database: IDBDatabase, release: () => void) {
    this.#database = database;
    this.#release = release;
  }

  /** Opens or makes it. Throws OUTBOX_LOCKED while another page has it open. */
  static async open(name: string): Promise<DeviceDatabase> {
    const release = await hold(name);
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
      request.result.createObjectStore('held', { keyPath: 'place', autoIncrement: true });
    };
    return new DeviceDatabase(await answerOf(request), release);
  }

  /** A value by its key, or null. */
  async read<T>(store: StoreName, key: IDBValidKey): Promise<T | null> {
    const found = await answerOf(this.#database.transaction(store).objectStore(store).get(key) as IDBRequest<T | undefined>);
    return found ?? null;
  }

  /** All values with their keys, in the order of the keys. */
  async list<T>(store: StoreName): Promise<readonly { readonly key: IDBValidKey; readonly value: T }[]> {
    const objects = this.#database.transaction(store).objectStore(store);
    const [keys, values] = await Promise.all([answerOf(objects.getAllKeys()), answerOf(objects.getAll() as IDBRequest<T[]>)]);
    return keys.map((key, i) => ({ key, value: values[i] as T }));
  }

  /** Resolves when everything is on the disk. Throws OUTBOX_FULL when the browser gives no more room. */
  async write(work: Write): Promise<void> {
    const transaction = this.#database.transaction([...STORES, 'held'], 'readwrite', { durability: 'strict' });
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(translate(transaction.error));
      work((name) => transaction.objectStore(name));
    });
  }

  close(): void {
    this.#database.close();
    this.#release();
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(translate(request.error));
  });
}

function translate(error: DOMException | null): Error {
  if (error?.name === 'QuotaExceededError') return formatError('OUTBOX_FULL', { disk: 'full' });
  return error ?? new Error('a transaction was aborted');
}

/** A lock of the origin, let go when the page goes or by the answer. */
function hold(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`oppidum/${name}`, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          reject(formatError('OUTBOX_LOCKED', { path: name }));
          return undefined;
        }
        return new Promise<void>((release) => resolve(() => release()));
      })
      .catch(reject);
  });
}
