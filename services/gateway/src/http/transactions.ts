/** Transactions: the list, one with everything it did, and the way in. The signatures are the authority; nothing else is asked. */

import { actionJson, eventJson } from '@oppidum/formats/action-json';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { type AllegedTransaction, parseTransaction } from '@oppidum/formats/transaction';
import type { CommittedTransaction } from '@oppidum/node/client';
import { z } from 'zod';
import {
  type TransactionDetailJson,
  type TransactionJson,
  type TransactionResultJson,
  transactionDetail,
  transactionPage,
  transactionResult,
} from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findTransactions } from '../read-model/ledger-queries.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, idParams, noQuery, signedBytes } from './parameters.ts';
import { sendProblem } from './problem.ts';

const ENVELOPE_TYPE = 'application/cose';
const WAIT_S_MAX = 30;

const waitQuery = z.strictObject({ wait: z.coerce.number().int().min(0).max(WAIT_S_MAX).default(0) });

/** GET /api/v1/transactions, /api/v1/transactions/{id}; POST /api/v1/transactions. */
export function addTransactionRoutes(app: App, context: GatewayContext): void {
  const { node, readModel } = context;
  app.get(
    '/api/v1/transactions',
    {
      schema: {
        tags: ['ledger'],
        summary: 'Transactions, newest first',
        querystring: pageQuery,
        response: answers(transactionPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const below = parseCursor('transactions', cursor, ['number'])?.[0] ?? null;
      const rows = await findTransactions(readModel.database, limit + 1, below);
      const list = { name: 'transactions', limit, positionOf: ({ index }: TransactionJson) => [index] };
      return makePage({ request, reply }, list, rows, (transaction) => transaction);
    },
  );
  app.get(
    '/api/v1/transactions/:id',
    {
      schema: {
        tags: ['ledger'],
        summary: 'One transaction with its actions and events',
        description: 'With `wait`, one that is not executed yet is waited for, so many seconds at most.',
        params: idParams,
        querystring: waitQuery,
        response: answers(transactionDetail),
      },
    },
    async (request): Promise<TransactionDetailJson> => {
      const { id } = request.params;
      const digest = parseHex(id);
      const transaction = node.transaction(digest) ?? (await awaitTransaction(node, digest, 1_000 * request.query.wait));
      if (transaction === null) throw formatError('TRANSACTION_UNKNOWN', { id });
      return showTransaction(context, transaction);
    },
  );
  addSubmit(app, context);
}

/** The transaction as soon as a block has it, or null after this time. */
function awaitTransaction(node: GatewayContext['node'], id: Uint8Array, waitMs: number): Promise<CommittedTransaction | null> {
  if (waitMs === 0) return Promise.resolve(null);
  return new Promise((resolve) => {
    const end = (found: CommittedTransaction | null): void => {
      clearTimeout(timer);
      forget();
      resolve(found);
    };
    const timer = setTimeout(() => end(null), waitMs);
    const forget = node.onBlock(() => {
      const found = node.transaction(id);
      if (found !== null) end(found);
    });
  });
}

function addSubmit(app: App, { node, metrics }: GatewayContext): void {
  app.register(async (scope: App) => {
    const bodyLimit = LIMITS.transactionSizeMax;
    scope.addContentTypeParser(ENVELOPE_TYPE, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post(
      '/api/v1/transactions',
      {
        bodyLimit,
        schema: {
          tags: ['ledger'],
          summary: 'Submit a signed transaction',
          description: `${ENVELOPE_TYPE}. Answered when its outcome is durable; a retry gets the first answer.`,
          consumes: [ENVELOPE_TYPE],
          querystring: noQuery,
          body: signedBytes,
          response: answers(transactionResult),
        },
      },
      async (request, reply): Promise<TransactionResultJson> => {
        const { body } = request;
        if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
        if (!node.isAlive()) throw formatError('NOT_READY', { part: 'node' });
        const answer = await node.submit(new Uint8Array(body));
        const code = 'refused' in answer ? answer.refused.code : answer.executed.code;
        metrics.countTransaction(code);
        if ('refused' in answer) return sendProblem(request, reply, answer.refused) as never;
        return showResult(answer.executed);
      },
    );
  });
}

function showResult({ id, height, position, index, code, details, events }: CommittedTransaction): TransactionResultJson {
  return { id: toHex(id), height, position, index, code, details: { ...details }, events: events.map(eventJson) };
}

/** A transaction as lists show it. `timeMs`: of its block. */
export function transactionJson(crypto: Crypto, transaction: CommittedTransaction, timeMs: number): TransactionJson {
  return summarize(transaction, parseTransaction(crypto, transaction.envelope), timeMs);
}

function summarize(transaction: CommittedTransaction, { payload }: AllegedTransaction, timeMs: number): TransactionJson {
  const { id, height, position, index, code } = transaction;
  return {
    id: toHex(id),
    height,
    position,
    index,
    timeMs,
    code,
    signers: payload.signers.map(toHex),
    kinds: payload.actions.map(({ kind }) => kind),
  };
}

function showTransaction({ crypto, node }: GatewayContext, transaction: CommittedTransaction): TransactionDetailJson {
  const alleged = parseTransaction(crypto, transaction.envelope);
  const timeMs = node.block(transaction.height)?.timeMs ?? 0;
  return {
    ...summarize(transaction, alleged, timeMs),
    details: { ...transaction.details },
    validUntil: alleged.payload.validUntil,
    actions: alleged.payload.actions.map(actionJson),
    events: transaction.events.map(eventJson),
    envelopeSize: transaction.envelope.length,
  };
}
