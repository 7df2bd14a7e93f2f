/** What the lamps of a zone saved and which of them fail, by nothing but what they said; what meters say is the account of its cabinets. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIGHTING_PROGRAMME, parseLightingProgramme } from '@oppidum/formats/lighting-programme';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentAt, zoneKind } from '@oppidum/formats/state-orders';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';
import { type LightingAccountJson, lightingAccount } from '../api/lighting.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { savingsOf } from '../lighting/lamp-account.ts';
import { hearLamps } from '../lighting/lamp-series.ts';
import { findZoneDevices } from '../read-model/order-queries.ts';
import { findLatest, type LatestSample } from '../read-model/series-queries.ts';
import type { App } from './app.ts';
import { answers, idParams, noQuery } from './parameters.ts';

const LIGHTING = 'lighting';
/** Lamps that are counted of one zone, by id. */
const LAMP_COUNT_MAX = 256;
/** So long an account is given again, whoever asks. */
const KEPT_MS = 5_000;
const ZONE_COUNT_MAX = 64;

type Kept = { readonly untilMs: number; readonly account: Promise<LightingAccountJson> };

/** GET /api/v1/zones/{id}/lighting. */
export function addLightingRoutes(app: App, context: GatewayContext): void {
  const kept = new Map<string, Kept>();
  app.get(
    '/api/v1/zones/:id/lighting',
    {
      schema: {
        tags: ['orders'],
        summary: 'What the lamps of a zone took so far against full light and half-night switching, and faults',
        params: idParams,
        querystring: noQuery,
        response: answers(lightingAccount),
      },
    },
    async (request): Promise<LightingAccountJson> => {
      const { id } = request.params;
      const zone = context.node.read(at(zoneKind, parseHex(id)));
      if (zone === null || zone.domain !== LIGHTING) throw formatError('ZONE_UNKNOWN', { zone: id });
      const known = kept.get(id);
      if (known !== undefined && performance.now() < known.untilMs) return known.account;
      const account = accountOf(context, id);
      if (kept.size >= ZONE_COUNT_MAX) kept.clear();
      kept.set(id, { untilMs: performance.now() + KEPT_MS, account });
      account.catch(() => kept.delete(id));
      return account;
    },
  );
}

async function accountOf({ node, readModel: { database } }: GatewayContext, id: string): Promise<LightingAccountJson> {
  const devices = await findZoneDevices(database, id, { limit: LAMP_COUNT_MAX, after: '' });
  const faults: LatestSample[] = [];
  for (const device of devices) {
    const [failure] = await findLatest(database, { limit: 1, after: null, device, name: 'failure' });
    if (failure?.number === 1) faults.push(failure);
  }
  const said = {
    lamps: devices.length,
    faults: faults.map(({ device, label, time_ms: sinceMs }) => ({ device, label, sinceMs })),
  };
  const heard = await hearLamps(database, devices);
  if (heard === null) return { ...said, ...NOTHING };
  const { lamps, span } = heard;
  const { intervals, ...sums } = savingsOf(
    lamps.map(({ means }) => means),
    span,
    clockOf(node, parseHex(id)),
  );
  return {
    ...{ ...said, ...sums, fromMs: span.fromMs, toMs: span.toMs, counted: lamps.length },
    intervals: [...intervals],
  };
}

/** Where no lamp spoke twice. */
const NOTHING = { fromMs: 0, toMs: 0, counted: 0, usedWh: 0, undimmedWh: 0, halfNightWh: 0, intervals: [] };

/** Local time less UTC, as the programme of the zone says it; UTC without one. */
function clockOf(node: GatewayContext['node'], zone: Uint8Array): (timeMs: number) => number {
  const record = node.read(zoneDocumentAt(nativeCrypto, zone, LIGHTING_PROGRAMME));
  if (record === null) return () => 0;
  const programme = parseLightingProgramme(parseZoneDocument(record.statement).body);
  if ('code' in programme) throw new Error(`a programme was set that is refused: ${programme.code}`);
  return (timeMs) => programme.clock.findLast(({ fromMs }) => fromMs <= timeMs)?.aheadMinutes ?? 0;
}
