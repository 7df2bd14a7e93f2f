/** What a device asks of whatever keeps its messages: a file (`outbox.ts`), or the database of a browser. */

import type { Bytes } from '@oppidum/formats/bytes';

/** A message that no receipt has settled yet. `digest`: SHA-256 of the envelope. */
export type Unsent = { readonly sequence: number; readonly digest: Bytes; readonly envelope: Bytes };

/** A message that the shard refused for good, with the receipt that says so. */
export type Refused = { readonly sequence: number; readonly code: string; readonly envelope: Bytes; readonly receipt: Bytes };

/** When something was measured, by a counter that is of one boot only. */
export type Moment = { readonly boot: string; readonly counterMs: number };

/** What was measured before the time was known; unsigned. */
export type Held = Moment & { readonly place: number; readonly payload: Bytes };

/** One key of one device, as the outbox knows it. */
export type Sender = {
  readonly device: Bytes;
  readonly keyNumber: number;
  /** The next sequence number. */
  next: number;
  /** How far the source of the readings has been reported, as the caller counts it; 0 at first. */
  cursor: number;
  /** Bytes of all that waits, number of unsettled envelopes, number of what waits for the time. */
  size: number;
  count: number;
  heldCount: number;
  /** Settled in memory, not yet in the file. */
  readonly settled: Set<number>;
};

export type AppendOptions = {
  readonly cursor?: number;
  /** What this message was made of. */
  readonly held?: Held;
  /** A time, milliseconds, that is surely over. */
  readonly knownMs?: number;
};

/**
 * An outbox. `append` and `hold` resolve when what they were given is durable; nothing is sent before. A sequence number that was ever
 * durable is never given again.
 */
export type OutboxPort = {
  readonly audience: Bytes;
  sender(device: Bytes, keyNumber: number): Sender;
  append(
    sender: Sender,
    sign: (sequence: number) => Bytes | Promise<Bytes>,
    options?: AppendOptions,
  ): Promise<Omit<Unsent, 'envelope'>>;
  hold(sender: Sender, moment: Moment, payload: Bytes, cursor?: number): Promise<void>;
  held(sender: Sender): readonly Held[];
  release(sender: Sender, held: Held): void;
  knownMs(): number | null;
  unsent(sender: Sender, afterSequence: number, limit: number): readonly Unsent[];
  digestOf(sender: Sender, sequence: number): Bytes | null;
  settle(sender: Sender, sequence: number): void;
  refuse(sender: Sender, sequence: number, code: string, receipt: Bytes): void;
  refused(sender: Sender): readonly Refused[];
};
