/** What a node asks its CometBFT, which stands beside it on the simulated machine. */

import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { Broadcast, CometRpc as RealRpc } from '@oppidum/node/comet-rpc';
import { time } from '../virtual-time.ts';

/** Takes a transaction into its mempool. */
export type Mempool = { readonly broadcast: (envelope: Bytes) => Promise<Broadcast> };

/** By address, for those that are up. */
export const mempools = new Map<string, Mempool>();

/** See the original. */
export class CometRpc implements Pick<RealRpc, 'broadcast' | 'close'> {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  async broadcast(envelope: Bytes): Promise<Broadcast> {
    await time.wait(1);
    const mempool = mempools.get(this.#address);
    if (mempool === undefined) throw formatError('ENGINE_AWAY', { why: 'nobody listens' });
    return mempool.broadcast(envelope);
  }

  close(): void {}
}
