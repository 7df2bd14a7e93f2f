/** GET /api/v1/live: what happens in the city, as server-sent events (HTML Living Standard §9.2). */

import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '@oppidum/formats/errors';
import { formatError } from '@oppidum/formats/errors';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { CommittedBlock } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isInScope, type Principal } from '../access/principal.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { blockEvents, type LiveEvent, readingEvents, TOPICS, type Topic } from '../live/live-events.ts';
import { newestPlace, parsePlace } from '../live/live-place.ts';
import { type LiveSink, LiveStream } from '../live/live-stream.ts';
import { Turns } from '../turns.ts';
import type { App } from './app.ts';
import { accountOf } from './guard.ts';
import { binaryAnswers, hexId } from './parameters.ts';

const TYPE = 'text/event-stream';
const STREAM_COUNT_MAX = 256;
const STREAM_COUNT_OF_ONE_MAX = 16;
/** Who reads nothing for so long is told and cut off, and then has this long to read why. */
const SLOW_MS = 10_000;
const FAREWELL_MS = 5_000;
const ENTRIES_OF_ONE_BATCH = 128;
/** Events of entries that other streams will want, too. */
const KNOWN_EVENT_COUNT_MAX = 4_096;

const liveQuery = z.strictObject({
  /** Separated by commas; without any, all, or with a device or a type those that are about devices. */
  topics: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(TOPICS)).max(TOPICS.length))
    .optional(),
  device: hexId.optional(),
  type: z.string().min(1).max(256).optional(),
  /** As the header `Last-Event-ID`, for readers that cannot set it. */
  lastEventId: z.string().optional(),
});
type LiveQuery = z.infer<typeof liveQuery>;

type Open = { readonly principal: Principal; readonly stream: LiveStream; isRevoked: boolean };

/** Adds the route; streams end with the application. */
export function addLiveRoutes(app: App, context: GatewayContext): void {
  const { access, node, shards } = context;
  const open = new Set<Open>();
  const events = new KnownEvents(context);
  // What no filter wants is written to nobody, so that nothing is waited for: who asks for the whole past must not hold up all others.
  const turns = new Turns();
  const wakeAll = (): void => {
    for (const { stream } of open) stream.wake();
  };
  const onBlock = ({ changes }: CommittedBlock): void => {
    // What was erased is told to nobody any more.
    if (changes.some(({ key }) => kindOfKey(key)?.name === erasureKind.name)) events.forget();
    wakeAll();
  };
  const forget = [node.onBlock(onBlock), ...shards.map((shard) => shard.onKept(wakeAll))];
  forget.push(access.onRevoked((keyId) => endStreamsOf(open, keyId)));
  app.addHook('preClose', async () => {
    for (const forgetOne of forget) forgetOne();
    for (const { stream } of open) stream.end(null);
  });
  app.get(
    '/api/v1/live',
    {
      // A HEAD request would hold a stream that says nothing.
      exposeHeadRoute: false,
      schema: {
        tags: ['live'],
        summary:
          'What happens from now on, or since the event that Last-Event-ID names: readings, blocks, transactions, anchors, devices, orders, alarms',
        querystring: liveQuery,
        response: binaryAnswers('Server-sent events', TYPE),
      },
    },
    (request, reply) => {
      const principal = access.principalOf(request);
      assertRoom(open, principal);
      const topics = topicsOf(context, principal, request.query);
      const place = placeOf(context, request);
      const sink = openSink(reply);
      const one: Open = {
        principal,
        isRevoked: false,
        stream: new LiveStream({
          ...{ node, shards, sink, place, slowMs: SLOW_MS, turn: () => turns.next() },
          blockEvents: (block) => blockEvents(node, block),
          readingEvents: (shard, from) => events.from(shard, from),
          wants: (event) => topics.has(event.topic) && isAbout(event, request.query) && isFor(event, principal),
          refusal: () => refusalOf(context, one),
          wantsReadings: topics.has('readings') || topics.has('orders') || topics.has('alarms'),
          wantsBlocks: topics.size > (topics.has('readings') ? 1 : 0),
        }),
      };
      open.add(one);
      reply.raw.once('close', () => {
        open.delete(one);
        one.stream.end(null);
      });
      one.stream.run().catch((error: Error) => {
        context.logger.error({ error: { message: error.message, stack: error.stack } }, 'a stream of events failed');
        one.stream.end('INTERNAL_FAULT');
      });
    },
  );
}

