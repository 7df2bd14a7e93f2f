/**
 * The city that attacks are carried out on: founded for them in a new folder, by the same services as any city, with a zone of one lamp. Nobody
 * can name another folder, so no city that is somebody's is ever attacked. Its keys are in our hands, as a thief or a dishonest operator has
 * them.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { CityApi } from '@oppidum/device/city-api';
import type { TransactionResult } from '@oppidum/device/city-client';
import { readSeed } from '@oppidum/device/key-file';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import type { Signer } from '@oppidum/formats/crypto';
import type { Envelope } from '@oppidum/formats/envelope';
import { encodeOrder, type Order } from '@oppidum/formats/order-statement';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import { CliFailure, EXIT } from '../failure.ts';
import { actionOf } from '../transactions.ts';
import { type Services, startFour, startOne } from './attacked-services.ts';
import { Lamp } from './lamp.ts';
import {
  addToZone,
  doBy,
  enrolMachines,
  type Hands,
  handsIn,
  LAMP_ABILITIES,
  LAMP_DIRECTIONS,
  type Machine,
  makeZone,
  newMachine,
  signedBy,
  submitBy,
  type Zone,
} from './make-street.ts';
import type { Rules } from './rules.ts';
import { Sensor } from './sensor.ts';

const LIFETIME_MS = 60_000;
/** What does not happen in so long does not happen: the desk then says that it could not be carried out. */
const WAIT_MS_MAX = 180_000;

/** One founded city. */
export class AttackedCity implements Hands {
  readonly rules: Rules;
  readonly folder: string;
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly operator: TransactionSigner;
  readonly #services: Services;
  readonly #forget: () => void;
  readonly #sensors: Sensor[] = [];
  #street: { readonly zone: Zone; readonly lamp: Lamp } | null = null;

  private constructor(rules: Rules, folder: string, services: Services, forget: () => void) {
    this.rules = rules;
    this.folder = folder;
    this.#services = services;
    this.#forget = forget;
    const { api, records, operator } = handsIn(this.data, services.http);
    this.api = api;
    this.records = records;
    this.operator = operator;
  }

  /** Founds it, with four validators or one, starts its services and its lamp. */
  static async found(rules: Rules, isCluster = false): Promise<AttackedCity> {
    const folder = await mkdtemp(join(tmpdir(), 'oppidum-attacks-'));
    // Whoever ends this process leaves no keys behind.
    const forget = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.once('exit', forget);
    let city: AttackedCity | null = null;
    try {
      const services = await (isCluster ? startFour : startOne)(folder, rules.serviceFlags);
      city = new AttackedCity(rules, folder, services, forget);
      await city.#build();
      return city;
    } catch (error) {
      await city?.close();
      process.removeListener('exit', forget);
      forget();
      throw error;
    }
  }

  get http(): string {
    return this.#services.http;
  }

  /** The data folder of its first validator. */
  get data(): string {
    return this.#services.folders[0] as string;
  }

  /** The data folders of all its validators. */
  get folders(): readonly string[] {
    return this.#services.folders;
  }

  get zone(): Zone {
    return this.#built().zone;
  }

  get lamp(): Lamp {
    return this.#built().lamp;
  }

  /** A key of the city: who attacks it may be its operator, or a validator. */
  keyOf(name: string, folder: string = this.data): Signer {
    return ed25519Signer(readSeed(join(folder, 'keys', `${name}.seed`)));
  }

  /** Ends everything and removes it with its keys. */
  async close(): Promise<void> {
    await this.#street?.lamp.stop();
    for (const sensor of this.#sensors) sensor.close();
    await this.#services.stop();
    this.api.close();
    process.removeListener('exit', this.#forget);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Submits as the operator; what the ledger said. */
  submit(actions: readonly Action[]): Promise<TransactionResult> {
    return submitBy(this, actions);
  }

  /** The same for what must be done before an attack. Throws the refusal. */
  do(actions: readonly Action[]): Promise<void> {
    return doBy(this, actions);
  }

  /** An order to the lamp for its newest challenge. */
  order(changes: Partial<Order>): Order {
    const { keySet } = this.zone;
    return {
      ...{ city: keySet.city, zone: keySet.zone, keys: 1, envelope: 1 },
      target: { device: this.lamp.id, challenge: this.lamp.challenge },
      ...{ command: 'light/full', arguments: [], lifetimeMs: LIFETIME_MS, expiresMs: Date.now() + LIFETIME_MS },
      ...{ mode: 'ordinary', nonce: new Uint8Array(randomBytes(16)) },
      ...changes,
    };
  }

  /** Asks the ledger to take an order with the signatures of these keys of its zone; what it said. */
  issue(order: Order, keys: readonly number[], zone: Zone = this.zone): Promise<TransactionResult> {
    const statement = encodeOrder(order);
    const signatures = signedBy(
      'order',
      statement,
      zone.keys.map((signer, key) => (keys.includes(key) ? signer : null)),
    );
    return this.submit([actionOf('order/issue', { statement, signatures })]);
  }

  /** Waits until it is so. Throws when it never is. */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WAIT_MS_MAX;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new CliFailure(`In vain was waited for ${what}`, { exitCode: EXIT.failed });
      await sleep(20);
    }
  }

  /** A zone under two new keys, by the rules that are in force. */
  makeZone(name: string, domain: string, envelope: Partial<Envelope>): Promise<Zone> {
    return makeZone(this, { name, domain, dangerousSigners: this.rules.dangerousSigners, envelope });
  }

  /** So many new sensors of one model, enrolled, each with an outbox of its own. */
  async makeSensors(name: string, count: number): Promise<readonly Sensor[]> {
    const machines = Array.from({ length: count }, newMachine);
    await enrolMachines(this, { name, deviceType: 'sensor', abilities: [] }, machines);
    return machines.map((machine) => this.sensorOf(machine));
  }

  /** Whoever has a machine's key signs readings with it; there may be several, and none knows of the others. */
  sensorOf(machine: Machine): Sensor {
    const sensor = Sensor.open(this, machine);
    this.#sensors.push(sensor);
    return sensor;
  }

  #built(): { readonly zone: Zone; readonly lamp: Lamp } {
    if (this.#street === null) throw new Error('a city is built before it is attacked');
    return this.#street;
  }

  async #build(): Promise<void> {
    const { records, rules } = this;
    const machine = newMachine();
    await enrolMachines(this, { name: 'Lamp 1', deviceType: 'street-light', abilities: LAMP_ABILITIES }, [machine]);
    const zone = await this.makeZone('Attacked street', 'lighting', LAMP_DIRECTIONS);
    await addToZone(this, zone, [machine.id]);
    const folder = join(this.folder, 'lamp');
    mkdirSync(folder, { mode: 0o700 });
    const { keySet, envelope } = zone;
    const { mqtt } = this.#services;
    this.#street = { zone, lamp: await Lamp.start({ folder, seed: machine.seed, mqtt, records, keySet, envelope, rules }) };
  }
}
