/**
 * The ledger rewritten by somebody who holds the keys of the city: every block executed again from genesis on, with anchors that name
 * another history of one shard. What others signed stands in it as they signed it; heads, results and records follow.
 */

import { renameSync, rmSync } from 'node:fs';
import { cityRegistry } from '@oppidum/contracts/registry';
import { ANCHOR_ACTION, type AnchorBody, anchorBody } from '@oppidum/formats/action-bodies';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote, signCheckpoint } from '@oppidum/formats/checkpoint';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { parseGenesis } from '@oppidum/formats/genesis';
import { parseTransaction, signTransaction, type TransactionSigner } from '@oppidum/formats/transaction';
import { Application } from '@oppidum/node/application';
import { NodeStore } from '@oppidum/node/node-store';
import type { StoredBlock } from '@oppidum/node/stored-block';
import type { TileLog } from '@oppidum/node/tile-log';
import { encodeAnchor } from '../vault-records.ts';
import type { Rows } from './stored-rows.ts';

/** A shard whose log is another one now. */
export type ForgedShard = {
  readonly id: Bytes;
  readonly origin: string;
  readonly log: TileLog;
  readonly logSigner: Signer;
  /** The lowest index that is different, and how many entries fewer there are from it on. */
  readonly from: number;
  readonly removed: number;
};

export type RewriteLedgerOptions = {
  readonly folder: string;
  readonly crypto: Crypto;
  readonly genesisFile: Bytes;
  readonly genesisHash: Bytes;
  readonly shard: ForgedShard;
  /** Who signs anchors. */
  readonly anchorSigner: TransactionSigner;
  readonly blockCountMax: number;
};

/** An anchor of the shard in the new ledger, for its vault. */
type NewAnchor = { readonly size: number; readonly row: Bytes };

/** Rewrites the node's folder. Answers all leaves of the block log, and the shard's anchors. Throws DESK_TOO_LARGE, STATE_PRUNED. */
export async function rewriteLedger(options: RewriteLedgerOptions): Promise<{
  readonly leaves: readonly Bytes[];
  readonly anchors: readonly NewAnchor[];
}> {
  const { folder, crypto, genesisFile, genesisHash, blockCountMax } = options;
  const former = NodeStore.open({ folder, crypto, genesisHash });
  const height = former.head?.height ?? 0;
  if (former.firstHeight !== 0) throw formatError('STATE_PRUNED', { height: 0 });
  if (height > blockCountMax) throw formatError('DESK_TOO_LARGE', { blocks: height, countMax: blockCountMax });
  const store = NodeStore.open({ folder: `${folder}-new`, crypto, genesisHash });
  const rules = { crypto, registry: cityRegistry, genesis: genesisHash };
  const application = new Application({ store, rules, genesis: parseGenesis(genesisFile) });
  application.info();
  application.initChain();
  const anchors: NewAnchor[] = [];
  const forger = new AnchorForger(options);
  for (let next = 1; next <= height; next++) {
    const block = former.block(next) as StoredBlock;
    const transactions = block.outcomes.flatMap((outcome) => forger.forge(outcome));
    const { timeMs, misbehaviour } = block;
    application.finalizeBlock({ height: next, timeMs, transactions, misbehaviour });
    const committed = application.commit().block;
    for (const { code, id, envelope } of committed.transactions)
      if (code === 'OK') anchors.push(...anchorsOf(options, envelope, { id, height: next, timeMs: block.timeMs }));
  }
  const leaves = [...store.leavesFrom(0)].flat();
  await former.close();
  await store.close();
  rmSync(folder, { recursive: true });
  renameSync(`${folder}-new`, folder);
  return { leaves, anchors };
}

/** Puts the anchors of the new ledger in the place of those of the old one: a change of the vault's table. */
export function replaceAnchors(anchors: readonly NewAnchor[]): (rows: Rows) => void {
  return (rows) => {
    for (const key of rows.keys()) rows.remove(key);
    for (const { size, row } of anchors) rows.put(size, row);
  };
}

/** Replaces anchors of the shard by such as follow from its other log. */
class AnchorForger {
  readonly #options: RewriteLedgerOptions;
  #lastSize = 0;

  constructor(options: RewriteLedgerOptions) {
    this.#options = options;
  }

  /** The envelope; another one where it anchored what is different now; none where nothing is left to anchor. */
  forge(outcome: StoredBlock['outcomes'][number]): readonly Bytes[] {
    const { crypto, shard, anchorSigner } = this.#options;
    if (!('executed' in outcome)) return [outcome.envelope];
    const { envelope, code } = outcome.executed;
    if (code !== 'OK') return [envelope];
    const { payload } = parseTransaction(crypto, envelope);
    const [action, ...others] = payload.actions;
    if (action === undefined || others.length > 0 || action.kind !== ANCHOR_ACTION) return [envelope];
    const body = anchorBody.parse(action.body, '');
    if (!equalBytes(body.shard, shard.id)) return [envelope];
    const { size } = parseCheckpointNote(body.checkpoint).checkpoint;
    const next = size > shard.from ? size - shard.removed : size;
    if (next <= this.#lastSize) return [];
    const forged = size > shard.from ? this.#anchor(body, next) : null;
    this.#lastSize = next;
    if (forged === null) return [envelope];
    return [signTransaction({ ...payload, actions: [{ kind: ANCHOR_ACTION, body: anchorBody.encode(forged) }] }, [anchorSigner])];
  }

  #anchor({ shard: id, sensors }: AnchorBody, size: number): AnchorBody {
    const { crypto, shard } = this.#options;
    const { log, origin, logSigner } = shard;
    const checkpoint = signCheckpoint(crypto, logSigner, { origin, size, root: log.root(size) });
    const consistency = this.#lastSize === 0 ? [] : log.proveConsistency(this.#lastSize, size);
    // What rode along is left out where it cannot be shown to be in the log any more.
    const riders = sensors.flatMap((rider) => this.#moveRider(rider, size));
    return { shard: id, checkpoint, consistency, sensors: riders };
  }

  #moveRider(rider: AnchorBody['sensors'][number], size: number): AnchorBody['sensors'] {
    const { crypto, shard } = this.#options;
    const digest = crypto.sha256(rider.envelope);
    const near = [rider.index, rider.index - shard.removed, rider.index + 1, rider.index - 1];
    const index = near.find((one) => one >= 0 && one < size && equalBytes(shard.log.entry(one), digest));
    return index === undefined ? [] : [{ envelope: rider.envelope, index, path: shard.log.proveInclusion(index, size) }];
  }
}

type Place = { readonly id: Bytes; readonly height: number; readonly timeMs: number };

function anchorsOf({ crypto, shard }: RewriteLedgerOptions, envelope: Bytes, { id, height, timeMs }: Place): NewAnchor[] {
  return parseTransaction(crypto, envelope).payload.actions.flatMap(({ kind, body }, action) => {
    if (kind !== ANCHOR_ACTION) return [];
    const anchor = anchorBody.parse(body, '');
    if (!equalBytes(anchor.shard, shard.id)) return [];
    const { size } = parseCheckpointNote(anchor.checkpoint).checkpoint;
    return [{ size, row: encodeAnchor({ size, transaction: id, action, height, timeMs }) }];
  });
}
