/** A node's own state machine on disk that may stop at any moment between two calls and be started again. */

import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Genesis } from '@oppidum/formats/genesis';
import { genesisHash } from '@oppidum/formats/genesis';
import type { Block, BlockOutcome } from '@oppidum/ledger/block';
import { Application } from '@oppidum/node/application';
import { NodeStore } from '@oppidum/node/node-store';

export class DurableReplica {
  readonly #folder: string;
  readonly #genesis: Genesis;
  #store: NodeStore;
  #application: Application;

  private constructor(folder: string, genesis: Genesis) {
    this.#folder = folder;
    this.#genesis = genesis;
    [this.#store, this.#application] = this.#open();
  }

  /** A new node of the city in an empty folder. */
  static found(folder: string, genesis: Genesis): DurableReplica {
    return new DurableReplica(folder, genesis);
  }

  get store(): NodeStore {
    return this.#store;
  }

  /** Stops without a word and starts again: only what was committed is still there. */
  async crash(): Promise<void> {
    await this.#store.close();
    [this.#store, this.#application] = this.#open();
  }

  /** Executes a block in memory; answers the app hash. */
  finalize(block: Block): { readonly outcomes: BlockOutcome['outcomes']; readonly appHash: Uint8Array } {
    return this.#application.finalizeBlock(block);
  }

  /** Makes the finalized block durable; answers the leaves it added. */
  commit(): readonly Uint8Array[] {
    return this.#application.commit().leaves;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #open(): [NodeStore, Application] {
    const hash = genesisHash(nativeCrypto, this.#genesis);
    const store = NodeStore.open({ folder: this.#folder, crypto: nativeCrypto, genesisHash: hash });
    const rules = { crypto: nativeCrypto, registry: cityRegistry, genesis: hash };
    const application = new Application({ store, rules, genesis: this.#genesis });
    application.info();
    application.initChain();
    return [store, application];
  }
}
