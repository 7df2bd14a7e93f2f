/**
 * The outbox of a device in a browser: as `@oppidum/device/outbox` keeps a file, this keeps a database of the page's origin. What waits is
 * also in memory; nothing is sent before the database has it on the disk, and a sequence number lives in the same transaction as the bytes
 * it was signed into.
 */

import type { AppendOptions, Held, Moment, OutboxPort, Refused, Sender, Unsent } from '@oppidum/device/outbox-port';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { DeviceDatabase, Write } from './database.ts';

type WebOutboxOptions = {
  readonly database: DeviceDatabase;
  readonly crypto: Crypto;
  /** Genesis hash of the city all messages are for. */
  readonly audience: Bytes;
  /** Bytes of all that waits. */
  readonly sizeMax?: number;
};

const SIZE_MAX = 16 * 1024 * 1024;
const REFUSED_COUNT_MAX = 100;

type SenderRow = Pick<Sender, 'device' | 'keyNumber' | 'next' | 'cursor'>;
type Lane = { readonly sender: Sender; readonly unsent: Map<number, Unsent>; held: Held[]; refused: Refused[] };
type HeldRow = Held & { readonly sender: string };

const nameOf = ({ device, keyNumber }: Pick<Sender, 'device' | 'keyNumber'>): string => `${toHex(device)}/${keyNumber}`;

/** Opens the outbox of a database. Throws WRONG_CITY for one whose messages are for another city. */
export async function openWebOutbox(options: WebOutboxOptions): Promise<WebOutbox> {
  const { database, audience } = options;
  const known = await database.read<Bytes>('facts', 'audience');
  if (known === null) await database.write((store) => store('facts').put(audience, 'audience'));
  else if (!equalBytes(known, audience)) throw formatError('WRONG_CITY', { want: toHex(known), got: toHex(audience) });
  const outbox = new WebOutbox(options);
  await outbox.load();
  return outbox;
}

/** An open outbox. */
class WebOutbox implements OutboxPort {
  readonly audience: Bytes;
  readonly #database: DeviceDatabase;
  readonly #crypto: Crypto;
  readonly #sizeMax: number;
  readonly #lanes = new Map<string, Lane>();
  #size = 0;
  #knownMs: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** Use `openWebOutbox`. */
  constructor({ database, crypto, audience, sizeMax = SIZE_MAX }: WebOutboxOptions) {
    this.#database = database;
    this.#crypto = crypto;
    this.audience = audience;
    this.#sizeMax = sizeMax;
  }

