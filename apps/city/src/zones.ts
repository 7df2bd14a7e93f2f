/**
 * The machines of the town that take orders, from the moment that somebody pinned their zones (`zone-file.ts`). Each has the SDK's agent,
 * talks over its own connection, and obeys what its zone's keys signed and the city issued.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { CityApi } from '@oppidum/device/city-api';
import type { Actuator } from '@oppidum/device/orders/actuator';
import { Challenges } from '@oppidum/device/orders/challenges';
import { holdSafe } from '@oppidum/device/orders/hold-safe';
import { OrderAgent } from '@oppidum/device/orders/order-agent';
import { ledgerSource, OrderTrust } from '@oppidum/device/orders/order-trust';
import { followZone, type ZonePins } from '@oppidum/device/orders/zone-pins';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import type { SensorValue } from '@oppidum/device/reading-pack';
import { systemMonotonic } from '@oppidum/device/system-time';
import type { Signer } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { Fleet, Member } from './fleet.ts';
import { LightZone } from './light-zone.ts';
import type { Machine, MachineZone } from './machine-zone.ts';
import { SignalZone } from './signal-zone.ts';
import { labelOf } from './town.ts';
import { TroubleLog } from './trouble-log.ts';
import { junctionsOf, type ZoneName } from './zone-drafts.ts';
import { openMachine, readZoneFile } from './zone-file.ts';

/** A device that got no receipt for so long is without the city: no word of it comes. */
const LINK_LOST_MS = 60_000;
const ADVANCE_EVERY_MS = 250;

/** A member with the key that signs its answers. */
export type Keyed = Member & { readonly signer: Signer };

export type ZonesOptions = {
  readonly folder: string;
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly fleet: Fleet;
  readonly members: readonly Keyed[];
  readonly townMs: () => number;
  /** What every reading says beside what it measures. */
  readonly also: () => readonly SensorValue[];
  readonly log: (line: string) => void;
};

/** All of them, from the first `look` to `stop`. */
export class Zones {
  readonly #options: ZonesOptions;
  readonly #trust: OrderTrust;
  /** Of zones, which are well again once the city can be asked; of machines, which meet what is no order for them. */
  readonly #troubles: TroubleLog;
  readonly #alarms: TroubleLog;
  /** By zone, the devices that are in it or that its machines need. */
  readonly #members: ReadonlyMap<ZoneName, readonly Keyed[]>;
  readonly #open = new Map<ZoneName, MachineZone>();
  readonly #agents: OrderAgent[] = [];
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | null = null;

  constructor(options: ZonesOptions) {
    this.#options = options;
    this.#troubles = new TroubleLog(options.log);
    this.#alarms = new TroubleLog(options.log);
    this.#trust = new OrderTrust(nativeCrypto, options.records.policy, () => options.api.successors());
    this.#members = new Map<ZoneName, readonly Keyed[]>([
      ['lights', options.members.filter(({ post }) => post.lamp !== null)],
      ...junctionsOf(options.members).map(({ name, heads }) => [name, heads] as const),
    ]);
    this.#timer = setInterval(() => this.#advance(), ADVANCE_EVERY_MS);
  }

  /** Opens the zones that were pinned since, and follows those that are open. What the city cannot tell now is asked for again. */
  async look(): Promise<void> {
    let isWell = true;
    for (const [name, members] of this.#members) {
      const zone = this.#open.get(name);
      const code = await codeOf(zone === undefined ? this.#begin(name, members) : zone.follow());
      isWell &&= code === null;
      if (code !== null) this.#troubles.trouble(code, 'zones cannot be followed');
    }
    if (isWell) this.#troubles.well('zones are followed again');
  }

  /** The same without waiting for it; one look at a time. */
  lookSoon(): void {
    this.#looking ??= this.look().finally(() => {
      this.#looking = null;
    });
  }

  /** Ends all agents; whatever is being done is done and told. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#agents.map((agent) => agent.stop()));
  }

  #advance(): void {
    const townMs = this.#options.townMs();
    for (const zone of this.#open.values()) zone.advance(townMs);
  }

  async #begin(name: ZoneName, members: readonly Keyed[]): Promise<void> {
    const { folder, records, fleet, townMs } = this.#options;
    const keys = await readZoneFile(folder, name);
    if (keys === null || members.length === 0) return;
    const pins = await this.#pinsOf(keys);
    const isLinked = ({ device }: Member): boolean => Date.now() - fleet.heardMs(device) <= LINK_LOST_MS;
    const posts = this.#options.members.map(({ post }) => post);
    const tools = { folder, records, pins, members, posts, townMs, isLinked };
    const zone = name === 'lights' ? await LightZone.open(tools) : await SignalZone.open(tools);
    if (zone === null) return;
    this.#open.set(name, zone);
    for (const machine of zone.machines) {
      const code = await codeOf(this.#start(machine, pins));
      if (code === null) continue;
      const told = ({ code: trouble }: { readonly code: string }): void =>
        this.#alarms.trouble(trouble, `${labelOf(machine.member.post)} takes no orders until the town is started again`);
      const { actuator, member } = machine;
      await holdSafe({ actuator: telling(actuator, this.#options.also), device: member.device, onTrouble: told }, code);
    }
  }

  /** The newest envelope, so that its lifetimes are known; without the city a machine begins without and asks when it needs it. */
  async #pinsOf(keys: ZonePins['keys']): Promise<ZonePins> {
    const source = ledgerSource(this.#options.records);
    try {
      const pins = await followZone(nativeCrypto, { keys, envelope: null }, { keys: keys.version, envelope: 1 }, source);
      return 'code' in pins ? { keys, envelope: null } : pins;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return { keys, envelope: null };
    }
  }

  async #start({ member, actuator, documents }: Machine, pins: ZonePins): Promise<void> {
    const { folder, fleet, records, also, members } = this.#options;
    const { device, post } = member;
    const keyed = members.find((each) => each.device === device) as Keyed;
    const agent = new OrderAgent({
      ...{ crypto: nativeCrypto, device, signer: keyed.signer, link: fleet.linkOf(device) },
      news: { link: fleet.linkOf(device), documents: documents ?? null },
      store: await openMachine(folder, labelOf(post), pins),
      ...{ trust: this.#trust, source: ledgerSource(records), challenges: new Challenges(systemMonotonic()) },
      actuator: telling(actuator, also),
      onTrouble: ({ code }) => this.#alarms.trouble(code, `${labelOf(post)} was sent what is no order for it, or cannot answer`),
    });
    this.#agents.push(agent);
    await agent.start();
  }
}

/** Null when it went well; else why not. A broken invariant of ours is thrown on. */
async function codeOf(work: Promise<void>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.code;
  }
}

/** The same machine, whose answers also say what all readings of the town say. */
function telling(actuator: Actuator, also: () => readonly SensorValue[]): Actuator {
  return {
    dangerous: actuator.dangerous,
    veto: (command) => actuator.veto(command),
    act: (command) => actuator.act(command),
    hold: () => actuator.hold?.(),
    state: () => [...actuator.state(), ...also()],
  };
}
