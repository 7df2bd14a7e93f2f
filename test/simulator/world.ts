/** One simulated city from a seed: founded, lived in for some ticks while everything goes wrong, healed, and looked at from its disks. */

import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cityOrigin } from '@oppidum/formats/ids';
import { chainIdOf, consensusValidatorsOf } from '@oppidum/node/comet-genesis';
import { Agreement } from './agreement.ts';
import { Clients } from './clients.ts';
import { Council } from './council.ts';
import { Dice } from './dice.ts';
import { Faults } from './faults.ts';
import { Laws } from './laws.ts';
import { Life } from './life.ts';
import { Machine } from './machine.ts';
import { Network } from './network.ts';
import { SimulatedNode } from './node.ts';
import type { Plant } from './plants.ts';
import { enrolMeters, Readings } from './readings.ts';
import { START_MS } from './replaced/clock.ts';
import { Seats } from './seats.ts';
import { time } from './virtual-time.ts';

export type SimulationOptions = {
  readonly seed: number;
  readonly ticks: number;
  /** Without it the seed chooses. */
  readonly engine?: 'embedded' | 'agreement';
  readonly plant?: Plant;
  readonly write: (line: string) => void;
};

/** Virtual time of a tick. */
export const TICK_MS = 50;
/** After the last fault everything must be well within so long. */
const HEALING_MS = 30_000;
const ROW_COUNT = 20;
/** Ticks in which the council has something to say about validators. */
const COUNCIL_ONE_IN = 12;
/** Ticks in which a meter measures something. */
const MEASURED_ONE_IN = 3;
/** An anchor that was refused often is tried again within a minute. */
const ANCHORING_MS = 120_000;
/** A city that is left alone for so long at most, once in a while. */
const QUIET_MS_MAX = 900_000;
/** Clients give up before, and so does the node that they asked. */
const SETTLING_MS = 240_000;

const COLUMNS = [
  ['tick', 7],
  ['seconds', 8],
  ['nodes', 8],
  ['height', 7],
  ['round', 6],
  ['sent', 6],
  ['done', 6],
  ['refused', 8],
  ['open', 5],
  ['checks', 7],
  ['kept', 6],
  ['anchored', 9],
  ['crashes', 8],
  ['faults', 7],
  ['lost', 6],
  ['digest', 17],
] as const;

/** Runs a simulation; answers what went wrong, or null. */
export async function simulate(options: SimulationOptions): Promise<string | null> {
  const memory = '/dev/shm';
  const isThere = statSync(memory, { throwIfNoEntry: false })?.isDirectory() === true;
  const databases = mkdtempSync(join(isThere ? memory : tmpdir(), 'oppidum-simulator-'));
  try {
    const world = new World(options, databases);
    return await world.live();
  } finally {
    rmSync(databases, { recursive: true, force: true });
  }
}

class World {
  readonly #options: SimulationOptions;
  readonly #dice: Dice;
  readonly #life: Life;
  readonly #laws: Laws;
  readonly #agreement: Agreement | null;
  readonly #network: Network;
  readonly #nodes: readonly SimulatedNode[];
  readonly #clients: Clients;
  readonly #faults: Faults;
  readonly #council: Council;
  readonly #readings: Readings;
  readonly #title: string;
  #tick = 0;