  /** Reads what the database has. */
  async load(): Promise<void> {
    this.#knownMs = await this.#database.read<number>('facts', 'knownMs');
    for (const { value } of await this.#database.list<SenderRow>('senders')) {
      const { sender } = this.#laneOf(value.device, value.keyNumber);
      sender.next = value.next;
      sender.cursor = value.cursor;
    }
    for (const { key, value } of await this.#database.list<Unsent>('unsent')) {
      const lane = this.#laneNamed(key);
      lane.unsent.set(value.sequence, value);
      this.#resize(lane.sender, value.envelope.length, 1);
    }
    for (const { key, value } of await this.#database.list<Refused>('refused')) this.#laneNamed(key).refused.push(value);
    for (const { value } of await this.#database.list<HeldRow>('held')) {
      const lane = this.#laneNamed([value.sender, 0]);
      lane.held.push(value);
      lane.sender.heldCount++;
      this.#resize(lane.sender, value.payload.length, 0);
    }
  }

  sender(device: Bytes, keyNumber: number): Sender {
    return this.#laneOf(device, keyNumber).sender;
  }

  append(
    sender: Sender,
    sign: (sequence: number) => Bytes | Promise<Bytes>,
    { cursor = sender.cursor, held, knownMs }: AppendOptions = {},
  ): Promise<Omit<Unsent, 'envelope'>> {
    return this.#inTurn(async () => {
      const lane = this.#laneOf(sender.device, sender.keyNumber);
      const sequence = sender.next;
      const envelope = await sign(sequence);
      const growth = envelope.length - (held?.payload.length ?? 0);
      this.#assertRoom(growth);
      const entry = { sequence, digest: this.#crypto.sha256(envelope), envelope };
      const known = knownMs === undefined ? this.#knownMs : Math.max(knownMs, this.#knownMs ?? 0);
      await this.#database.write((store) => {
        store('unsent').put(entry, [nameOf(sender), sequence]);
        store('senders').put(rowOf(sender, sequence + 1, cursor), nameOf(sender));
        if (held !== undefined) store('held').delete(held.place);
        if (known !== null) store('facts').put(known, 'knownMs');
      });
      // COMMIT POINT
      this.#knownMs = known;
      sender.next = sequence + 1;
      sender.cursor = cursor;
      lane.unsent.set(sequence, entry);
      if (held !== undefined) this.#forgetHeld(lane, held);
      this.#resize(sender, growth, 1);
      return { sequence, digest: entry.digest };
    });
  }

  hold(sender: Sender, { boot, counterMs }: Moment, payload: Bytes, cursor = sender.cursor): Promise<void> {
    return this.#inTurn(async () => {
      this.#assertRoom(payload.length);
      const row = { boot, counterMs, payload, sender: nameOf(sender) };
      let request: IDBRequest<IDBValidKey> | null = null;
      await this.#database.write((store) => {
        request = store('held').add(row);
        store('senders').put(rowOf(sender, sender.next, cursor), nameOf(sender));
      });
      sender.cursor = cursor;
      sender.heldCount++;
      const place = (request as IDBRequest<IDBValidKey> | null)?.result as number;
      this.#laneOf(sender.device, sender.keyNumber).held.push({ boot, counterMs, payload, place });
      this.#resize(sender, payload.length, 0);
    });
  }

  held(sender: Sender): readonly Held[] {
    return [...this.#laneOf(sender.device, sender.keyNumber).held];
  }

  release(sender: Sender, held: Held): void {
    this.#forgetHeld(this.#laneOf(sender.device, sender.keyNumber), held);
    this.#resize(sender, -held.payload.length, 0);
    this.#later((store) => store('held').delete(held.place));
  }

  knownMs(): number | null {
    return this.#knownMs;
  }

  unsent(sender: Sender, afterSequence: number, limit: number): readonly Unsent[] {
    const found: Unsent[] = [];
    // In the order in which they were appended, which is that of their numbers.
    for (const unsent of this.#laneOf(sender.device, sender.keyNumber).unsent.values()) {
      if (found.length === limit) break;
      if (unsent.sequence > afterSequence) found.push(unsent);
    }
    return found;
  }

  digestOf(sender: Sender, sequence: number): Bytes | null {
    return this.#laneOf(sender.device, sender.keyNumber).unsent.get(sequence)?.digest ?? null;
  }

  settle(sender: Sender, sequence: number): void {
    if (this.#take(sender, sequence) !== null) this.#later((store) => store('unsent').delete([nameOf(sender), sequence]));
  }

  refuse(sender: Sender, sequence: number, code: string, receipt: Bytes): void {
    const lane = this.#laneOf(sender.device, sender.keyNumber);
    const unsent = this.#take(sender, sequence);
    if (unsent === null) return;
    const refused = { sequence, code, envelope: unsent.envelope, receipt };
    lane.refused.push(refused);
    const forgotten = lane.refused.splice(0, Math.max(0, lane.refused.length - REFUSED_COUNT_MAX));
    this.#later((store) => {
      store('unsent').delete([nameOf(sender), sequence]);
      store('refused').put(refused, [nameOf(sender), sequence]);
      for (const former of forgotten) store('refused').delete([nameOf(sender), former.sequence]);
    });
  }

  refused(sender: Sender): readonly Refused[] {
    return [...this.#laneOf(sender.device, sender.keyNumber).refused];
  }

  /** Resolves when everything that was begun is on the disk. */
  async flush(): Promise<void> {
    await this.#turn;
  }

  #take(sender: Sender, sequence: number): Unsent | null {
    const { unsent } = this.#laneOf(sender.device, sender.keyNumber);
    const found = unsent.get(sequence) ?? null;
    if (found === null) return null;
    unsent.delete(sequence);
    this.#resize(sender, -found.envelope.length, -1);
    return found;
  }

  #forgetHeld(lane: Lane, { place }: Held): void {
    lane.held = lane.held.filter((other) => other.place !== place);
    lane.sender.heldCount--;
  }

  /** One after the other: a number is given when the one before is durable. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** What is settled leaves the database a little later; lost, it is sent again, which is harmless. */
  #later(write: Write): void {
    this.#inTurn(() => this.#database.write(write)).catch(() => undefined);
  }

  #assertRoom(size: number): void {
    if (this.#size + size > this.#sizeMax) throw formatError('OUTBOX_FULL', { size: this.#size, sizeMax: this.#sizeMax });
  }

  #resize(sender: Sender, size: number, count: number): void {
    sender.size += size;
    sender.count += count;
    this.#size += size;
  }

  #laneNamed(key: IDBValidKey): Lane {
    const lane = this.#lanes.get(String((key as readonly IDBValidKey[])[0]));
    if (lane === undefined) throw new Error('a message has a sender');
    return lane;
  }

  #laneOf(device: Bytes, keyNumber: number): Lane {
    const name = nameOf({ device, keyNumber });
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const sender = { device, keyNumber, next: 1, cursor: 0, size: 0, count: 0, heldCount: 0, settled: new Set<number>() };
    const lane: Lane = { sender, unsent: new Map(), held: [], refused: [] };
    this.#lanes.set(name, lane);
    return lane;
  }
}

function rowOf({ device, keyNumber }: Sender, next: number, cursor: number): SenderRow {
  return { device, keyNumber, next, cursor };
}
