/** Is it alive, is it ready, what does it measure; and the words behind every code. */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { type HealthJson, health } from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';

const answersOfHealth = { 200: health, 503: health } as const;

/** GET /livez, /readyz, /metrics, /docs/errors. */
export function addHealthRoutes(app: App, context: GatewayContext): void {
  const { node, metrics } = context;
  app.get('/livez', { schema: { tags: ['health'], summary: 'Alive', response: answersOfHealth } }, async (_request, reply) =>
    reply.code(node.isAlive() ? 200 : 503).send(summarize([nodeCheck(context)])),
  );
  app.get('/readyz', { schema: { tags: ['health'], summary: 'Ready', response: answersOfHealth } }, async (_request, reply) => {
    const answer = summarize(READY_CHECKS.map((check) => check(context)));
    return reply.code(answer.ok ? 200 : 503).send(answer);
  });
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(Buffer.from(await metrics.render())),
  );
  const errorPage = Buffer.from(renderErrors());
  app.get('/docs/errors', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(errorPage),
  );
}

type Check = HealthJson['checks'][number];

function summarize(checks: Check[]): HealthJson {
  return { ok: checks.every(({ ok }) => ok), checks };
}

function nodeCheck({ node }: GatewayContext): Check {
  const ok = node.isAlive();
  return { name: 'node', ok, detail: ok ? `height ${node.head().height}` : 'the engine has stopped' };
}

/** Who is cut off is alive, and a restart helps nobody; clients go to another node. */
function quorumCheck({ node }: GatewayContext): Check {
  const ok = !node.isCutOff();
  return {
    name: 'quorum',
    ok,
    detail: ok ? 'blocks come while there is work' : 'cut off: what is handed in comes into no block',
  };
}

function checkpointCheck({ node }: GatewayContext): Check {
  const size = node.checkpoint()?.size ?? 0;
  return { name: 'checkpoint', ok: size > 0, detail: `size ${size}` };
}

/** A city may be run without a shard; one whose shards all refuse is not ready. */
function telemetryCheck({ shards }: GatewayContext): Check {
  const accepting = shards.filter((shard) => shard.status().accepts);
  return {
    name: 'telemetry',
    ok: shards.length === 0 || accepting.length > 0,
    detail: `${accepting.length} of ${shards.length} shards accept readings`,
  };
}

function readModelCheck({ readModel }: GatewayContext): Check {
  const { blocks, readings } = readModel.lag();
  return {
    name: 'read-model',
    ok: readModel.isCaughtUp && !readModel.hasFailed,
    detail: `behind by ${blocks} blocks and ${readings} readings`,
  };
}

const READY_CHECKS = [nodeCheck, quorumCheck, checkpointCheck, telemetryCheck, readModelCheck];

/** One plain page; the texts are our own and hold no markup but what is escaped. */
function renderErrors(): string {
  const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const items = Object.entries(ERRORS).map(
    ([code, { message, action, httpStatus }]) =>
      `<dt id="${code}"><code>${code}</code> (${httpStatus})</dt><dd>${escapeHtml(message)}. ${escapeHtml(action)}.</dd>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Error codes</title><h1>Error codes</h1><dl>${items.join('\n')}</dl></html>`;
}
