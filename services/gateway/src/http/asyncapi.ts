/**
 * What comes and goes as messages, described by itself: AsyncAPI 3.0 at /asyncapi.json, of the topics of MQTT and of the live stream. Its
 * page is the text of specs/doors.md; the part of requests and answers is in /openapi.json.
 */

import { toHex } from '@oppidum/formats/bytes';
import { z } from 'zod';
import { type LiveEventName, liveEvents } from '../api/live.ts';
import { type GatewayContext, VERSION } from '../gateway-context.ts';
import { TOPICS } from '../live/live-events.ts';
import type { App } from './app.ts';

const JSON_SCHEMA = 'application/schema+json;version=draft-07';
/** RFC 9052 §2: a reading envelope is COSE_Sign1. */
const ENVELOPE_TYPE = 'application/cose; cose-type="cose-sign1"';

/** GET /asyncapi.json. */
export function addAsyncDescription(app: App, context: GatewayContext): void {
  app.get('/asyncapi.json', { schema: { hide: true } }, async (request, reply) =>
    reply.type('application/json').send(Buffer.from(JSON.stringify(describeMessages(context, request.host)))),
  );
}

/** The document. `httpHost`: name and port by which the reader knows this service. */
function describeMessages({ name, node, mqttAddress }: Described, httpHost: string): object {
  const mqtt = mqttAddress();
  const mqttServer = {
    host: mqtt === null ? 'localhost:8421' : `${mqtt.host}:${mqtt.port}`,
    protocol: 'mqtt',
    protocolVersion: '3.1.1',
    description: 'Devices. Client id and user name: the device id; password: a connection token (specs/doors.md §1.2).',
  };
  return {
    asyncapi: '3.0.0',
    info: {
      title: `Messages of ${name}`,
      version: VERSION,
      description: 'Readings over MQTT, and what happens in the city as server-sent events. Requests are in /openapi.json.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      mqtt: mqttServer,
      live: {
        host: httpHost,
        protocol: 'http',
        description: 'Server-sent events (HTML Living Standard §9.2).',
        security: [{ $ref: '#/components/securitySchemes/key' }],
      },
    },
    channels: { ...deviceChannels(toHex(node.genesisHash)), live: LIVE_CHANNEL },
    operations: OPERATIONS,
    components: { messages: { ...DEVICE_MESSAGES, ...liveMessages() }, securitySchemes: SECURITY },
  };
}

type Described = Pick<GatewayContext, 'name' | 'mqttAddress'> & { readonly node: Pick<GatewayContext['node'], 'genesisHash'> };

const refTo = (place: string): { readonly $ref: string } => ({ $ref: `#/${place}` });

function deviceChannels(genesis: string): object {
  const parameters = { device: { description: 'Id of the device: 64 lower-case hex digits.' } };
  const servers = [refTo('servers/mqtt')];
  return {
    up: {
      address: `v1/${genesis}/{device}/up`,
      title: 'Readings of a device',
      description: 'QoS 1, not retained. PUBACK comes when the reading is durable, or refused for good.',
      ...{ servers, parameters },
      messages: { reading: refTo('components/messages/reading') },
    },
    down: {
      address: `v1/${genesis}/{device}/down`,
      title: 'What a device is told',
      description: 'A device may subscribe to this topic, `order` and `zone` of its own, and to nothing else.',
      ...{ servers, parameters },
      messages: {
        receipt: refTo('components/messages/receipt'),
        refusal: refTo('components/messages/refusal'),
      },
    },
    ack: {
      address: `v1/${genesis}/{device}/ack`,
      title: 'Challenges of an actuator',
      description: 'QoS 1, not retained. With every connection again, until another takes its place (specs/doors.md §9).',
      ...{ servers, parameters },
      messages: { challenge: refTo('components/messages/challenge'), report: refTo('components/messages/report') },
    },
    order: {
      address: `v1/${genesis}/{device}/order`,
      title: 'Orders to an actuator',
      description: 'QoS 0. An order comes again, later each time, until the device’s signed answer is here.',
      ...{ servers, parameters },
      messages: {
        order: refTo('components/messages/order'),
        challengeRefusal: refTo('components/messages/challengeRefusal'),
      },
    },
    have: {
      address: `v1/${genesis}/{device}/have`,
      title: 'What an actuator has of its zone',
      description: 'QoS 1, not retained. With every connection, with every challenge, and after each statement that it took in.',
      ...{ servers, parameters },
      messages: { have: refTo('components/messages/have') },
    },
    zone: {
      address: `v1/${genesis}/{device}/zone`,
      title: 'Signed statements of the zone of an actuator',
      description: 'QoS 0. One at a time: the next one follows what it says that it has.',
      ...{ servers, parameters },
      messages: { news: refTo('components/messages/news') },
    },
  };
}

