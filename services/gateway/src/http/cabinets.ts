/** What the cabinets of a lighting zone took and saved, and whether their lamps explain it. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIGHTING_CABINETS, type LightingCabinets, parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentKind, zoneKind } from '@oppidum/formats/state-orders';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';
import { z } from 'zod';
import { cabinetAccounts } from '../api/cabinets.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { accountZone } from '../lighting/live-accounts.ts';
import type { App } from './app.ts';
import { answers, idParams, timeParameter } from './parameters.ts';

const LIGHTING = 'lighting';
const SPAN_DEFAULT_MS = 3 * 3_600_000;
/** Intervals stay short enough to be counted sample by sample. */
const SPAN_MAX_MS = 24 * 3_600_000;
const INTERVALS = 120;

const spanQuery = z.strictObject({ from: timeParameter.optional(), to: timeParameter.optional() });

/** GET /api/v1/zones/{id}/cabinets. */
export function addCabinetRoutes(app: App, context: GatewayContext): void {
  app.get(
    '/api/v1/zones/:id/cabinets',
    {
      schema: {
        tags: ['orders'],
        summary:
          'What each cabinet of a lighting zone took and saved in a span of a day at most, dead lamps, and power that no lamp explains',
        params: idParams,
        querystring: spanQuery,
        response: answers(cabinetAccounts),
      },
    },
    async (request) => {
      const { version, cabinets } = readCabinets(context, request.params.id);
      const toMs = request.query.to ?? Date.now();
      const fromMs = request.query.from ?? Math.max(0, toMs - SPAN_DEFAULT_MS);
      if (fromMs >= toMs || toMs - fromMs > SPAN_MAX_MS)
        throw formatError('REQUEST_INVALID', { at: '/querystring/to', want: 'a time after `from`, by a day at most' });
      return { version, items: await accountZone(context.readModel.database, cabinets, { fromMs, toMs, intervals: INTERVALS }) };
    },
  );
}

/** The document in force, from the state itself. Throws ZONE_UNKNOWN, LIGHT_CABINETS_MISSING. */
function readCabinets({ node }: GatewayContext, id: string): { readonly version: number; readonly cabinets: LightingCabinets } {
  const zone = node.read(at(zoneKind, parseHex(id)));
  if (zone === null) throw formatError('ZONE_UNKNOWN', { zone: id });
  const name = nativeCrypto.sha256(encodeUtf8(LIGHTING_CABINETS));
  const record = zone.domain === LIGHTING ? node.read(at(zoneDocumentKind, parseHex(id), name)) : null;
  if (record === null) throw formatError('LIGHT_CABINETS_MISSING', { zone: id });
  const cabinets = parseLightingCabinets(parseZoneDocument(record.statement).body);
  if ('code' in cabinets) throw new Error(`cabinets were set that are refused: ${cabinets.code}`);
  return { version: record.version, cabinets };
}
