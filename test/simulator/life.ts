/**
 * What a city might live through: transactions of all areas, by the right ones and the wrong ones, in any order, some of them sent
 * before, some of them bytes that mean nothing. Everything follows from the seed.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind } from '@oppidum/formats/state-telemetry';
import { FIRST_VERSION, NEWEST_VERSION } from '@oppidum/formats/state-upgrades';
import {
  activation,
  deviceId,
  enrol,
  newDevice,
  newModel,
  newShard,
  rotation,
  signedReading,
  TestShard,
} from '../support/devices.ts';
import { namedId, publicKeyOf, type TestCity } from '../support/ledger.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { namedSigner } from '../support/signers.ts';
import { attestation, DEMAND, image, makeTrustCity, mark, running } from '../support/trust.ts';
import { Dice } from './dice.ts';

/** Signers, kind, body. */
type Act = readonly [by: string, kind: string, body: object];
/** Made only when it is chosen: it signs, and may let a log grow. */
type Chance = () => Act;

/** A shard with the log it keeps, and another one that it also signs, if it is not honest. */
export type SimulatedShard = { readonly shard: TestShard; readonly forked: MemoryLog | null };

const SIGNERS = [
  'registrar',
  'operator',
  'operator/1',
  'maker',
  'maker/1',
  'rival',
  'protector',
  'telemetry',
  'anna',
  'ben',
  'owner',
  'buyer',
  'auditor-a',
] as const;
const MODELS = ['lamp', 'badge', 'copy', 'model-0', 'model-1'] as const;
const LIFETIME_MS = 300_000;
const DEVICE_COUNT = 8;
/** Enrolled from the beginning. */
const ENROLLED_COUNT = 5;

/** One seed's life of one city. */
export class Life {
  readonly city: TestCity;
  /** Shard 0 keeps one log; shard 1 signs two that share their first entries. */
  readonly shards: readonly [SimulatedShard, SimulatedShard];
  readonly #dice: Dice;
  readonly #clockMs: () => number;
  readonly #sent: Bytes[] = [];
  #count = 0;

  /** `clockMs`: of whoever sends, where that is not the time of the city's latest block. */
  constructor(seed: number, validatorCount = 1, clockMs?: () => number) {
    this.#clockMs = clockMs ?? (() => this.city.timeMs);
    this.#dice = new Dice(seed);
    // Some cities never upgrade.
    this.city = makeTrustCity(validatorCount, seed % 4 === 1 ? FIRST_VERSION : NEWEST_VERSION);
    for (let n = 0; n < ENROLLED_COUNT; n++) enrol(this.city, `device-${n}`);
    const shared = [namedId('entry 0'), namedId('entry 1')];
    const [honest, dishonest] = [new TestShard(this.city, 0), new TestShard(this.city, 1)];
    dishonest.log.entries.push(...shared);
    this.shards = [
      { shard: honest, forked: null },
      { shard: dishonest, forked: new MemoryLog(shared) },
    ];
  }

