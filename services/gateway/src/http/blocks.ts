/** Blocks and anchors, newest first. */

import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { z } from 'zod';
import { anchorPage, type BlockDetailJson, blockDetail, blockPage } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findAnchors, findBlocks } from '../read-model/ledger-queries.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, noQuery } from './parameters.ts';
import { transactionJson } from './transactions.ts';

const heightParams = z.strictObject({ height: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) });

/** GET /api/v1/blocks, /api/v1/blocks/{height}, /api/v1/anchors. */
export function addBlockRoutes(app: App, { node, readModel, crypto }: GatewayContext): void {
  const { database } = readModel;
  app.get(
    '/api/v1/blocks',
    { schema: { tags: ['ledger'], summary: 'Blocks, newest first', querystring: pageQuery, response: answers(blockPage) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const below = parseCursor('blocks', cursor, ['number'])?.[0] ?? null;
      const rows = await findBlocks(database, limit + 1, below);
      const list = { name: 'blocks', limit, positionOf: ({ height }: { readonly height: number }) => [height] };
      return makePage({ request, reply }, list, rows, (block) => block);
    },
  );
  app.get(
    '/api/v1/blocks/:height',
    {
      schema: {
        tags: ['ledger'],
        summary: 'One block with its transactions',
        params: heightParams,
        querystring: noQuery,
        response: answers(blockDetail),
      },
    },
    async (request): Promise<BlockDetailJson> => {
      const { height } = request.params;
      const block = height > node.head().height ? null : node.block(height);
      if (block === null) throw formatError('BLOCK_UNKNOWN', { height });
      const { timeMs, firstIndex, logSize, stateRoot, appHash, transactions } = block;
      return {
        height,
        timeMs,
        firstIndex,
        logSize,
        transactionCount: transactions.length,
        stateRoot: stateRoot === null ? null : toHex(stateRoot),
        appHash: toHex(appHash),
        transactions: transactions.map((transaction) => transactionJson(crypto, transaction, timeMs)),
      };
    },
  );
  app.get(
    '/api/v1/anchors',
    {
      schema: {
        tags: ['ledger'],
        summary: 'Anchored checkpoints, newest first',
        querystring: pageQuery,
        response: answers(anchorPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const place = parseCursor('anchors', cursor, ['number', 'string', 'number']);
      const before = place === null ? null : { height: place[0], shard: place[1], size: place[2] };
      const rows = await findAnchors(database, limit + 1, before);
      const list = { name: 'anchors', limit, positionOf: (row: (typeof rows)[number]) => [row.height, row.shard, row.size] };
      return makePage({ request, reply }, list, rows, (anchor) => anchor);
    },
  );
}
