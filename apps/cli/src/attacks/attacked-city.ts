/**
 * The city that attacks are carried out on: founded for them in a new folder, by the same services as any city, with a zone of one lamp. Nobody
 * can name another folder, so no city that is somebody's is ever attacked. Its keys are in our hands, as a thief or a dishonest operator has
 * them.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { enrolDevices } from '@oppidum/device/enrol';
import { readSeed } from '@oppidum/device/key-file';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, compareBytes, parseHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { deviceIdOf } from '@oppidum/formats/ids';
import { encodeOrder, type Order } from '@oppidum/formats/order-statement';
import { type StatementSignature, type StatementUse, signStatement } from '@oppidum/formats/statement';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import { encodeKeySet, type KeySet } from '@oppidum/formats/zone-statements';
import { CliFailure, EXIT } from '../failure.ts';
import { Child } from '../start/children.ts';
import { GATEWAY, GATEWAY_NODE_FLAGS } from '../start/start-options.ts';
import { actionOf, freshId } from '../transactions.ts';
import { Lamp } from './lamp.ts';
import type { Rules } from './rules.ts';

/** A zone as its founders made it, and their keys. */
export type AttackedZone = { readonly keySet: KeySet; readonly envelope: Envelope; readonly keys: readonly Signer[] };

const FREE_PORTS = ['--port', '0', '--mqtt-port', '0', '--mqtts-port', '0'];
const LIFETIME_MS = 60_000;
const RETRY_COUNT = 20;
const RETRY_MS = 100;
/** What does not happen in so long does not happen: the desk then says that it could not be carried out. */
const WAIT_MS_MAX = 60_000;
const ORDERED: Pick<Envelope, 'safe' | 'dangerous'> = {
  safe: [{ command: 'light/full', arguments: [] }],
  dangerous: ['light/maintenance'],
};
const COMMANDS: readonly (readonly [name: string, parameters: CborValue[]])[] = [
  ['light/full', []],
  [
    'light/maintenance',
    [
      new Map<string, CborValue>([
        ['name', 'lit'],
        ['min', 0],
        ['max', 1],
      ]),
    ],
  ],
];

/** One founded city. */
export class AttackedCity {
  readonly rules: Rules;
  readonly folder: string;
  readonly http: string;
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly operator: TransactionSigner;
  readonly #gateway: Child;
  readonly #leave: () => void;
  #street: { readonly zone: AttackedZone; readonly lamp: Lamp } | null = null;