/** Of this API key, which was revoked. */
function endStreamsOf(open: ReadonlySet<Open>, keyId: string): void {
  for (const one of open) {
    if (one.principal.kind !== 'key' || one.principal.id !== keyId) continue;
    one.isRevoked = true;
    one.stream.end('API_KEY_REVOKED');
  }
}

/** Throws LIVE_COUNT. */
function assertRoom(open: ReadonlySet<Open>, by: Principal): void {
  if (open.size >= STREAM_COUNT_MAX) throw formatError('LIVE_COUNT', { countMax: STREAM_COUNT_MAX });
  const own = [...open].filter(({ principal }) => accountOf(principal) === accountOf(by)).length;
  if (own >= STREAM_COUNT_OF_ONE_MAX) throw formatError('LIVE_COUNT', { ofOneMax: STREAM_COUNT_OF_ONE_MAX });
}

const ABOUT_DEVICES: readonly Topic[] = ['readings', 'devices', 'orders', 'alarms'];

/** The topics asked for that this principal may read. */
function topicsOf({ access }: GatewayContext, principal: Principal, { topics, device, type }: LiveQuery): ReadonlySet<Topic> {
  const wanted = topics ?? (device === undefined && type === undefined ? TOPICS : ABOUT_DEVICES);
  const mayReadLedger = access.stillMay(principal, 'ledger:read');
  return new Set(wanted.filter((topic) => topic === 'readings' || mayReadLedger));
}

function placeOf(context: GatewayContext, { headers, query }: FastifyRequest<{ Querystring: LiveQuery }>) {
  const header = headers['last-event-id'];
  const id = typeof header === 'string' && header !== '' ? header : query.lastEventId;
  return id === undefined ? newestPlace(context) : parsePlace(id, context);
}

function isAbout({ device, deviceType }: LiveEvent, query: LiveQuery): boolean {
  if (device === null) return true;
  return (query.device === undefined || query.device === device) && (query.type === undefined || query.type === deviceType);
}

function isFor({ device, deviceType }: LiveEvent, { scope }: Principal): boolean {
  return device === null || isInScope(scope, device, deviceType);
}

/** Why a stream that goes on may not, or null. */
function refusalOf({ access }: GatewayContext, { principal, isRevoked }: Open): ErrorCode | null {
  if (isRevoked) return 'API_KEY_REVOKED';
  return access.stillMay(principal, 'readings:read') ? null : 'API_KEY_EXPIRED';
}

/** The answer as something to write events to; Fastify has nothing more to do with it. */
function openSink(reply: FastifyReply): LiveSink {
  const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(Object.fromEntries(headers) as Record<string, string>),
    'content-type': TYPE,
    'cache-control': 'no-store',
    // Proxies that gather answers would keep events back.
    'x-accel-buffering': 'no',
  });
  raw.on('error', () => raw.destroy());
  return {
    write: (text) => raw.write(text),
    onceDrain: (listener) => onceDrain(raw, listener),
    end: (text) => endSink(raw, text),
  };
}

function onceDrain(raw: ServerResponse, listener: () => void): () => void {
  raw.once('drain', listener);
  return () => raw.off('drain', listener);
}

function endSink(raw: ServerResponse, text: string): void {
  if (raw.destroyed || raw.writableEnded) return;
  raw.end(text);
  const timer = setTimeout(() => raw.destroy(), FAREWELL_MS);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
}

/** Events of entries, opened once for all streams that stand at the same place. */
class KnownEvents {
  readonly #context: GatewayContext;
  readonly #events = new Map<string, readonly LiveEvent[]>();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  forget(): void {
    this.#events.clear();
  }

  /** Events of the next entries from an index on. */
  async from(shard: TelemetryClient, from: number): Promise<readonly (readonly LiveEvent[])[]> {
    const status = shard.status();
    const name = (index: number): string => `${status.number}/${index}`;
    const known: (readonly LiveEvent[])[] = [];
    for (let index = from; index < from + ENTRIES_OF_ONE_BATCH && this.#events.has(name(index)); index++)
      known.push(this.#events.get(name(index)) ?? []);
    if (known.length > 0) return known;
    const kept = await shard.readings(from, ENTRIES_OF_ONE_BATCH);
    const events = kept.map((entry) => readingEvents(this.#context, status, entry));
    for (const [i, event] of events.entries()) this.#events.set(name(from + i), event);
    for (const oldest of this.#events.keys()) {
      if (this.#events.size <= KNOWN_EVENT_COUNT_MAX) break;
      this.#events.delete(oldest);
    }
    return events;
  }
}