  constructor(options: SimulationOptions, databases: string) {
    const { seed, plant = null } = options;
    this.#options = options;
    const dice = new Dice(seed);
    this.#dice = dice;
    const engine = options.engine ?? (dice.once(4) ? 'embedded' : 'agreement');
    const count = engine === 'embedded' ? 1 : dice.pick([4, 4, 5, 6, 7]);
    const byzantine = new Set(engine === 'embedded' || dice.once(3) ? [] : [dice.below(count)]);
    this.#life = new Life(seed ^ 0x11fe, count, () => Math.floor(START_MS + time.nowMs));
    const meters = enrolMeters(this.#life.city);
    const { genesis, rules, blocks } = this.#life.city;
    // One more reads, until the council gives it a seat.
    const machineCount = engine === 'embedded' ? 1 : count + 1;
    const machines = Array.from({ length: machineCount }, (_, number) => {
      const own = new Dice(seed ^ (0xd15c + 7919 * number));
      mkdirSync(join(databases, `machine-${number}`));
      return new Machine({ number, dice: own, databases, syncMsMax: dice.pick([2, 5, 20]) });
    });
    const laws = new Laws(this.#life);
    const network = new Network(new Dice(seed ^ 0x3e7), machines);
    const origin = cityOrigin(genesis.name, rules.genesis);
    const chainId = chainIdOf(rules.genesis);
    const keys = consensusValidatorsOf(genesis).map(({ publicKey }) => publicKey);
    this.#agreement =
      engine === 'embedded'
        ? null
        : new Agreement({
            count: machineCount,
            seats: new Seats(machineCount, count),
            byzantine,
            chainId,
            keys,
            origin,
            dice: new Dice(seed ^ 0xa6ee),
            network,
            laws,
            plant,
          });
    this.#agreement?.begin(blocks);
    const parts = { genesis, laws, agreement: this.#agreement, history: [...blocks] };
    this.#nodes = machines.map((machine) => new SimulatedNode({ ...parts, machine }));
    this.#laws = laws;
    this.#network = network;
    this.#clients = new Clients({ nodes: this.#nodes, network, laws, dice: new Dice(seed ^ 0xc11e), plant });
    this.#council = new Council({
      ...{ city: this.#life.city, machineCount, byzantine, dice: new Dice(seed ^ 0xc0c1) },
      clockMs: () => Math.floor(START_MS + time.nowMs),
    });
    const [machine] = machines as [Machine];
    const own = { city: this.#life.city, machine, network, laws, dice: new Dice(seed ^ 0x3ead), plant };
    this.#readings = new Readings(own, meters);
    const [first] = this.#nodes as [SimulatedNode];
    first.onOpen = (city) => this.#readings.open(city);
    first.onGone = () => this.#readings.crashed();
    this.#faults = new Faults(new Dice(seed ^ 0xfa17), this.#nodes, network);
    this.#title = `seed ${seed}, ${options.ticks} ticks of ${TICK_MS} ms, ${engine}, ${count} validators, ${byzantine.size} dishonest`;
  }

  async live(): Promise<string | null> {
    const { ticks, write } = this.#options;
    write(this.#title);
    write(COLUMNS.map(([name, width]) => name.padStart(width)).join(''));
    await this.#found();
    const period = Math.max(1, Math.ceil(ticks / ROW_COUNT));
    while (this.#tick < ticks && this.#laws.verdict === null) {
      this.#tick++;
      await this.#live();
      if (this.#tick % period === 0 || this.#laws.verdict !== null) this.#writeRow();
    }
    if (this.#laws.verdict === null) await this.#heal();
    if (this.#laws.verdict === null) await this.#lookAtDisks();
    return this.#conclude();
  }

  async #found(): Promise<void> {
    for (const node of this.#nodes) {
      let isFounded = false;
      const more = node === this.#nodes[0] ? () => this.#readings.found() : undefined;
      const founding = node.found(more).then(() => {
        isFounded = true;
      });
      while (!isFounded) await time.runUntil(time.nowMs + 1_000);
      await founding;
      node.machine.isLying = this.#options.plant === 'lying-disk';
      node.start();
    }
    await time.runUntil(time.nowMs + 2_000);
  }

  /** One tick. */
  async #live(): Promise<void> {
    const dice = this.#dice;
    this.#faults.happen();
    const isQuiet = dice.once(400);
    if (!isQuiet && dice.once(3)) for (const envelope of this.#life.next()) this.#clients.send(envelope);
    if (!isQuiet && this.#agreement !== null && dice.once(COUNCIL_ONE_IN))
      for (const envelope of this.#council.next()) this.#clients.send(envelope);
    if (!isQuiet && dice.once(MEASURED_ONE_IN)) this.#readings.measure();
    if (isQuiet) await this.#rest(dice.below(QUIET_MS_MAX));
    else await this.#pass(TICK_MS);
    this.#laws.check();
  }

  /** Nobody sends anything for a while: when the last transaction has its answer, there are no more blocks. */
  async #rest(forMs: number): Promise<void> {
    await this.#pass(Math.min(forMs, SETTLING_MS));
    const { height } = this.#laws;
    await this.#pass(Math.max(0, forMs - SETTLING_MS));
    if (this.#laws.height !== height) this.#laws.broken(`an idle city made ${this.#laws.height - height} blocks`);
  }

  async #pass(forMs: number): Promise<void> {
    const untilMs = time.nowMs + forMs;
    // In a long quiet while nobody looks more often than now and then.
    const stepMs = Math.max(TICK_MS, Math.ceil(forMs / 100));
    while (time.nowMs < untilMs && this.#laws.verdict === null) {
      await time.runUntil(Math.min(untilMs, time.nowMs + stepMs));
      this.#agreement?.consider();
      for (const node of this.#nodes) node.look();
      this.#readings.look();
    }
  }

  async #heal(): Promise<void> {
    this.#faults.heal();
    const untilMs = time.nowMs + HEALING_MS;
    const size = this.#laws.logSize;
    while (!this.#isWell(size) && time.nowMs < untilMs && this.#laws.verdict === null) {
      // Cosignatures that a node did not hear come with the next block.
      if (this.#dice.once(10)) for (const envelope of this.#life.next()) this.#clients.send(envelope);
      await this.#pass(TICK_MS);
    }
    if (!this.#isWell(size)) this.#laws.broken(`no progress ${HEALING_MS / 1_000} s after the last fault: ${this.#state()}`);
    const anchoredMs = time.nowMs + ANCHORING_MS;
    while (!this.#readings.isWell && time.nowMs < anchoredMs && this.#laws.verdict === null) await this.#pass(TICK_MS);
    this.#writeRow();
    if (!this.#readings.isWell)
      this.#laws.broken(`readings without an anchor ${ANCHORING_MS / 1_000} s later: ${this.#readings.state}`);
  }

  /** Everybody is up, has every block, and has published a checkpoint over this size. */
  #isWell(size: number): boolean {
    const { height } = this.#laws;
    return this.#nodes.every(({ city }) => {
      if (city === null || city.client.head().height !== height) return false;
      return (city.client.checkpoint()?.size ?? 0) >= size;
    });
  }

  #state(): string {
    const states = this.#nodes.map(({ city, letter }) => {
      const head = city?.client.head();
      return `${letter} ${head?.height ?? '?'} (${city?.client.checkpoint()?.size ?? 0} of ${head?.logSize ?? '?'})`;
    });
    return `${states.join(', ')}; decided ${this.#laws.height}, open ${this.#clients.openCount}`;
  }

  /** The power goes everywhere; whatever starts again must be the whole city. */
  async #lookAtDisks(): Promise<void> {
    for (const { machine } of this.#nodes) machine.crash('power');
    for (const node of this.#nodes) node.start();
    const untilMs = time.nowMs + HEALING_MS;
    const isWell = (): boolean => this.#isWell(0) && this.#readings.isOpen;
    while (!isWell() && time.nowMs < untilMs && this.#laws.verdict === null) await this.#pass(TICK_MS);
    for (const { city, machine } of this.#nodes) {
      if (city === null) this.#laws.broken(`node ${machine.number} does not start again`);
      else this.#laws.checkNode(machine.number, city.client);
    }
    await this.#readings.check();
    for (const { machine } of this.#nodes) machine.crash('kill');
    await time.runUntil(time.nowMs);
  }

  #writeRow(): void {
    const { sentCount, executedCount, refusedCount, openCount } = this.#clients;
    const values: readonly (string | number)[] = [
      this.#tick,
      (time.nowMs / 1_000).toFixed(1),
      this.#nodes.map(({ letter }) => letter).join(''),
      this.#laws.height,
      this.#agreement?.roundOfHeight ?? 0,
      sentCount,
      executedCount,
      refusedCount,
      openCount,
      this.#laws.checkpointCount,
      this.#readings.keptCount,
      this.#readings.anchoredSize,
      this.#nodes.reduce((sum, { crashCount }) => sum + crashCount, 0),
      this.#faults.count,
      this.#network.lostCount,
      this.#laws.digest,
    ];
    this.#options.write(values.map((value, i) => String(value).padStart(COLUMNS[i]?.[1] ?? 0)).join(''));
  }

  #conclude(): string | null {
    const { verdict, acknowledged, contested, rejectedProposalCount, falseVoteCount, executedCount } = this.#laws;
    const { write } = this.#options;
    if (verdict !== null) {
      write(`BROKEN at tick ${this.#tick}: ${verdict.message}`);
      return verdict.message;
    }
    const rounds = this.#agreement?.roundCount ?? 0;
    const { validatorChangeCount, restoredCount, emptyCount, emptyRunMax } = this.#laws;
    const proven = this.#agreement?.accusedCount ?? 0;
    const seen = `${executedCount} executed, ${acknowledged.size} acknowledged, ${rounds} rounds, ${contested.size} heights of several proposals, ${validatorChangeCount} changes of validators, ${proven} double votes, ${restoredCount} states restored, ${this.#readings.keptCount} readings anchored, ${emptyCount} empty blocks (${emptyRunMax} in a row)`;
    write(`holds: ${seen}, ${rejectedProposalCount} proposals and ${falseVoteCount} votes refused, ${time.count} events`);
    return null;
  }
}
