/**
 * Load on a city that runs in a process of its own, from several devices over HTTP and MQTT at once, and a memory of every receipt that
 * came, as bytes: whatever becomes of the city, what they promise must hold.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { enrolDevices } from '@oppidum/device/enrol';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { parsePassingRefusal } from '@oppidum/formats/passing-refusal';
import { parsePolicy } from '@oppidum/formats/policy';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { connect, type MqttClient } from 'mqtt';
import { admitMaker, type CityProcess, until } from '../support/city-process.ts';
import { freshBytes } from '../support/running-city.ts';
import { type SignOptions, TestDevice } from '../support/running-shard.ts';
import { signToken } from '../support/tokens.ts';

/** A reading with its receipt, and when that came. */
export type Kept = { readonly envelope: Bytes; readonly receipt: Bytes; readonly atMs: number };
type Doors = Pick<CityProcess, 'http' | 'mqtt'>;
/** A device with what it signed and has no receipt for. */
export type Sender = { readonly device: TestDevice; readonly door: 'http' | 'mqtt'; sequence: number; waiting: Bytes[] };

/** Readings of one request, and under way on one connection. */
const TOGETHER = 16;
const AGAIN_TOGETHER = 500;
const ANSWER_TIMEOUT_MS = 20_000;
const QUESTIONS_AT_ONCE = 8;

/** The devices of a load, and what the city promised them. */
export class Load {
  readonly senders: readonly Sender[];
  /** By the digest of the reading. */
  readonly kept = new Map<string, Kept>();
  /** How often which code came instead of a receipt, and every other receipt for a reading that had one. */
  readonly codes = new Map<string, number>();
  readonly changed: string[] = [];
  #isStopped = false;

  private constructor(senders: readonly Sender[]) {
    this.senders = senders;
  }

  /** Enrols devices, every other for MQTT. */
  static async enrol(city: CityProcess, data: string, count: number): Promise<Load> {
    const { api, records, manufacturer, maker } = await admitMaker(city, data);
    const model = { id: freshBytes(32), name: 'Lamp 1', deviceType: 'street-light', personal: false, simulated: false };
    const devices = Array.from({ length: count }, () => new TestDevice(records.audience));
    const fresh = devices.map(({ id, signers }) => ({
      id,
      model: model.id,
      signer: signers[0] as Signer,
      grade: 'device' as const,
    }));
    await enrolDevices({ api, records, manufacturer, maker, models: [model], devices: fresh });
    api.close();
    return new Load(
      devices.map((device, i) => ({ device, door: i % 2 === 0 ? 'http' : 'mqtt', sequence: 0, waiting: [] as Bytes[] })),
    );
  }

  /** Signs until each device has so many that wait. */
  sign(count: number, options: SignOptions = {}): void {
    for (const sender of this.senders)
      while (sender.waiting.length < count) sender.waiting.push(sender.device.sign(++sender.sequence, options));
  }

  /** Sends what waits, until there is nothing more, the city is gone, or `stop` is called. */
  async run(city: Doors): Promise<void> {
    this.#isStopped = false;
    const going = () => !this.#isStopped;
    await Promise.all(
      this.senders.map((sender) =>
        sender.door === 'http' ? this.#sendHttp(city, sender, going) : this.#sendMqtt(city, sender, going),
      ),
    );
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Sends these once more: each must get the very receipt that it has. */
  async sendAgain(city: Doors, readings: readonly Kept[]): Promise<void> {
    for (let at = 0; at < readings.length; at += AGAIN_TOGETHER) {
      const some = readings.slice(at, at + AGAIN_TOGETHER);
      const answers = await post(
        city,
        some.map(({ envelope }) => envelope),
      );
      assert.equal(answers.length, some.length);
      for (const [i, { receipt }] of some.entries())
        assert.ok(equalBytes(answers[i]?.receipt ?? new Uint8Array(), receipt), `another receipt: ${answers[i]?.code}`);
    }
  }

  async #sendHttp(city: Doors, sender: Sender, going: () => boolean): Promise<void> {
    while (going() && sender.waiting.length > 0) {
      const some = sender.waiting.slice(0, TOGETHER);
      const answers = await post(city, some).catch(() => null);
      if (answers === null) return;
      for (const [i, { receipt, code }] of answers.entries()) {
        if (receipt === undefined) this.#count(String(code));
        else this.#keep(sender, some[i] as Bytes, receipt);
      }
    }
  }

