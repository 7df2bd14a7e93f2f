/** Changes of zones that wait for further engineers: who signed what, and the bytes to sign (specs/orders.md §11). */

import { encodeBase64, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { at } from '@oppidum/formats/state-layout';
import { zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import type { StatementSignature } from '@oppidum/formats/statement';
import { encodeZoneDraft, parseZoneDraft } from '@oppidum/formats/zone-draft';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import { z } from 'zod';
import { type ZoneDraftDetailJson, type ZoneDraftJson, zoneDraftDetail, zoneDraftList, zoneDraftRow } from '../api/orders.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { WaitingDraft } from '../orders/draft-shelf.ts';
import type { App } from './app.ts';
import { answers, hexId, idParams, noQuery, signedBytes } from './parameters.ts';

const TYPE = 'application/cbor';

/** GET /api/v1/zone-drafts, /api/v1/zone-drafts/{id}; POST /api/v1/zone-drafts. */
export function addZoneDraftRoutes(app: App, context: GatewayContext): void {
  const { drafts } = context.orders;
  app.get(
    '/api/v1/zone-drafts',
    {
      schema: {
        tags: ['orders'],
        summary: 'Changes of zones that wait for further signatures, oldest first',
        querystring: z.strictObject({ zone: hexId.optional() }),
        response: answers(zoneDraftList),
      },
    },
    async (request) => ({ items: drafts.list(request.query.zone ?? null).map((waiting) => showDraft(context, waiting)) }),
  );
  app.get(
    '/api/v1/zone-drafts/:id',
    {
      schema: {
        tags: ['orders'],
        summary: 'One of them with its bytes, to be signed by whoever read them',
        params: idParams,
        querystring: noQuery,
        response: answers(zoneDraftDetail),
      },
    },
    async (request): Promise<ZoneDraftDetailJson> => {
      const waiting = drafts.find(request.params.id);
      if (waiting === null) throw formatError('DRAFT_UNKNOWN', { draft: request.params.id });
      return { ...showDraft(context, waiting), file: encodeBase64(encodeZoneDraft(waiting.draft)) };
    },
  );
  addOffer(app, context);
}

function addOffer(app: App, context: GatewayContext): void {
  app.register(async (scope: App) => {
    const bodyLimit = LIMITS.zoneDraftSizeMax;
    scope.addContentTypeParser(TYPE, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post(
      '/api/v1/zone-drafts',
      {
        bodyLimit,
        schema: {
          tags: ['orders'],
          summary: 'Bring a change of a zone that an order key signed, or further signatures of one that waits',
          description: `${TYPE}: a draft (specs/orders.md §11). Nothing is put into force by this.`,
          consumes: [TYPE],
          querystring: noQuery,
          body: signedBytes,
          response: answers(zoneDraftRow),
        },
      },
      async (request) => {
        const { body } = request;
        if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
        const taken = await context.orders.drafts.offer(parseZoneDraft(new Uint8Array(body)));
        if ('code' in taken) throw formatError(taken.code, taken.details);
        return showDraft(context, taken);
      },
    );
  });
}

function showDraft({ node }: GatewayContext, { id, draft, change, sinceMs }: WaitingDraft): ZoneDraftJson {
  const record = node.read(at(zoneKind, change.zone));
  const keys = record === null ? null : node.read(at(zoneKeysKind, change.zone, record.keys));
  if (record === null || keys === null) throw new Error('a draft waits in a zone that is not');
  const keySet = parseKeySet(keys.statement);
  const next = change.use === 'keys' ? change : null;
  return {
    ...{ id, zone: toHex(change.zone), zoneName: record.name, use: change.use },
    ...{ name: change.use === 'document' ? change.name : null, version: change.version, sinceMs },
    signers: draft.signatures.map((signature) => showSigner(signature, keySet.keys)),
    needed: keySet.dangerousThreshold,
    envelopeSigners: draft.envelopeSignatures.map((signature) => showSigner(signature, next?.keys ?? [])),
    envelopeNeeded: next?.dangerousThreshold ?? 0,
  };
}

function showSigner({ key }: StatementSignature, keys: readonly Uint8Array[]): ZoneDraftJson['signers'][number] {
  const publicKey = keys[key];
  if (publicKey === undefined) throw new Error(`a draft waits with a signature of an order key ${key} that is not`);
  return { key, publicKey: toHex(publicKey) };
}