  private constructor(rules: Rules, folder: string, gateway: Child, http: string, leave: () => void) {
    const data = join(folder, 'city');
    this.rules = rules;
    this.folder = folder;
    this.#gateway = gateway;
    this.#leave = leave;
    this.http = http;
    this.api = new CityApi(http);
    this.records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(join(data, 'city.policy'))), this.api);
    const { operator } = JSON.parse(readFileSync(join(data, 'keys', 'accounts.json'), 'utf8')) as { readonly operator: string };
    this.operator = { account: parseHex(operator, 32), keyNumber: 0, signer: this.keyOf('operator') };
  }

  /** Founds it, starts its services and its lamp. */
  static async found(rules: Rules): Promise<AttackedCity> {
    const folder = await mkdtemp(join(tmpdir(), 'oppidum-attacks-'));
    const words: string[] = [];
    const args = ['--data', join(folder, 'city'), '--found', 'attacked.example', ...FREE_PORTS];
    const nodeFlags = [...GATEWAY_NODE_FLAGS, ...rules.serviceFlags];
    const onLine = (line: string): void => void words.push(line);
    const gateway = new Child('the city', GATEWAY, args, { env: withoutSettings(), nodeFlags, onLine });
    // Whoever ends this process leaves no keys behind.
    const leave = (): void => {
      gateway.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    process.once('exit', leave);
    const ready = await gateway.firstMessage();
    if (!('http' in ready) || !('mqtt' in ready)) {
      await rm(folder, { recursive: true, force: true });
      throw new CliFailure(`The city of the attacks did not start: ${words.at(-1) ?? ''}`, { exitCode: EXIT.unavailable });
    }
    const city = new AttackedCity(rules, folder, gateway, String(ready.http), leave);
    try {
      await city.#build(String(ready.mqtt));
    } catch (error) {
      await city.close();
      throw error;
    }
    return city;
  }

  get data(): string {
    return join(this.folder, 'city');
  }

  get zone(): AttackedZone {
    return this.#built().zone;
  }

  get lamp(): Lamp {
    return this.#built().lamp;
  }

  /** A key of the city: who attacks it may be its operator. */
  keyOf(name: string): Signer {
    return ed25519Signer(readSeed(join(this.folder, 'city', 'keys', `${name}.seed`)));
  }

  /** Ends everything and removes it with its keys. */
  async close(): Promise<void> {
    await this.#street?.lamp.stop();
    await this.#gateway.stop();
    this.api.close();
    process.removeListener('exit', this.#leave);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Submits as the operator; the code of the ledger. An idle city's time stands, so what is from its future is sent again. */
  async submit(actions: readonly Action[]): Promise<string> {
    for (let round = 0; ; round++) {
      const { code } = await this.api.submit(makeTransaction(this.records.audience, actions, [this.operator]));
      if (code !== 'NOT_YET_VALID' || round === RETRY_COUNT) return code;
      await sleep(RETRY_MS);
    }
  }

  /** The same for what must be done before an attack. Throws the refusal. */
  async do(actions: readonly Action[]): Promise<void> {
    const code = await this.submit(actions);
    if (code !== 'OK') throw new CliFailure(`The city refused what an attack needs: ${code}`, { exitCode: EXIT.failed });
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

  /** Has the ledger take the order with the signatures of these keys of the zone; its code. */
  issue(order: Order, keys: readonly number[]): Promise<string> {
    const statement = encodeOrder(order);
    const signers = keys.map((key) => ({ key, signer: this.zone.keys[key] as Signer }));
    const signatures = signed('order', statement, signers);
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

  /** A zone under two new keys. */
  async makeZone(name: string, domain: string, ordered: Pick<Envelope, 'safe' | 'dangerous'>): Promise<AttackedZone> {
    const keys = [freshSigner(), freshSigner()].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
    const place = { city: this.records.audience, zone: freshId(), version: 1 };
    const { dangerousSigners: dangerousThreshold } = this.rules;
    const keySet: KeySet = { ...place, keys: keys.map(({ publicKey }) => publicKey), threshold: 1, dangerousThreshold };
    const envelope: Envelope = {
      ...{ ...place, previous: new Uint8Array(32), independence: 'device', grade: 'device', quantities: [], rules: [] },
      ...{ ...ordered, lifetimeMsMax: LIFETIME_MS, dangerousLifetimeMsMax: LIFETIME_MS },
    };
    const statement = encodeBy(envelopeSchema, envelope);
    const signatures = signed('envelope', statement, byAll(keys));
    const body = { id: place.zone, name, domain, keySet: encodeKeySet(keySet), envelope: statement, signatures };
    await this.do([actionOf('zone/create', body)]);
    return { keySet, envelope, keys };
  }

  #built(): { readonly zone: AttackedZone; readonly lamp: Lamp } {
    if (this.#street === null) throw new Error('a city is built before it is attacked');
    return this.#street;
  }

  async #build(mqtt: string): Promise<void> {
    const { api, records, operator } = this;
    const [manufacturer, seed] = [freshId(), freshId()];
    await this.do([createManufacturer(manufacturer, 'Makers of lamps', operator.account)]);
    const signer = ed25519Signer(seed);
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    const model = { id: freshId(), name: 'Lamp 1', deviceType: 'street-light', personal: false, simulated: true };
    const devices = [{ id, model: model.id, signer, grade: 'device' as const }];
    await enrolDevices({ api, records, manufacturer, maker: operator, models: [model], devices });
    await this.do([actionOf('model/describe', { id: model.id, commands: COMMANDS.map(commandMap), sensors: [] })]);
    const zone = await this.makeZone('Attacked street', 'lighting', ORDERED);
    await this.do([actionOf('zone/add-devices', { zone: zone.keySet.zone, devices: [id] })]);
    const folder = join(this.folder, 'lamp');
    mkdirSync(folder, { mode: 0o700 });
    const { keySet, envelope } = zone;
    this.#street = { zone, lamp: await Lamp.start({ folder, seed, mqtt, records, keySet, envelope, rules: this.rules }) };
  }
}

/** Settings of a city that somebody runs here, such as a broker of theirs, are none of this one. */
function withoutSettings(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => name.startsWith('OPPIDUM_'));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** A key that nobody knows yet. */
export function freshSigner(): Signer {
  return ed25519Signer(freshId());
}

/** Each key by its place in the set. */
export function byAll(keys: readonly Signer[]): { readonly key: number; readonly signer: Signer }[] {
  return keys.map((signer, key) => ({ key, signer }));
}

/** Signatures under a statement, as bodies of actions have them. */
export function signed(use: StatementUse, statement: Bytes, by: Parameters<typeof signStatement>[3]): CborMap[] {
  return signStatement(nativeCrypto, use, statement, by).map(
    ({ key, signature }: StatementSignature): CborMap =>
      new Map<string, CborValue>([
        ['key', key],
        ['signature', signature],
      ]),
  );
}

function commandMap([name, parameters]: readonly [string, CborValue[]]): CborMap {
  return new Map<string, CborValue>([
    ['name', name],
    ['parameters', parameters],
  ]);
}
