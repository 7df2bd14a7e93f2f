/** The machine that is attacked: a lamp by the order agent of the SDK, over MQTT, with everything that reached it on a list. */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { Device } from '@oppidum/device/device';
import { MqttLink } from '@oppidum/device/mqtt-link';
import type { OrderLink } from '@oppidum/device/order-link';
import { OrderAgent } from '@oppidum/device/orders/order-agent';
import { openOrderState, pinZone } from '@oppidum/device/orders/order-state';
import { OrderTrust } from '@oppidum/device/orders/order-trust';
import { openOutbox } from '@oppidum/device/outbox';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import type { SensorValue } from '@oppidum/device/reading-pack';
import { openShardKeys } from '@oppidum/device/shard-keys';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import type { Envelope } from '@oppidum/formats/envelope';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { KeySet } from '@oppidum/formats/zone-statements';
import type { Rules } from './rules.ts';

export type LampPlace = {
  readonly folder: string;
  readonly seed: Bytes;
  readonly mqtt: string;
  readonly records: ProvenRecords;
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  readonly rules: Rules;
};

/** A lamp at work. */
export class Lamp {
  readonly id: Bytes;
  /** What it did, in order, over all its lives. */
  readonly done: string[] = [];
  /** Codes of what it refused or took for no order, in order. */
  readonly refused: string[] = [];
  /** Messages as the broker handed them over. */
  readonly heard: Bytes[] = [];
  /** What it signed about itself, in order: the id of the reading, and what that says. */
  readonly told: { readonly id: Bytes; readonly values: readonly SensorValue[] }[] = [];
  readonly #place: LampPlace;
  #challenge: Bytes = new Uint8Array();
  #agent: OrderAgent | null = null;
  #device: Device | null = null;
  #end: () => Promise<void> = () => Promise.resolve();

  private constructor(place: LampPlace) {
    this.#place = place;
    this.id = deviceIdOf(nativeCrypto, ed25519Signer(place.seed).publicKey);
  }

  /** Pins its zone and starts it. */
  static async start(place: LampPlace): Promise<Lamp> {
    const lamp = new Lamp(place);
    await pinZone(lamp.#stateFile, { keys: place.keySet, envelope: place.envelope });
    await lamp.#begin();
    return lamp;
  }

  /** The newest that it drew: no secret, for every gateway and broker sees it. */
  get challenge(): Bytes {
    return this.#challenge;
  }

  get #stateFile(): string {
    return join(this.#place.folder, 'orders.cbor');
  }

  /** Hands it bytes, as whoever is on its network can; resolves when it has judged them and acted or not. */
  async receive(message: Bytes): Promise<void> {
    await this.#agent?.receive(message);
  }

  /** Measures something; resolves when its signed reading is durable in the outbox. */
  async report(value: number): Promise<void> {
    await this.#device?.report([{ sensor: 'dimming', unit: '/', value, timeMs: Date.now() }]);
  }

  /** As after a power cut: nothing but its folder stays. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#begin();
  }

  async stop(): Promise<void> {
    await this.#end();
  }

  async #begin(): Promise<void> {
    const { folder, seed, mqtt, records, rules } = this.#place;
    const signer = ed25519Signer(seed);
    const shardKeys = await openShardKeys(records, null);
    const outbox = openOutbox({ path: join(folder, 'outbox.sqlite'), crypto: nativeCrypto, audience: records.audience });
    const device = new Device({ crypto: nativeCrypto, id: this.id, keyNumber: 0, signer, outbox, issuers: shardKeys });
    const link = new MqttLink(mqtt, device, { shardKeys });
    const agent = new OrderAgent({
      crypto: rules.crypto,
      device: { id: device.id, keyNumber: device.keyNumber, audience: device.audience, measure: this.#telling(device) },
      signer,
      store: openOrderState(this.#stateFile),
      trust: new OrderTrust(nativeCrypto, records.policy, null),
      source: null,
      challenges: rules.challenges(),
      actuator: {
        dangerous: new Set(),
        veto: () => null,
        act: async ({ command, arguments: given }) => void this.done.push([command, ...given].join(' ')),
        state: (): readonly SensorValue[] => [{ sensor: 'orders/obeyed', value: this.done.length }],
      },
      link: this.#listened(link),
      onTrouble: ({ code }) => this.refused.push(code),
      onOutcome: ({ code }) => {
        if (code !== null) this.refused.push(code);
      },
    });
    link.start();
    await agent.start();
    this.#agent = agent;
    this.#device = device;
    this.#end = async () => {
      await agent.stop();
      await link.stop();
      outbox.close();
    };
  }

  #telling(device: Device) {
    return async (values: readonly SensorValue[]) => {
      const reported = await device.report(values.map((value) => ({ ...value, timeMs: Date.now() })));
      this.told.push({ id: reported.digest, values });
      return reported;
    };
  }

  /** The same way, with what passes over it kept. */
  #listened(link: OrderLink): OrderLink {
    return {
      sendChallenge: (message) => {
        this.#challenge = parseChallenge(message).challenge;
        link.sendChallenge(message);
      },
      onOrder: (listener) =>
        link.onOrder((message) => {
          this.heard.push(message);
          listener(message);
        }),
    };
  }
}
