/**
 * A city's whole life under strace: founded, devices enrolled, readings over HTTP and MQTT, transactions, anchors and checkpoints, a stop.
 * With the trace comes what each answer promised, and where in the trace it left.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import { enrolDevices } from '@oppidum/device/enrol';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parseGenesis } from '@oppidum/formats/genesis';
import { encodePolicy, parsePolicy } from '@oppidum/formats/policy';
import { parseReceipt } from '@oppidum/formats/receipt';
import { parsePayload, parseTransaction } from '@oppidum/formats/transaction';
import { admitMaker, CityProcess, until } from '../support/city-process.ts';
import { actionOf, freshBytes } from '../support/running-city.ts';
import { TestDevice } from '../support/running-shard.ts';
import { type EventOf, readTrace, STRACE_ENVIRONMENT, straceCommand, type TraceEvent, traceEnd } from '../support/strace.ts';
import { connectDevice, Load, post, type Sender } from './loaded-city.ts';

/** A promise: what the answer is about, the file that must hold it, and the calls that sent the answer's words. */
export type Promised = {
  readonly by: 'http' | 'mqtt' | 'transaction';
  /** Digest of the reading, id of the transaction. */
  readonly id: Bytes;
  readonly envelope: Bytes;
  /** A reading about people, which the doors do not show to everybody. */
  readonly isPersonal: boolean;
  /** The receipt of a reading. */
  readonly receipt: Bytes | null;
  readonly file: string;
  /** Bytes that the file's write holds, and nothing else does. */
  readonly stored: Buffer;
  /** The receipt or the result and, over MQTT, the PUBACK. */
  readonly answers: readonly EventOf<'send'>[];
};
/** A traced run: the folder as it was, and everything that was asked of the kernel. */
export type TracedRun = {
  readonly data: string;
  readonly events: readonly TraceEvent[];
  readonly promises: readonly Promised[];
  /** A reading that was erased, and the one that was sent when that was done. */
  readonly erasure: { readonly erased: Bytes; readonly next: Bytes };
};

type Answered = Pick<Promised, 'by' | 'id' | 'isPersonal' | 'envelope' | 'receipt'>;
/** What was sent over one MQTT connection: the port of its other end, the reading of each message id. */
type Published = { readonly port: number; readonly digests: Map<number, string> };

export type RunSize = { readonly devices: number; readonly readingsEach: number; readonly transactions: number };

/** Readings of one HTTP request: some alone, some together. */
const BATCHES = [1, 1, 7, 2, 16] as const;

/** Runs it and reads the trace. `scratch` is an empty folder. */
export async function recordRun(scratch: string, size: RunSize): Promise<TracedRun> {
  const [data, trace] = [join(scratch, 'city'), join(scratch, 'trace')];
  const city = await CityProcess.start(data, { http: 0, mqtt: 0 }, [], {
    command: straceCommand(trace),
    environment: STRACE_ENVIRONMENT,
  });
  const answered: Answered[] = [];
  const published: Published[] = [];
  let erasure: TracedRun['erasure'];
  try {
    const load = await Load.enrol(city, data, size.devices);
    load.sign(size.readingsEach);
    const send = (sender: Sender) =>
      sender.door === 'http' ? sendHttp(city, sender, answered) : sendMqtt(city, sender, answered, published);
    await Promise.all([...load.senders.map(send), sendTransactions(city, data, size.transactions, answered)]);
    erasure = await sendPersonal(city, data, answered);
    await until('all is anchored', async () => {
      const { items } = (await (await fetch(`${city.http}/api/v1/readings?limit=1`)).json()) as {
        items: { anchored: boolean }[];
      };
      return items[0]?.anchored === true;
    });
    await changePolicy(city, data);
  } finally {
    await city.end('SIGTERM');
  }
  await traceEnd(trace, city.pid);
  const events = await readTrace(trace);
  return { data, events, promises: findAnswers(data, events, answered, published), erasure };
}

