/** What the lamps of a zone saved and which of them fail, by nothing but what they said; what meters say is the account of its cabinets. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIGHTING_PROGRAMME, parseLightingProgramme } from '@oppidum/formats/lighting-programme';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentAt, zoneKind } from '@oppidum/formats/state-orders';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';
import { lightingAccount } from '../api/lighting.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { AccountDesk } from '../lighting/account-desk.ts';
import type { Clock } from '../lighting/zone-account.ts';
import type { App } from './app.ts';
import { addCabinetRoutes } from './cabinets.ts';
import { accountOf } from './guard.ts';
import { answers, idParams, noQuery } from './parameters.ts';

const LIGHTING = 'lighting';

/** GET /api/v1/zones/{id}/lighting and /cabinets, counted by one desk: the two together are no dearer than one. */
export function addLightingRoutes(app: App, context: GatewayContext): void {
  const desk = new AccountDesk(context.readModel.file);
  app.addHook('preClose', () => desk.close());
  addCabinetRoutes(app, context, desk);
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
    async (request) => {
      const zone = request.params.id;
      const record = context.node.read(at(zoneKind, parseHex(zone)));
      if (record === null || record.domain !== LIGHTING) throw formatError('ZONE_UNKNOWN', { zone });
      const clock = clockOf(context.node, parseHex(zone));
      const by = accountOf(context.access.principalOf(request));
      return desk.ask({ by, name: `lamps ${zone}`, task: { kind: 'lamps', zone, lampCount: record.deviceCount, clock } });
    },
  );
}

/** Local time as the programme of the zone says it; UTC without one. */
function clockOf(node: GatewayContext['node'], zone: Uint8Array): Clock {
  const record = node.read(zoneDocumentAt(nativeCrypto, zone, LIGHTING_PROGRAMME));
  if (record === null) return [];
  const programme = parseLightingProgramme(parseZoneDocument(record.statement).body);
  if ('code' in programme) throw new Error(`a programme was set that is refused: ${programme.code}`);
  return programme.clock;
}
