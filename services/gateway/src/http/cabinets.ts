/** What the cabinets of a lighting zone took and saved, and whether their lamps explain it. */

import { parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIGHTING_CABINET_COUNT_MAX } from '@oppidum/formats/lighting-cabinets';
import { at } from '@oppidum/formats/state-layout';
import { zoneKind } from '@oppidum/formats/state-orders';
import { z } from 'zod';
import { cabinetAccounts } from '../api/cabinets.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { type AccountDesk, endOfAnswer } from '../lighting/account-desk.ts';
import { intervalsOf } from '../lighting/live-accounts.ts';
import { type CabinetsDocument, zoneCabinets } from '../lighting/zone-cabinets.ts';
import type { App } from './app.ts';
import { accountOf } from './guard.ts';
import { answers, idParams, timeParameter } from './parameters.ts';

const SPAN_DEFAULT_MS = 3 * 3_600_000;
const SPAN_MAX_MS = 24 * 3_600_000;
/** Whoever asks about now asks about the same as who asked a moment ago. */
const NOW_STEP_MS = 5_000;

const spanQuery = z.strictObject({
  ...{ from: timeParameter.optional(), to: timeParameter.optional() },
  /** Cabinets of the document that were shown already. */
  after: z.coerce.number().int().min(0).max(LIGHTING_CABINET_COUNT_MAX).default(0),
});

/** GET /api/v1/zones/{id}/cabinets. */
export function addCabinetRoutes(app: App, context: GatewayContext, desk: AccountDesk): void {
  app.get(
    '/api/v1/zones/:id/cabinets',
    {
      schema: {
        tags: ['orders'],
        summary:
          'What each cabinet of a lighting zone took and saved in a span of a day at most, dead lamps, and power that no lamp explains',
        description: 'Of many lamps not all cabinets come at once: where `next` is a number, ask again `after` it.',
        params: idParams,
        querystring: spanQuery,
        response: answers(cabinetAccounts),
      },
    },
    async (request) => {
      const { id } = request.params;
      const { after } = request.query;
      const { version, body, cabinets } = readCabinets(context, id);
      const toMs = request.query.to ?? Math.floor(Date.now() / NOW_STEP_MS) * NOW_STEP_MS;
      const fromMs = request.query.from ?? Math.max(0, toMs - SPAN_DEFAULT_MS);
      if (fromMs >= toMs || toMs - fromMs > SPAN_MAX_MS)
        throw formatError('REQUEST_INVALID', { at: '/querystring/to', want: 'a time after `from`, by a day at most' });
      const span = intervalsOf(fromMs, toMs);
      const [first, end] = [after, endOfAnswer(cabinets, after)];
      const count = cabinets.cabinets.length;
      const name = ['cabinets', id, version, first, span.fromMs, span.toMs].join();
      const by = accountOf(context.access.principalOf(request));
      const items = first >= count ? [] : await desk.ask({ by, name, task: { kind: 'cabinets', body, first, end, span } });
      return { version, count, next: end < count ? end : null, items: [...items] };
    },
  );
}

/** The document in force. Throws ZONE_UNKNOWN, LIGHT_CABINETS_MISSING. */
function readCabinets({ node }: GatewayContext, id: string): CabinetsDocument {
  const document = zoneCabinets(node, id);
  if (document !== null) return document;
  const isThere = node.read(at(zoneKind, parseHex(id))) !== null;
  throw formatError(isThere ? 'LIGHT_CABINETS_MISSING' : 'ZONE_UNKNOWN', { zone: id });
}