async function sendHttp(
  city: CityProcess,
  { waiting }: Pick<Sender, 'waiting'>,
  answered: Answered[],
  isPersonal = false,
): Promise<void> {
  for (let at = 0, turn = 0; at < waiting.length; turn++) {
    const some = waiting.slice(at, at + (BATCHES[turn % BATCHES.length] as number));
    const answers = await post(city, some);
    for (const [i, envelope] of some.entries()) {
      const receipt = answers[i]?.receipt;
      assert.ok(receipt !== undefined);
      answered.push({ by: 'http', id: crypto.sha256(envelope), isPersonal, envelope, receipt });
    }
    at += some.length;
  }
}

async function sendMqtt(
  city: CityProcess,
  { device, waiting }: Sender,
  answered: Answered[],
  published: Published[],
): Promise<void> {
  const client = await connectDevice(city, device);
  const topic = `v1/${toHex(device.audience)}/${toHex(device.id)}`;
  const digests = new Map<number, string>();
  published.push({ port: (client.stream as unknown as Socket).localPort as number, digests });
  client.on('packetsend', (packet) => {
    if (packet.cmd === 'publish' && packet.topic === `${topic}/up`)
      digests.set(packet.messageId as number, toHex(crypto.sha256(new Uint8Array(packet.payload as Buffer))));
  });
  const receipts = new Map<string, Bytes>();
  client.on('message', (_topic, message) => {
    const receipt = new Uint8Array(message);
    receipts.set(toHex(parseReceipt(receipt).leaf.digest), receipt);
  });
  await client.subscribeAsync(`${topic}/down`, { qos: 1 });
  // Four under way at a time, so that answers come between commits of others.
  for (let at = 0; at < waiting.length; at += 4)
    await Promise.all(
      waiting.slice(at, at + 4).map((envelope) => client.publishAsync(`${topic}/up`, Buffer.from(envelope), { qos: 1 })),
    );
  await until('all have receipts', () => receipts.size === waiting.length);
  for (const envelope of waiting) {
    const id = crypto.sha256(envelope);
    answered.push({ by: 'mqtt', id, isPersonal: false, envelope, receipt: receipts.get(toHex(id)) ?? null });
  }
  await client.endAsync();
}

async function sendTransactions(city: CityProcess, data: string, count: number, answered: Answered[]): Promise<void> {
  const { api, records, maker } = await admitMaker(city, data);
  const lane = async (): Promise<void> => {
    for (let i = 0; i < count / 2; i++) {
      const action = createManufacturer(freshBytes(32), `Maker ${i}`, maker.account);
      const envelope = makeTransaction(records.audience, [action], [maker]);
      const { id, code } = await api.submit(envelope);
      assert.equal(code, 'OK');
      answered.push({ by: 'transaction', id, isPersonal: false, envelope, receipt: null });
    }
  };
  await Promise.all([lane(), lane()]);
  api.close();
}

/** Readings about people, sealed under keys of their own; those of one device are erased before the last of the other is sent. */
async function sendPersonal(city: CityProcess, data: string, answered: Answered[]): Promise<TracedRun['erasure']> {
  const { api, records, manufacturer, maker } = await admitMaker(city, data);
  const model = { id: freshBytes(32), name: 'Badge 1', deviceType: 'badge', personal: true, simulated: false };
  const [badge, gone] = [new TestDevice(records.audience), new TestDevice(records.audience)];
  const fresh = [badge, gone].flatMap(({ id, signers }) =>
    signers.map((signer) => ({ id, model: model.id, signer, grade: 'device' as const })),
  );
  await enrolDevices({ api, records, manufacturer, maker, models: [model], devices: fresh });
  api.close();
  await sendHttp(city, { waiting: [badge.sign(1)] }, answered, true);
  const erased = gone.sign(1);
  await post(city, [erased]);
  await erase(data, gone.id);
  const next = badge.sign(2);
  await sendHttp(city, { waiting: [next] }, answered, true);
  return { erased: crypto.sha256(erased), next: crypto.sha256(next) };
}

/** As `oppidum erase` asks for it. */
function erase(data: string, device: Bytes): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: join(data, 'admin.sock'), path: '/erase', method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`erase: ${response.statusCode}`))));
    });
    call.on('error', reject);
    call.end(JSON.stringify({ device: toHex(device), legalBasis: 'consent-withdrawn' }));
  });
}

