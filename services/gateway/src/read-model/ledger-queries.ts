/** Blocks, transactions, anchors, accounts and proposals out of the read model. What happened comes newest first. */

import type { AccountJson, AnchorJson, BlockJson, ProposalJson, TransactionJson } from '../api-types.ts';
import type { Database, Tables } from './database.ts';

/** Up to `limit` blocks below a height. */
export async function findBlocks(database: Database, limit: number, below: number | null): Promise<BlockJson[]> {
  let query = database.selectFrom('blocks').selectAll().orderBy('height', 'desc').limit(limit);
  if (below !== null) query = query.where('height', '<', below);
  return (await query.execute()).map((row) => ({
    height: row.height,
    timeMs: row.time_ms,
    firstIndex: row.first_index,
    logSize: row.log_size,
    transactionCount: row.transaction_count,
    stateRoot: row.state_root,
    appHash: row.app_hash,
  }));
}

/** Heights of the blocks with this hash: one, or none. */
export async function findBlocksByHash(database: Database, appHash: string): Promise<number[]> {
  const rows = await database.selectFrom('blocks').select('height').where('app_hash', '=', appHash).limit(10).execute();
  return rows.map(({ height }) => height);
}

/** Up to `limit` executed transactions below an index of the block log. */
export async function findTransactions(database: Database, limit: number, below: number | null): Promise<TransactionJson[]> {
  let query = database.selectFrom('transactions').selectAll().orderBy('log_index', 'desc').limit(limit);
  if (below !== null) query = query.where('log_index', '<', below);
  return (await query.execute()).map((row) => ({
    id: row.id,
    height: row.height,
    position: row.position,
    index: row.log_index,
    timeMs: row.time_ms,
    code: row.code,
    signers: JSON.parse(row.signers) as string[],
    kinds: JSON.parse(row.kinds) as string[],
  }));
}

/** Where an anchor stands in the list. */
export type AnchorPlace = { readonly height: number; readonly shard: string; readonly size: number };

/** Up to `limit` anchors, before one already shown. */
export async function findAnchors(database: Database, limit: number, before: AnchorPlace | null): Promise<AnchorJson[]> {
  let query = database
    .selectFrom('anchors')
    .selectAll()
    .orderBy('height', 'desc')
    .orderBy('shard', 'desc')
    .orderBy('size', 'desc')
    .limit(limit);
  if (before !== null) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('height', 'shard', 'size'), '<', tuple(before.height, before.shard, before.size)),
    );
  }
  return (await query.execute()).map(({ time_ms: timeMs, ...row }) => ({ ...row, timeMs }));
}

/** Up to `limit` accounts after an id. */
export async function findAccounts(database: Database, limit: number, after: string | null): Promise<AccountJson[]> {
  const query = database
    .selectFrom('accounts')
    .selectAll()
    .where('id', '>', after ?? '')
    .orderBy('id')
    .limit(limit);
  return (await query.execute()).map((row) => ({
    id: row.id,
    holder: row.holder,
    name: row.name,
    keyCount: row.key_count,
    from: row.from_height,
    to: row.to_height,
  }));
}

/** Where a proposal stands in the list. */
export type ProposalPlace = { readonly createdMs: number; readonly id: string };

/** Up to `limit` proposals, newest first, before one already shown. */
export async function findProposals(database: Database, limit: number, before: ProposalPlace | null): Promise<ProposalRow[]> {
  let query = database.selectFrom('proposals').selectAll().orderBy('created_ms', 'desc').orderBy('id', 'desc').limit(limit);
  if (before !== null) {
    query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('created_ms', 'id'), '<', tuple(before.createdMs, before.id)));
  }
  return query.execute();
}

/** A proposal as its row: body and time decide what the API says of it. */
export type ProposalRow = Tables['proposals'];

/** What has become of a proposal at a time of the ledger. */
export function proposalStatus(
  row: Pick<ProposalRow, 'executed' | 'withdrawn' | 'rejected_at' | 'expires_ms'>,
  ledgerTimeMs: number,
): ProposalJson['status'] {
  if (row.executed === 1) return 'executed';
  if (row.withdrawn === 1) return 'withdrawn';
  if (row.rejected_at !== null) return 'rejected';
  return row.expires_ms <= ledgerTimeMs ? 'expired' : 'open';
}
