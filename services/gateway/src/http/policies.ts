/** Evidence of every change of policy: by it whoever trusts an old `city.policy` comes to trust the newest, one change after the other. */

import { formatError } from '@oppidum/formats/errors';
import { type KeptSuccessor, listSuccessors, readSuccessor } from '@oppidum/node/successor-archive';
import { z } from 'zod';
import { successorPage } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, binaryAnswers, noQuery } from './parameters.ts';

const HEIGHT_FORM = /^[1-9][0-9]{0,15}$/;

const heightParams = z.strictObject({ height: z.string().regex(HEIGHT_FORM, 'the height of a block').transform(Number) });

/** GET /api/v1/policies, /api/v1/policies/{height}. */
export function addPolicyRoutes(app: App, { crypto, policiesFolder }: GatewayContext): void {
  app.get(
    '/api/v1/policies',
    {
      schema: {
        tags: ['evidence'],
        summary: 'Changes of policy, the oldest first',
        querystring: pageQuery,
        response: answers(successorPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const [after] = parseCursor('policies', cursor, ['number']) ?? [0];
      const later = (await listSuccessors(crypto, policiesFolder)).filter(({ height }) => height > after);
      const list = { name: 'policies', limit, positionOf: ({ height }: KeptSuccessor) => [height] };
      return makePage({ request, reply }, list, later.slice(0, limit + 1), (kept) => kept);
    },
  );
  app.get(
    '/api/v1/policies/:height',
    {
      schema: {
        tags: ['evidence'],
        summary: 'Evidence, under the former policy, of the policy that this block put into force',
        params: heightParams,
        querystring: noQuery,
        response: binaryAnswers('State evidence of the record policyEffective', 'application/cbor'),
      },
    },
    async (request, reply) => {
      const { height } = request.params;
      const file = await readSuccessor(policiesFolder, height);
      if (file === null) throw formatError('SUCCESSOR_UNKNOWN', { height });
      return reply.type('application/cbor').header('cache-control', 'no-cache').send(Buffer.from(file));
    },
  );
}