/** The council renames the validator's witness, and a block after that: the policy before goes to the archive. */
async function changePolicy(city: CityProcess, data: string): Promise<void> {
  const { api, records, maker } = await admitMaker(city, data);
  const { council } = parseGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))));
  const { groups, witnesses, ...same } = parsePolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
  const policy = encodePolicy(crypto, {
    ...same,
    witnesses: witnesses.map((witness) => ({ ...witness, name: 'first' })),
    groups: groups.map((group) => ({ ...group, members: ['first'] })),
  });
  const create = actionOf('proposal/create', {
    id: freshBytes(32),
    body: council,
    actions: [actionOf('policy/change', { policy })],
    expiresMs: Date.now() + 600_000,
  });
  assert.equal((await api.submit(makeTransaction(records.audience, [create], [maker]))).code, 'OK');
  await until('the policy before is in the archive', async () => {
    const more = createManufacturer(freshBytes(32), 'Another', maker.account);
    await api.submit(makeTransaction(records.audience, [more], [maker]));
    return existsSync(join(data, 'policies')) && readdirSync(join(data, 'policies')).some((name) => name.endsWith('.evidence'));
  });
  api.close();
}

/** Finds in the trace where each answer left. */
function findAnswers(
  data: string,
  events: readonly TraceEvent[],
  answered: readonly Answered[],
  published: readonly Published[],
): Promised[] {
  const streams = new Map<string, SentStream>();
  for (const event of events) {
    if (event.call !== 'send') continue;
    const stream = streams.get(event.connection) ?? new SentStream();
    streams.set(event.connection, stream.add(event));
  }
  const all = [...streams.values()].map((stream) => ({ stream, bytes: stream.bytes() }));
  const acknowledged = new Map<string, EventOf<'send'>>();
  for (const { port, digests } of published) {
    const found = [...streams].find(([connection]) => connection.endsWith(`:${port}]`));
    for (const { messageId, event } of found?.[1].acknowledgements() ?? []) acknowledged.set(digests.get(messageId) ?? '', event);
  }
  return answered.map((answer) => {
    const { by, id, envelope } = answer;
    const words = by === 'transaction' ? Buffer.from(toHex(id)) : Buffer.from(id);
    const sends = all.flatMap(({ stream, bytes }) => stream.at(bytes.indexOf(words)));
    assert.ok(sends.length > 0, `the answer to ${toHex(id)} left by no socket`);
    const puback = acknowledged.get(toHex(id));
    assert.equal(puback !== undefined, by === 'mqtt', 'every QoS 1 message has its PUBACK');
    const nonce = by === 'transaction' ? parsePayload(parseTransaction(crypto, envelope).payloadBytes).nonce : id;
    return {
      ...answer,
      file: join(data, by === 'transaction' ? 'node' : 'shards/0/vault', 'data.mdb'),
      stored: Buffer.from(nonce),
      answers: [...sends, ...(puback === undefined ? [] : [puback])],
    };
  });
}

/** What was sent over one connection, joined: words may be cut between two calls. */
class SentStream {
  readonly #events: { readonly from: number; readonly event: EventOf<'send'> }[] = [];
  #size = 0;

  add(event: EventOf<'send'>): this {
    this.#events.push({ from: this.#size, event });
    this.#size += event.data.length;
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#events.map(({ event }) => event.data));
  }

  /** The call that sent the byte at this place; none for −1. */
  at(place: number): EventOf<'send'>[] {
    const found = this.#events.findLast(({ from }) => from <= place);
    return found === undefined ? [] : [found.event];
  }

  /** Every PUBACK (MQTT 3.1.1 §3.4) of a connection of MQTT. */
  *acknowledgements(): Generator<{ readonly messageId: number; readonly event: EventOf<'send'> }> {
    const bytes = this.bytes();
    for (let at = 0; at < bytes.length; ) {
      const start = at;
      const type = bytes.readUInt8(at++) >> 4;
      let size = 0;
      for (let shift = 0, more = true; more; shift += 7) {
        const digit = bytes.readUInt8(at++);
        size |= (digit & 127) << shift;
        more = digit >= 128;
      }
      if (type === 4) yield { messageId: bytes.readUInt16BE(at), event: this.at(start)[0] as EventOf<'send'> };
      at += size;
    }
  }
}
