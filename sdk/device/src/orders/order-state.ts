/**
 * What a machine that takes orders must know after a power cut: whom to obey, how far its challenges were counted, and what it was about to
 * do. One small file, replaced whole (`durable-file.ts`): after a torn write the former one is still there.
 */

import { readFileSync } from 'node:fs';
import type { Bytes } from '@oppidum/formats/bytes';
import { commandArguments, commandName } from '@oppidum/formats/command';
import { encodeBy, id, parseBy } from '@oppidum/formats/common-schemas';
import { envelopeSchema } from '@oppidum/formats/envelope';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { type Infer, nullable, struct, uint } from '@oppidum/formats/schema';
import { keySetSchema } from '@oppidum/formats/zone-statements';
import { writeFileDurably } from '../durable-file.ts';
import { sealBytes, unsealBytes } from '../sealed-bytes.ts';

/** Its name in the folder of a device. */
export const ZONE_FILE = 'zone.cbor';

const stateSchema = struct({
  /** The key set that orders are judged by; the first is put here by hand. */
  keys: keySetSchema,
  /** The newest envelope that those keys signed. */
  envelope: nullable(envelopeSchema),
  /** No challenge has had a number above this one. */
  numbered: uint(),
  /** Written before the machine acts, taken back after: an order that a power cut may have left half done. */
  acting: nullable(struct({ order: id(), command: commandName(), arguments: commandArguments() })),
});
export type OrderState = Infer<typeof stateSchema>;

/** Where the state is kept. `write` resolves when it is durable. */
export type OrderStore = { read(): OrderState; write(state: OrderState): Promise<void> };

const encode = (state: OrderState): Bytes => sealBytes(encodeBy(stateSchema, state));

/** The file of a device. Throws ZONE_UNPINNED where there is none, ORDER_STATE_DAMAGED for one that is not whole. */
export function openOrderState(path: string): OrderStore {
  let state = readState(path);
  return {
    read: () => state,
    write: async (next) => {
      await writeFileDurably(path, encode(next));
      state = next;
    },
  };
}

/**
 * Pins a zone: from now on the device obeys this key set, or those that follow from it. Done once, by hand, over what is there. `numbered`: of a
 * device that took orders before, no number of a challenge that it may have used.
 */
export async function pinZone(
  path: string,
  { numbered = 0, ...pins }: Pick<OrderState, 'keys' | 'envelope'> & { readonly numbered?: number },
): Promise<void> {
  await writeFileDurably(path, encode({ ...pins, numbered, acting: null }));
}

/** Keeps nothing: for simulated machines that begin anew each time. */
export function orderStateInMemory(pins: Pick<OrderState, 'keys' | 'envelope'>): OrderStore {
  let state: OrderState = { ...pins, numbered: 0, acting: null };
  return {
    read: () => state,
    write: (next) => {
      state = next;
      return Promise.resolve();
    },
  };
}

function readState(path: string): OrderState {
  const data = readIfThere(path);
  if (data === null) throw formatError('ZONE_UNPINNED', { path });
  try {
    // Those of former versions have no digest: then the whole is the state, which nothing may follow.
    return parseBy(stateSchema, unsealBytes(data) ?? data);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw formatError('ORDER_STATE_DAMAGED', { path, code: error.code });
  }
}

function readIfThere(path: string): Bytes | null {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}
