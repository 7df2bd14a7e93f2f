/** A city behind ABCI without a network: a test calls the methods as CometBFT would, in its order. */

import type { RecordedCall } from '@oppidum/abci/grammar';
import type { Requests, Responses } from '@oppidum/abci/methods';
import { recordCalls } from '@oppidum/abci/recording';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { Application, type CommitAnswer } from '@oppidum/node/application';
import { CityAbci } from '@oppidum/node/city-abci';
import { type CitySnapshots, openSnapshots } from '@oppidum/node/city-snapshots';
import { chainIdOf } from '@oppidum/node/comet-genesis';
import type { DataFolder } from '@oppidum/node/data-folder';
import { EnvelopeChecks } from '@oppidum/node/envelope-checks';
import { NodeStore } from '@oppidum/node/node-store';
import { RestoredLog } from '@oppidum/node/restored-log';
import { SignatureVerifier } from '@oppidum/node/signature-verifier';
import { TileLog } from '@oppidum/node/tile-log';
import {
  RequestCheckTx,
  RequestFinalizeBlock,
  RequestInfo,
  RequestInitChain,
  RequestPrepareProposal,
  RequestProcessProposal,
} from 'cosmjs-types/tendermint/abci/types';

/** Milliseconds as a protobuf timestamp. */
function timestampOf(timeMs: number): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(timeMs / 1_000)), nanos: (timeMs % 1_000) * 1_000_000 };
}

/** One life of a process. `clockMs` may be moved. */
export class AbciCity {
  readonly store: NodeStore;
  readonly application: Application;
  readonly abci: ReturnType<typeof recordCalls>;
  readonly calls: RecordedCall[] = [];
  readonly committed: CommitAnswer[] = [];
  readonly log: TileLog;
  readonly snapshots: CitySnapshots;
  /** What was said of snapshots. */
  readonly news: string[] = [];
  readonly #folder: DataFolder;
  readonly #verifier = new SignatureVerifier(nativeCrypto);
  clockMs: number;

  /** `snapshotInterval`: heights between two snapshots; 0: none. */
  constructor(folder: DataFolder, clockMs: number, snapshotInterval = 0) {
    const { genesis, genesisHash, paths } = folder;
    this.#folder = folder;
    this.clockMs = clockMs;
    this.store = NodeStore.open({ folder: paths.node, crypto: nativeCrypto, genesisHash });
    const rules = { crypto: nativeCrypto, registry: cityRegistry, genesis: genesisHash };
    this.application = new Application({ store: this.store, rules, genesis });
    const { application } = this;
    const timeMs = (): number => application.timeAfter(this.clockMs);
    const checks = new EnvelopeChecks({ application, verifier: this.#verifier, crypto: nativeCrypto, timeMs });
    this.log = TileLog.open({ folder: paths.log, crypto: nativeCrypto });
    const restoredLog = new RestoredLog(paths.restoredLog);
    const { store, log } = this;
    for (const leaves of store.leavesFrom(log.size)) log.append(leaves);
    const snapshots = openSnapshots({
      ...{ crypto: nativeCrypto, paths, store, log, application, restoredLog, interval: snapshotInterval, retainBlocks: 0 },
      onNews: (sentence) => this.news.push(sentence),
      onRestored: async () => {
        await restoredLog.fill(log, store.firstIndex);
        for (const leaves of store.leavesFrom(log.size)) log.append(leaves);
      },
    });
    this.snapshots = snapshots;
    const onCommit = (answer: CommitAnswer): void => {
      this.committed.push(answer);
      this.log.append(answer.leaves);
      this.snapshots.kept.committed(answer.block);
      checks.forget(answer.envelopes);
    };
    // No validator of its own: nothing to say, and nothing of others is believed.
    const votes = { extend: async () => new Uint8Array(0), accept: (extension: Bytes) => extension.length === 0 };
    const onRestored = (): void => undefined;
    const parts = { application, checks, genesis, genesisHash, votes, snapshots, onCommit, onRestored };
    const city = new CityAbci({ ...parts, clock: () => this.clockMs });
    this.abci = recordCalls(city, (call) => this.calls.push(call));
  }

  /** The handshake of an engine that has nothing. */
  async start(parts: Partial<Requests['initChain']> = {}): Promise<Responses['initChain']> {
    await this.abci.info(RequestInfo.fromPartial({}));
    const chainId = chainIdOf(this.#folder.genesisHash);
    return this.abci.initChain(RequestInitChain.fromPartial({ chainId, initialHeight: 1n, ...parts }));
  }

  /** The code of CheckTx. */
  async check(envelope: Bytes): Promise<string> {
    const { code, log } = await this.abci.checkTx(RequestCheckTx.fromPartial({ tx: envelope }));
    return code === 0 ? 'OK' : log;
  }

  /** What a proposer takes of these. */
  async propose(transactions: readonly Bytes[], timeMs = this.clockMs, sizeMax = 2 ** 22): Promise<readonly Bytes[]> {
    const parts = { txs: [...transactions], maxTxBytes: BigInt(sizeMax), height: this.#nextHeight, time: timestampOf(timeMs) };
    return (await this.abci.prepareProposal(RequestPrepareProposal.fromPartial(parts))).txs;
  }

  async process(transactions: readonly Bytes[], timeMs = this.clockMs, height = this.#nextHeight): Promise<number> {
    const parts = { txs: [...transactions], height, time: timestampOf(timeMs) };
    return (await this.abci.processProposal(RequestProcessProposal.fromPartial(parts))).status;
  }

  /** Executes a block without keeping it. */
  async finalize(
    transactions: readonly Bytes[],
    timeMs = this.clockMs,
    misbehavior: Requests['finalizeBlock']['misbehavior'] = [],
  ): Promise<Responses['finalizeBlock']> {
    const parts = { txs: [...transactions], height: this.#nextHeight, time: timestampOf(timeMs), misbehavior };
    return this.abci.finalizeBlock(RequestFinalizeBlock.fromPartial(parts));
  }

  /** Executes and keeps a block; answers the results. */
  async block(
    transactions: readonly Bytes[],
    timeMs = this.clockMs,
    misbehavior: Requests['finalizeBlock']['misbehavior'] = [],
  ): Promise<Responses['finalizeBlock']> {
    const finalized = await this.finalize(transactions, timeMs, misbehavior);
    await this.abci.commit({});
    return finalized;
  }

  /** Ends without a word; the files stay. */
  async stop(): Promise<void> {
    await this.snapshots.kept.close();
    await this.#verifier.close();
    this.log.close();
    await this.store.close();
  }

  get #nextHeight(): bigint {
    return BigInt(this.application.height + 1);
  }
}
