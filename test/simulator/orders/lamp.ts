/** A machine of the SDK in a run of orders: its agent with a journal, a counter and random bytes of the run; what it does is judged. */

import { Challenges } from '@oppidum/device/orders/challenges';
import { OrderAgent } from '@oppidum/device/orders/order-agent';
import { type OrderStore, orderStateInMemory } from '@oppidum/device/orders/order-state';
import { OrderTrust } from '@oppidum/device/orders/order-trust';
import type { SensorValue } from '@oppidum/device/reading-pack';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import type { KeySet } from '@oppidum/formats/zone-statements';
import type { OrderPlant } from '../plants.ts';
import type { District } from './district.ts';
import type { VirtualTimers } from './virtual-timers.ts';

/** A challenge that is never void and of any age. */
class ForgetfulChallenges extends Challenges {
  readonly #plant: OrderPlant | null;

  constructor(plant: OrderPlant | null, ...rest: ConstructorParameters<typeof Challenges>) {
    super(...rest);
    this.#plant = plant;
  }

  override check(challenge: Bytes, lifetimeMs: number) {
    return this.#plant === 'challenges'
      ? null
      : super.check(challenge, this.#plant === 'time' ? Number.MAX_SAFE_INTEGER : lifetimeMs);
  }
}

export type Drawn = { readonly value: Bytes; readonly madeMs: number; readonly life: number };

export class Lamp {
  readonly id: Bytes;
  readonly store: OrderStore;
  /** Newest last, over all lives of the machine. */
  readonly drawn: Drawn[] = [];
  readonly told: string[] = [];
  /** Which life it is in: one more with each power cut. */
  life = 0;
  isVetoed = false;
  /** The next thing it does never ends: power is gone before. */
  hangs = false;
  isHung = false;
  readonly #district: District;
  readonly #timers: VirtualTimers;
  readonly #plant: OrderPlant | null;
  readonly #random: (bytes: Bytes) => Bytes;
  readonly #onAct: (command: Command) => void;
  readonly #trust: OrderTrust;
  #agent: OrderAgent;
  #bootMs = 0;

  constructor(
    district: District,
    timers: VirtualTimers,
    options: {
      readonly name: string;
      readonly keys: KeySet;
      readonly plant: OrderPlant | null;
      readonly random: (bytes: Bytes) => Bytes;
      readonly onAct: (command: Command) => void;
    },
  ) {
    this.id = district.idOf(options.name);
    this.#district = district;
    this.#timers = timers;
    this.#plant = options.plant;
    this.#random = options.random;
    this.#onAct = options.onAct;
    const keys = this.#plant === 'keys' ? { ...options.keys, threshold: 1, dangerousThreshold: 1 } : options.keys;
    const { policy, envelope, hands } = district;
    const [group] = policy.groups;
    const weak = { ...policy, groups: group === undefined ? [] : [{ ...group, threshold: 1 }] };
    this.store = orderStateInMemory({ keys, envelope });
    this.#trust = new OrderTrust(hands.crypto, policy, null);
    if (this.#plant === 'quorum') this.#trust.policyOf = () => weak;
    this.#agent = this.#makeAgent();
  }

  start(): Promise<void> {
    return this.#agent.start();
  }

  receive(message: Bytes): Promise<void> {
    return this.#agent.receive(message);
  }

  /** Power is cut at once and comes back: nothing is left but what is stored. */
  async cutPower(): Promise<void> {
    this.#timers.forget();
    this.life++;
    this.#bootMs = this.#timers.nowMs;
    this.hangs = false;
    this.isHung = false;
    this.#agent = this.#makeAgent();
    await this.#agent.start();
  }

  #makeAgent(): OrderAgent {
    const { hands, city } = this.#district;
    const signer = hands.signer('lamp');
    const { life } = this;
    const monotonic = { boot: `boot ${life}`, nowMs: () => this.#timers.nowMs - this.#bootMs };
    const measure = (values: readonly SensorValue[]): Promise<null> => {
      if (life === this.life) this.told.push(...values.map(({ sensor, value }) => `${sensor}=${String(value)}`));
      return Promise.resolve(null);
    };
    return new OrderAgent({
      crypto: hands.crypto,
      device: { id: this.id, keyNumber: 0, audience: city, measure },
      signer,
      store: this.store,
      trust: this.#trust,
      source: null,
      challenges: new ForgetfulChallenges(this.#plant, monotonic, (bytes) => this.#random(bytes)),
      actuator: {
        dangerous: new Set(['light/off']),
        veto: () => (this.isVetoed && this.#plant !== 'veto' ? 'LAMP_TOO_HOT' : null),
        act: (command) => {
          this.#onAct(command);
          if (!this.hangs) return Promise.resolve();
          this.isHung = true;
          return new Promise(() => undefined);
        },
        state: () => [],
      },
      link: {
        sendChallenge: (message) => {
          this.drawn.push({ value: parseChallenge(message).challenge, madeMs: this.#timers.nowMs, life });
        },
        onOrder: () => () => undefined,
      },
    });
  }

  /** Whether it said what became of an order. */
  hasAnswered(order: Bytes): boolean {
    const name = toHex(order);
    return this.told.some((said) => said === `order/applied=${name}` || said.startsWith(`order/rejected=${name} `));
  }
}