  async #sendMqtt(city: Doors, sender: Sender, going: () => boolean): Promise<void> {
    const client = await connectDevice(city, sender.device).catch(() => null);
    if (client === null) return;
    const { id, audience } = sender.device;
    const topic = `v1/${toHex(audience)}/${toHex(id)}`;
    let answered: () => void = () => undefined;
    client.on('message', (_topic, message) => {
      this.#take(sender, new Uint8Array(message));
      answered();
    });
    const closed = new Promise<'closed'>((resolve) => client.once('close', () => resolve('closed')));
    try {
      // Of a connection that ends meanwhile, the client says nothing.
      await Promise.race([client.subscribeAsync(`${topic}/down`, { qos: 1 }), closed]);
      while (going() && client.connected && sender.waiting.length > 0) {
        const some = sender.waiting.slice(0, TOGETHER);
        let count = 0;
        const all = new Promise<'answered'>((resolve) => {
          answered = () => (++count === some.length ? resolve('answered') : undefined);
        });
        for (const envelope of some) client.publishAsync(`${topic}/up`, Buffer.from(envelope), { qos: 1 }).catch(() => undefined);
        if ((await Promise.race([all, closed])) === 'closed') return;
      }
    } catch {
      // The city is gone: what has no receipt waits.
    } finally {
      client.end(true);
    }
  }

  #take(sender: Sender, message: Bytes): void {
    const refusal = parsePassingRefusal(message);
    if (refusal !== null) return this.#count(refusal.code);
    const { sequence } = parseReceipt(message).leaf;
    const digest = toHex(parseReceipt(message).leaf.digest);
    const envelope = sender.waiting.find((waiting) => toHex(crypto.sha256(waiting)) === digest);
    if (envelope !== undefined) this.#keep(sender, envelope, message);
    else if (!this.kept.has(digest)) this.changed.push(`a receipt for nothing that was sent: ${sequence}`);
  }

  #keep(sender: Sender, envelope: Bytes, receipt: Bytes): void {
    const { leaf } = parseReceipt(receipt);
    const digest = toHex(leaf.digest);
    if (leaf.refusal !== undefined || digest !== toHex(crypto.sha256(envelope)))
      this.changed.push(`refused or another's: ${leaf.sequence} ${String(leaf.refusal)}`);
    sender.waiting = sender.waiting.filter((waiting) => waiting !== envelope);
    this.kept.set(digest, { envelope, receipt, atMs: performance.now() });
  }

  #count(code: string): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }
}

/** Sends a batch over HTTP; rejects when the city does not answer, or not with 200. */
export async function post(city: Pick<Doors, 'http'>, envelopes: readonly Bytes[]) {
  const response = await fetch(`${city.http}/api/v1/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/cbor', accept: 'application/cbor' },
    body: new Uint8Array(encodeReadingBatch([...envelopes])),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const answer = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${response.status} ${Buffer.from(answer).toString().slice(0, 300)}`);
  return parseReadingAnswers(answer);
}

/** A device's connection over MQTT; rejects when the city is gone or refuses it. */
export function connectDevice({ mqtt }: Pick<Doors, 'mqtt'>, { id, audience, signers }: TestDevice): Promise<MqttClient> {
  const name = toHex(id);
  const password = Buffer.from(signToken(signers[0] as Signer, { audience, device: id }));
  const client = connect(mqtt, { clientId: name, username: name, password, protocolVersion: 4, reconnectPeriod: 0 });
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('close', () => reject(new Error('closed')));
    client.once('connect', () => resolve(client));
  });
}

/** Resolves when the evidence of each of these readings is there and verifies; answers how many of them the city does not know. */
export async function countLost(city: Doors, data: string, readings: readonly Kept[]): Promise<number> {
  const policy = parsePolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
  let lost = 0;
  const rest = readings.values();
  const ask = async (): Promise<void> => {
    for (const { envelope } of rest) {
      const address = `${city.http}/api/v1/evidence/${toHex(crypto.sha256(envelope))}`;
      let file: Bytes = new Uint8Array();
      let status = 0;
      await until('its evidence is there', async () => {
        const response = await fetch(address, { headers: { accept: 'application/cbor' } });
        file = new Uint8Array(await response.arrayBuffer());
        status = response.status;
        return status === 200 || status === 404;
      });
      if (status === 404 || verifyEvidence(crypto, file, { policy }).verdict !== 'OK') lost++;
    }
  };
  await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, ask));
  return lost;
}