  /** The envelopes of the next block. */
  next(): Bytes[] {
    return Array.from({ length: this.#dice.below(7) }, () => this.#envelope());
  }

  #envelope(): Bytes {
    const dice = this.#dice;
    const [first] = this.#sent;
    if (first !== undefined && dice.once(12)) return dice.pick([first, ...this.#sent]);
    if (dice.once(25)) return namedId(`noise ${this.#count++}`);
    const [by, kind, body] = this.#act();
    const signer = dice.once(12) ? dice.pick(SIGNERS) : by;
    const actions = [this.city.action(kind, body)];
    // Two actions of one signer happen both or not at all.
    if (dice.once(6)) {
      const [nextBy, nextKind, nextBody] = this.#act();
      if (nextBy === signer) actions.push(this.city.action(nextKind, nextBody));
    }
    const envelope = this.city.transaction(signer, actions, { validUntil: this.#clockMs() + LIFETIME_MS });
    this.#sent.push(envelope);
    return envelope;
  }

  #act(): Act {
    const { device, telemetry, governance, trust } = this;
    return this.#dice.pick([device, device, device, telemetry, telemetry, governance, trust, trust]).call(this);
  }

  /** Any name and id of the simulation. */
  #device(): string {
    return `device-${this.#dice.below(DEVICE_COUNT)}`;
  }

  #fresh(): Bytes {
    return namedId(`fresh ${this.#count++}`);
  }

  governance(): Act {
    const id = namedId(`proposal ${this.#dice.below(40)}`);
    const name = `citizen-${this.#dice.below(30)}`;
    const chances: readonly [Chance, ...Chance[]] = [
      () => [
        'registrar',
        'account/create',
        { id: namedId(name), holder: 'person', key: publicKeyOf(namedSigner(`${name}/0`)), class: 'full' },
      ],
      () => ['anna', 'proposal/create', { id, body: namedId('council'), ...this.#proposed() }],
      () => ['ben', 'proposal/approve', { id }],
      () => ['anna', 'proposal/withdraw', { id }],
      () => [
        'protector',
        'erasure/record',
        { id: namedId(`erasure ${this.#dice.below(40)}`), root: id, count: 3, legalBasis: 'request' },
      ],
    ];
    return this.#dice.pick(chances)();
  }

  #proposed(): object {
    if (this.#dice.once(3)) {
      const [id, evidence] = [deviceId(this.#device()), namedId(`photo ${this.#dice.below(3)}`)];
      const outcome = this.#dice.pick(['reversed', 'confirmed']);
      const appeal = { id, evidence, outcome, reason: 'simulated' };
      return { actions: [this.city.action('device/decide-appeal', appeal)], expiresMs: this.city.timeMs + 30_000 };
    }
    const parameter = { name: 'telemetry/anchor-sensor-clock-ahead-ms', value: this.#dice.below(70_000) };
    return { actions: [this.city.action('parameter/set', parameter)], expiresMs: this.city.timeMs + 30_000 };
  }

  device(): Act {
    const dice = this.#dice;
    const name = this.#device();
    const id = deviceId(name);
    const model = dice.pick(MODELS);
    const maker = model === 'copy' ? 'rival' : 'maker';
    const made = dice.pick(['model-0', 'model-1']);
    const chances: readonly [Chance, ...Chance[]] = [
      () => ['maker', 'device/activate', activation(this.city, name)],
      () => [maker, 'device/register', { model: namedId(model), ...newDevice(name) }],
      () => [maker, 'device/register-many', { model: namedId(model), devices: this.#delivery() }],
      () => ['registrar', 'device/rotate-key', rotation(this.city, name, 1 + dice.below(3))],
      () => ['operator', 'device/suspend', { id, reason: 'simulated' }],
      () => ['operator', 'device/resume', { id }],
      () => ['operator', 'device/resume', { id }],
      () => ['rival', 'device/report-clone', this.#clone(name)],
      () => ['maker', 'model/create', newModel(made, 'works', { personal: dice.once(2) })],
    ];
    const final: readonly [Chance, ...Chance[]] = [
      () => ['operator', 'device/revoke', { id, reason: 'simulated' }],
      () => ['maker', 'model/revoke', { id: namedId(made), reason: 'simulated' }],
      () => ['operator', 'manufacturer/revoke', { id: namedId('rivals'), reason: 'simulated' }],
    ];
    return dice.pick(dice.once(40) ? final : chances)();
  }

  /** Sales, marks, images and tokens, honest and not. */
  trust(): Act {
    const dice = this.#dice;
    const name = this.#device();
    const id = deviceId(name);
    const [seller, buyer] = [dice.pick(['maker', 'owner', 'buyer']), dice.pick(['owner', 'buyer'])];
    const evidence = `photo ${dice.below(3)}`;
    const version = dice.pick(['1', '2', 'evil']);
    const chances: readonly [Chance, ...Chance[]] = [
      () => ['maker', 'device/vouch', { id, owner: namedId(buyer) }],
      () => [seller, 'device/transfer', { id, link: dice.below(4), owner: namedId(buyer) }],
      () => [seller, 'device/transfer', { id, link: dice.below(4), owner: namedId(buyer) }],
      () => ['operator', 'device/quarantine', { id, reason: 'simulated' }],
      () => ['operator', 'device/release', { id }],
      () => [dice.pick(['auditor-a', 'auditor-b', 'auditor-c']), 'device/mark', mark(name, evidence, 1 + dice.below(900))],
      () => [dice.pick(['auditor-a', 'auditor-b', 'auditor-c']), 'device/mark', mark(name, evidence, 1 + dice.below(900))],
      () => [seller, 'device/appeal', { id, evidence: namedId(evidence), reason: 'simulated' }],
      () => ['maker', 'model/permit-firmware', image(dice.pick(['1', '2']))],
      () => ['rival', 'device/report-firmware', running(this.city, name, version, 1 + dice.below(6), dice.below(2))],
      () => ['rival', 'device/attest', attestation(this.city, name, dice.once(3) ? { 263: 0 } : {})],
    ];
    if (dice.once(60))
      return ['operator', 'model/withdraw-firmware', { id: namedId('lamp'), digest: image('2').digest, reason: 'x' }];
    if (dice.once(60)) return ['operator', 'model/require-attestation', DEMAND];
    return dice.pick(chances)();
  }

  #delivery(): object[] {
    return Array.from({ length: 1 + this.#dice.below(3) }, () => newDevice(this.#device()));
  }

  #clone(name: string): object {
    const [sequence, keyNumber, v] = [1 + this.#dice.below(3), this.#dice.below(2), this.#dice.below(3)];
    const reading = (value: number) =>
      signedReading(this.city, name, { sequence, keyNumber, records: [{ n: 'power', v: value }] });
    return { first: reading(v), second: reading(1) };
  }

  telemetry(): Act {
    const dice = this.#dice;
    const number = dice.below(2) as 0 | 1;
    const { shard, forked } = this.shards[number];
    const log = forked !== null && dice.once(4) ? forked : shard.log;
    const anchor: Chance = () => ['telemetry', 'telemetry/anchor', this.#anchor(shard, log)];
    const declare = () => ({ device: deviceId(this.#device()), name: 'power', decimals: dice.below(3) });
    const chances: readonly [Chance, ...Chance[]] = [
      anchor,
      anchor,
      anchor,
      () => ['operator', 'telemetry/declare-sensor', declare()],
      () => ['rival', 'telemetry/report-fork', this.#report(shard, log, dice.once(4) ? (forked ?? log) : log)],
      () => ['operator', 'shard/declare', newShard(dice.below(8))],
    ];
    if (dice.once(150)) return ['operator', 'shard/retire', { id: shard.id, reason: 'simulated' }];
    return dice.pick(chances)();
  }

  /** The log grows by readings, and is anchored with the last of them riding along. */
  #anchor(shard: TestShard, log: MemoryLog): object {
    const dice = this.#dice;
    const riders = Array.from({ length: 1 + dice.below(3) }, () => {
      const sequence = 1 + dice.below(40);
      const keyNumber = dice.once(4) ? 1 : 0;
      const envelope = signedReading(this.city, this.#device(), {
        sequence,
        keyNumber,
        records: [{ n: 'power', v: sequence / 8 }],
      });
      log.entries.push(this.city.rules.crypto.sha256(envelope));
      return { envelope, index: log.size - 1 };
    });
    const last = this.city.read(at(anchorHeadKind, shard.id))?.size ?? 0;
    const sensors = dice.once(2) ? [] : riders.slice(-1).map(({ envelope, index }) => ({ envelope, ...log.hop(index) }));
    const consistency = last > log.size ? [] : log.consistency(last);
    return { shard: shard.id, checkpoint: shard.note(log.size, log), consistency, sensors };
  }

  /** Says that two heads contradict each other, which is true only where two logs were signed. */
  #report(shard: TestShard, log: MemoryLog, other: MemoryLog): object {
    const dice = this.#dice;
    const empty = { shard: shard.id, later: {}, earlier: {}, root: this.#fresh(), consistency: [] };
    if (log.size === 0 || other.size === 0) return empty;
    const size2 = 1 + dice.below(log.size);
    const size1 = 1 + dice.below(Math.min(size2, other.size));
    const anchored = this.city.read(at(anchorHeadKind, shard.id))?.size ?? 0;
    const earlier = dice.once(2) && anchored > 0 && anchored <= size2 ? { anchored } : { note: shard.note(size1, other) };
    const from = 'anchored' in earlier ? anchored : size1;
    const consistency = from === size2 ? [] : log.consistency(from, size2);
    const root = dice.once(4) ? this.#fresh() : log.root(from);
    return { shard: shard.id, later: { note: shard.note(size2, log) }, earlier, root, consistency };
  }
}