const binary = (description: string): object => ({ type: 'string', format: 'binary', description });

const DEVICE_MESSAGES = {
  reading: {
    title: 'A signed reading',
    contentType: ENVELOPE_TYPE,
    payload: binary('specs/readings-and-receipts.md §1'),
  },
  receipt: {
    title: 'A signed receipt: only this settles a reading',
    contentType: 'application/cbor',
    payload: binary('specs/readings-and-receipts.md; its first byte is 0xa4'),
  },
  refusal: {
    title: 'A refusal that may pass: keep the reading and send it again',
    contentType: 'application/cbor',
    payload: binary('passing-refusal of specs/doors.md §1.4; its first byte is 0xa2 or 0xa3'),
  },
  challenge: {
    title: 'A signed challenge: orders for this device name it',
    contentType: 'application/cbor',
    payload: binary('device-challenge of specs/doors.md §9'),
  },
  report: {
    title: 'What a device reports of itself: attestation, firmware',
    contentType: 'application/cbor',
    payload: binary('device-report of specs/trust.md §4.1; its first byte is 0x81 to 0x83'),
  },
  order: {
    title: 'An order with what proves it',
    contentType: 'application/cbor',
    payload: binary('compact-order of specs/orders.md'),
  },
  challengeRefusal: {
    title: 'Why a challenge was not taken: send another, or the same one later',
    contentType: 'application/cbor',
    payload: binary('challenge-refusal of specs/doors.md §9; its first byte is 0x81'),
  },
  have: {
    title: 'Versions of the key set, envelope and documents that a device has',
    contentType: 'application/cbor',
    payload: binary('zone-have of specs/orders.md §4.4'),
  },
  news: {
    title: 'A key set, an envelope or a document with the signatures of order keys',
    contentType: 'application/cbor',
    payload: binary('zone-news of specs/orders.md §4.4'),
  },
};

const LIVE_CHANNEL = {
  address: '/api/v1/live',
  title: 'What happens in the city',
  description:
    'The field `event` is the topic, `id` is for `Last-Event-ID`: a stream that is opened again with it misses nothing. Query: topics (separated by commas), device, type.',
  servers: [refTo('servers/live')],
  messages: Object.fromEntries(TOPICS.map((topic) => [topic, refTo(`components/messages/${topic}`)])),
};

const OPERATIONS = {
  receiveReading: { action: 'receive', channel: refTo('channels/up'), messages: [refTo('channels/up/messages/reading')] },
  answerReading: {
    action: 'send',
    channel: refTo('channels/down'),
    messages: [refTo('channels/down/messages/receipt'), refTo('channels/down/messages/refusal')],
  },
  receiveChallenge: { action: 'receive', channel: refTo('channels/ack'), messages: [refTo('channels/ack/messages/challenge')] },
  receiveReport: { action: 'receive', channel: refTo('channels/ack'), messages: [refTo('channels/ack/messages/report')] },
  sendOrder: {
    action: 'send',
    channel: refTo('channels/order'),
    messages: [refTo('channels/order/messages/order'), refTo('channels/order/messages/challengeRefusal')],
  },
  receiveHave: { action: 'receive', channel: refTo('channels/have'), messages: [refTo('channels/have/messages/have')] },
  sendNews: { action: 'send', channel: refTo('channels/zone'), messages: [refTo('channels/zone/messages/news')] },
  tell: {
    action: 'send',
    channel: refTo('channels/live'),
    messages: TOPICS.map((topic) => refTo(`channels/live/messages/${topic}`)),
  },
};

const SECURITY = {
  key: { type: 'http', scheme: 'bearer', description: 'An API key with readings:read; none is needed on this machine.' },
};

function liveMessages(): object {
  const schemaOf = (topic: LiveEventName): object => z.toJSONSchema(liveEvents[topic], { target: 'draft-7', io: 'output' });
  return Object.fromEntries(
    TOPICS.map((topic) => [
      topic,
      {
        title: `Event ${topic}`,
        contentType: 'application/json',
        payload: { schemaFormat: JSON_SCHEMA, schema: schemaOf(topic) },
      },
    ]),
  );
}
