/** The ways by which devices can be reached with an order at this moment: connections, open questions, a broker. */

import type { Bytes } from '@oppidum/formats/bytes';

/** Gives bytes to whatever carries them; nothing that it says means that they arrived. */
export type OrderLine = (order: Bytes) => void;

/** Lines by device. */
export class OrderLines {
  readonly #lines = new Map<string, Set<OrderLine>>();
  #onOpen: (device: string) => void = () => undefined;

  /** Calls with each device (hex) that can be reached by one way more. */
  set onOpen(listener: (device: string) => void) {
    this.#onOpen = listener;
  }

  /** This device can be reached this way from now on; the answer ends that. */
  open(device: string, line: OrderLine): () => void {
    const lines = this.#lines.get(device) ?? new Set();
    this.#lines.set(device, lines.add(line));
    this.#onOpen(device);
    return () => {
      lines.delete(line);
      if (lines.size === 0 && this.#lines.get(device) === lines) this.#lines.delete(device);
    };
  }

  isOpen(device: string): boolean {
    return this.#lines.has(device);
  }

  /** Sends by every way there is; false where there is none. */
  send(device: string, order: Bytes): boolean {
    const lines = this.#lines.get(device);
    if (lines === undefined) return false;
    for (const line of [...lines]) line(order);
    return true;
  }
}
