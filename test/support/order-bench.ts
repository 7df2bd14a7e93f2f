/** The order agent of a lamp, with a city that issues what a test asks for and a counter that it moves. */

import type { Actuator } from '@oppidum/device/orders/actuator';
import { Challenges } from '@oppidum/device/orders/challenges';
import { OrderAgent } from '@oppidum/device/orders/order-agent';
import { type OrderStore, orderStateInMemory } from '@oppidum/device/orders/order-state';
import { OrderTrust } from '@oppidum/device/orders/order-trust';
import type { ZoneDocuments } from '@oppidum/device/orders/zone-follower';
import type { ZoneSource } from '@oppidum/device/orders/zone-pins';
import type { SensorValue } from '@oppidum/device/reading-pack';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { parseCompactOrder } from '@oppidum/formats/compact-order';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import type { Envelope } from '@oppidum/formats/envelope';
import { orderId } from '@oppidum/formats/order-statement';
import type { SignedStatement } from '@oppidum/formats/statement';
import { encodeZoneNews, parseZoneHave, type ZoneHave, type ZoneNews } from '@oppidum/formats/zone-news';
import { nodeCrypto } from './crypto.ts';
import { deviceId, deviceSigner } from './devices.ts';
import { makeEnvelope } from './envelopes.ts';
import { IssuingCity } from './issuing-city.ts';
import { namedId } from './ledger.ts';

/** Its name. */
export const LAMP = 'lamp';

/** A lamp that is as bright as it was told, on a counter that the test moves. */
export class Bench {
  readonly city: IssuingCity;
  readonly store: OrderStore;
  readonly told: string[] = [];
  readonly troubles: string[] = [];
  readonly outcomes: (string | null)[] = [];
  readonly done: Command[] = [];
  nowMs = 1_000_000;
  level = 100;
  heldCount = 0;
  veto: string | null = null;
  failsVeto = false;
  failsState = false;
  works: () => Promise<void> = () => Promise.resolve();
  /** What stands in the way of what it says. */
  tells: () => Promise<void> = () => Promise.resolve();
  newest: Bytes = new Uint8Array();
  numbers: number[] = [];
  source: ZoneSource | null = null;
  /** What it said last that it has of its zone, and what it works by. */
  have: ZoneHave | null = null;
  haveCount = 0;
  documents: ZoneDocuments | null = null;
  agent: OrderAgent;
  #hear: ((news: Bytes) => void) | null = null;

  constructor(validatorCount = 1, envelope: Partial<Envelope> = {}) {
    this.city = new IssuingCity(validatorCount);
    this.store = orderStateInMemory({ keys: this.city.keys, envelope: this.envelope(envelope) });
    this.agent = this.#makeAgent();
  }

  /** Something that was signed for its zone comes, or bytes that are nothing; resolves when it was looked at. */
  async hear(news: ZoneNews | Bytes): Promise<void> {
    this.#hear?.(news instanceof Uint8Array ? news : encodeZoneNews(news));
    // In turn behind it, and nothing that anybody proved.
    await this.agent.receive(Uint8Array.of(0));
    this.troubles.pop();
  }

  envelope(changes: Partial<Envelope> = {}): Envelope {
    const safe = [{ command: 'light/level', arguments: [{ min: 100, max: 100 }] }];
    const plain = { quantities: [], rules: [], dangerous: ['light/off'], safe };
    return makeEnvelope({ city: this.city.genesis, zone: namedId('zone'), ...plain, ...changes });
  }

  /** As after a power cut: nothing is left but what is stored. */
  async restart(): Promise<void> {
    await this.agent.stop();
    this.agent = this.#makeAgent();
    await this.agent.start();
  }

  #makeAgent(): OrderAgent {
    const actuator: Actuator = {
      dangerous: new Set(['light/programme']),
      veto: () => {
        if (this.failsVeto) throw new TypeError('a mistake of its maker');
        return this.veto;
      },
      act: async (command) => {
        await this.works();
        this.done.push(command);
        this.level = command.arguments[0] ?? 0;
      },
      hold: () => {
        this.heldCount++;
        this.level = 100;
      },
      state: (): readonly SensorValue[] => {
        if (this.failsState) throw new TypeError('no sensor');
        return [{ sensor: 'level', unit: '%', value: this.level }];
      },
    };
    const signer = deviceSigner(LAMP);
    const measure = async (values: readonly SensorValue[]): Promise<null> => {
      await this.tells();
      this.told.push(values.map(({ sensor, value }) => `${sensor}=${value}`).join(' '));
      return null;
    };
    return new OrderAgent({
      crypto: nodeCrypto,
      device: { id: deviceId(LAMP), keyNumber: 0, audience: this.city.genesis, measure },
      signer,
      store: this.store,
      trust: new OrderTrust(nodeCrypto, this.city.policy, null),
      source: { keySet: (...at) => this.#ask('keySet', ...at), envelope: (...at) => this.#ask('envelope', ...at) },
      challenges: new Challenges({ boot: 'boot', nowMs: () => this.nowMs }),
      actuator,
      link: {
        sendChallenge: (message) => {
          const { challenge, number } = parseChallenge(message);
          this.newest = challenge;
          this.numbers.push(number);
        },
        onOrder: () => () => undefined,
      },
      news: {
        link: {
          tellHave: (message) => {
            this.have = parseZoneHave(message);
            this.haveCount++;
          },
          onNews: (listener) => {
            this.#hear = listener;
            return () => {
              this.#hear = null;
            };
          },
        },
        documents: this.documents,
      },
      onTrouble: ({ code }) => this.troubles.push(code),
      onOutcome: ({ code }) => this.outcomes.push(code),
    });
  }

  #ask(what: keyof ZoneSource, zone: Bytes, version: number): Promise<SignedStatement | null> {
    return this.source === null ? Promise.resolve(null) : this.source[what](zone, version);
  }

  issue(...[changes]: Partial<Parameters<IssuingCity['issue']>> extends [unknown?, (infer C)?] ? [C?] : never): Bytes {
    return this.city.issue({ device: deviceId(LAMP), challenge: this.newest }, changes);
  }
}

/** One that has started. */
export async function atWork(...options: ConstructorParameters<typeof Bench>): Promise<Bench> {
  const bench = new Bench(...options);
  await bench.agent.start();
  return bench;
}

/** Of the order that is in these bytes, in hex. */
export const idOf = (message: Bytes): string => toHex(orderId(nodeCrypto, parseCompactOrder(message).statement));
