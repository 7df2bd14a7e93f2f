/** The HTTP door: one Fastify application over the gateway's context. Whatever it answers is described in /openapi.json. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import { limitNetworks } from '@oppidum/node/network-limit';
import { type FastifyInstance, fastify, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { GatewayContext } from '../gateway-context.ts';
import { addAccountRoutes } from './accounts.ts';
import { addAlarmRoutes } from './alarms.ts';
import { addAsyncDescription } from './asyncapi.ts';
import { addAttackRoutes } from './attacks.ts';
import { addBlockRoutes } from './blocks.ts';
import { addCityRoutes } from './city.ts';
import { addCompleteRoutes } from './complete.ts';
import { addCompression } from './compression.ts';
import { addDescription } from './description.ts';
import { addDeviceImportRoutes } from './device-import.ts';
import { addDeviceOrderRoutes } from './device-orders.ts';
import { addDeviceProgramRoutes } from './device-programs.ts';
import { addDeviceReportRoutes } from './device-reports.ts';
import { addDeviceRoutes } from './devices.ts';
import { addEvidenceRoutes } from './evidence.ts';
import { addFindRoutes } from './find.ts';
import { addGuard, type Budgets } from './guard.ts';
import { addHealthRoutes } from './health.ts';
import { checkRequest, ownHosts } from './hosts.ts';
import { addIdempotency } from './idempotency.ts';
import { addIngestRoutes } from './ingest.ts';
import { addKeyRoutes } from './keys.ts';
import { addLightingRoutes } from './lighting.ts';
import { addLiveRoutes } from './live.ts';
import { addOrderDraftRoutes } from './order-draft.ts';
import { addOrderRoutes } from './orders.ts';
import { addPageRoutes } from './pages.ts';
import { addPolicyRoutes } from './policies.ts';
import { addProblems, answerBrokenRequest, sendProblem } from './problem.ts';
import { addProposalRoutes } from './proposals.ts';
import { addReadingRoutes } from './readings.ts';
import { addReceiptRoutes } from './receipts.ts';
import { addSeriesRoutes } from './series.ts';
import { addTalqRoutes } from './talq.ts';
import { addTamperRoutes } from './tamper.ts';
import { addTileRoutes } from './tiles.ts';
import { addTransactionRoutes } from './transactions.ts';
import { addTrustRoutes } from './trust.ts';
import { addZoneDraftRoutes } from './zone-drafts.ts';
import { addZoneRoutes } from './zones.ts';

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>;

export type HttpOptions = {
  /** The address it will listen on. */
  readonly host: string;
  /** Further host names it answers to. */
  readonly hosts: readonly string[];
  /** Of one principal. */
  readonly budgets: Budgets;
  /** Milliseconds after which a head, and a whole request, is waited for no longer. */
  readonly headTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
};

/** A request head or body that takes longer is not waited for; nor is a client that reads nothing for so long. */
const HEAD_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
const CONNECTION_COUNT_MAX = 1_024;
const NETWORK_CONNECTION_COUNT_MAX = 256;
/** Of these, such as have not asked anything yet: where there are more, the oldest makes room for who does ask. */
const SILENT_COUNT_MAX = 512;
const HEAD_SIZE_MAX = 8_192;
/** Bodies are refused unless a route allows them more. */
const BODY_SIZE_MAX = 1_024;
/** Between two looks for requests that are too slow. */
const CHECK_INTERVAL_MS = 1_000;

/** W3C Trace Context §3.2: version 00. */
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Builds the application; `listen` and `close` are its caller's. */
export async function buildApp(context: GatewayContext, options: HttpOptions): Promise<App> {
  const own = ownHosts(options.host, options.hosts);
  const server = fastify({
    loggerInstance: context.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_SIZE_MAX,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      maxHeaderSize: HEAD_SIZE_MAX,
      headersTimeout: options.headTimeoutMs ?? HEAD_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: (request) => TRACEPARENT.exec(String(request.headers['traceparent']))?.[1] ?? randomBytes(16).toString('hex'),
    clientErrorHandler: answerBrokenRequest,
    // No hook runs for an address that cannot be decoded.
    frameworkErrors: (_error, request, reply) => {
      void sendProblem(request, reply, checkRequest(own, request.raw) ?? { code: 'REQUEST_INVALID', details: { at: 'address' } });
    },
  });
  const app: App = server.withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = CONNECTION_COUNT_MAX;
  limitNetworks(app.server, NETWORK_CONNECTION_COUNT_MAX);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeAllContentTypeParsers();
  addProblems(app, context);
  await addGuard(app, context, own, options.budgets);
  addIdempotency(app, context);
  addRequestLog(app, context);
  addCompression(app);
  keepNoAnswers(app);
  dropSilent(app);
  await app.register(helmet, HEADERS);
  await addDescription(app);
  addRoutes(app, context);
  await app.ready();
  return app;
}

/** Nothing is loaded from anywhere else; nobody frames us. No HSTS: this door speaks plain HTTP on this machine. */
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
  },
  hsts: false,
  xXssProtection: false,
} as const;

/** What the API says may be about people, or is over in a moment: no browser keeps it, so that an erasure reaches it there, too. */
function keepNoAnswers(app: App): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    return payload;
  });
}

/**
 * Connections that have not asked anything yet do not keep others out, however many they are. At a stop they are ended: Node waits for
 * them as if they were at work.
 */
function dropSilent(app: App): void {
  const silent = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    if (silent.size > SILENT_COUNT_MAX)
      for (const oldest of silent) {
        oldest.destroy();
        silent.delete(oldest);
        break;
      }
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }) => silent.delete(socket));
  app.addHook('preClose', async () => {
    for (const socket of silent) socket.destroy();
  });
}

/** `traceId` as in the problem that the caller got. */
function addRequestLog(app: App, { logger }: GatewayContext): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    logger.debug({
      traceId: request.id,
      method,
      route: routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
  });
}

function addRoutes(app: App, context: GatewayContext): void {
  const areas = [
    addHealthRoutes,
    addCityRoutes,
    addDeviceRoutes,
    addFindRoutes,
    addTrustRoutes,
    addDeviceImportRoutes,
    addDeviceProgramRoutes,
    addDeviceOrderRoutes,
    addDeviceReportRoutes,
    addReadingRoutes,
    addCompleteRoutes,
    addSeriesRoutes,
    addLiveRoutes,
    addReceiptRoutes,
    addIngestRoutes,
    addBlockRoutes,
    addTransactionRoutes,
    addAccountRoutes,
    addProposalRoutes,
    addZoneRoutes,
    addLightingRoutes,
    addZoneDraftRoutes,
    addOrderRoutes,
    addOrderDraftRoutes,
    addAlarmRoutes,
    addEvidenceRoutes,
    addPolicyRoutes,
    addTalqRoutes,
    addTamperRoutes,
    addAttackRoutes,
    addTileRoutes,
    addPageRoutes,
    addKeyRoutes,
    addAsyncDescription,
  ];
  for (const addArea of areas) addArea(app, context);
}
