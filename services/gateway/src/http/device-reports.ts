/** What devices report of themselves to the ledger, over HTTP: no account is asked for, each action in it proves itself. */

import { toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { reportTaken } from '../api/trust.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { answers, idParams, noQuery, signedBytes } from './parameters.ts';

const TYPE = 'application/cbor';

/** POST /api/v1/devices/{id}/report. */
export function addDeviceReportRoutes(app: App, { reports }: GatewayContext): void {
  app.register(async (scope: App) => {
    const bodyLimit = LIMITS.deviceReportSizeMax;
    scope.addContentTypeParser(TYPE, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post(
      '/api/v1/devices/:id/report',
      {
        bodyLimit,
        schema: {
          tags: ['devices'],
          summary: 'Send what a device reports of itself: attestation, activation, firmware',
          description: `${TYPE}: a device-report of specs/trust.md. The answer comes when it is on the ledger.`,
          consumes: [TYPE],
          params: idParams,
          querystring: noQuery,
          body: signedBytes,
          response: answers(reportTaken),
        },
      },
      async (request, reply) => {
        const { body } = request;
        if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
        const taken = await reports.take(request.params.id, new Uint8Array(body));
        if ('code' in taken) {
          const wait = taken.details['retryAfterS'];
          if (typeof wait === 'number') reply.header('retry-after', wait);
          throw formatError(taken.code, taken.details);
        }
        return { transaction: toHex(taken.transaction), height: taken.height };
      },
    );
  });
}
