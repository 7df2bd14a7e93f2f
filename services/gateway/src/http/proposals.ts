/** Proposals of the bodies, newest first, and what has become of them. */

import { actionJson } from '@oppidum/formats/action-json';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { approvalKind, bodyKind, type ProposalRecord, proposalKind, rejectionKind } from '@oppidum/formats/state-governance';
import { type AnyKind, at, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { parseActions } from '@oppidum/formats/transaction';
import type { NodeClient } from '@oppidum/node/client';
import { type ProposalDetailJson, type ProposalJson, proposalDetail, proposalPage } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findProposals, type ProposalRow, proposalStatus } from '../read-model/ledger-queries.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, idParams, noQuery } from './parameters.ts';

/** GET /api/v1/proposals, /api/v1/proposals/{id}. */
export function addProposalRoutes(app: App, context: GatewayContext): void {
  const { node, readModel } = context;
  app.get(
    '/api/v1/proposals',
    {
      schema: {
        tags: ['governance'],
        summary: 'Proposals, newest first',
        querystring: pageQuery,
        response: answers(proposalPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const place = parseCursor('proposals', cursor, ['number', 'string']);
      const before = place === null ? null : { createdMs: place[0], id: place[1] };
      const rows = await findProposals(readModel.database, limit + 1, before);
      const list = { name: 'proposals', limit, positionOf: (row: ProposalRow) => [row.created_ms, row.id] };
      return makePage({ request, reply }, list, rows, (row) => showRow(node, row));
    },
  );
  app.get(
    '/api/v1/proposals/:id',
    {
      schema: {
        tags: ['governance'],
        summary: 'One proposal with its actions, approvals and rejections',
        params: idParams,
        querystring: noQuery,
        response: answers(proposalDetail),
      },
    },
    async (request) => showProposal(context, request.params.id),
  );
}

function showRow(node: NodeClient, row: ProposalRow): ProposalJson {
  const body = node.read(at(bodyKind, parseHex(row.body)));
  return {
    id: row.id,
    body: row.body,
    bodyName: body?.name ?? '',
    proposer: row.proposer,
    status: proposalStatus(row, node.head().timeMs),
    createdMs: row.created_ms,
    expiresMs: row.expires_ms,
    approvalCount: row.approval_count,
    threshold: body?.threshold ?? 0,
    memberCount: body?.memberCount ?? 0,
    kinds: JSON.parse(row.kinds) as string[],
  };
}

/** From the state itself: whoever just proposed sees it. */
function showProposal({ node }: GatewayContext, id: string): ProposalDetailJson {
  const proposal = parseHex(id);
  const record = node.read(at(proposalKind, proposal));
  if (record === null) throw formatError('PROPOSAL_UNKNOWN', { proposal: id });
  const actions = parseActions(record.actions);
  const approvals = [...node.scan(prefixRange(approvalKind as unknown as AnyKind, [proposal]))].map(({ key, value }) => ({
    account: toHex(parseKey(approvalKind, key)[1]),
    at: parseState(approvalKind, value).at,
  }));
  const rejections = [...node.scan(prefixRange(rejectionKind as unknown as AnyKind, [proposal]))].map(({ key, value }) => {
    const { at: height, reason } = parseState(rejectionKind, value);
    return { account: toHex(parseKey(rejectionKind, key)[1]), at: height, reason };
  });
  const kinds = JSON.stringify(actions.map(({ kind }) => kind));
  return {
    ...showRow(node, { ...rowOf(id, record), kinds }),
    actions: actions.map(actionJson),
    approvals,
    rejections,
  };
}

function rowOf(id: string, record: ProposalRecord): Omit<ProposalRow, 'kinds'> {
  return {
    id,
    body: toHex(record.body),
    proposer: toHex(record.proposer),
    created_ms: record.createdMs,
    expires_ms: record.expiresMs,
    approval_count: record.approvalCount,
    executed: record.executed ? 1 : 0,
    withdrawn: record.withdrawn ? 1 : 0,
    rejected_at: record.rejected ?? null,
  };
}
