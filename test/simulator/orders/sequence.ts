/**
 * One random sequence: people sign, the city issues, an adversary with fewer keys than needed brings to a lamp whatever it likes, power
 * fails. Everything that the lamp does is judged by what really happened, which neither the lamp nor the adversary can see.
 */

import { type Bytes, compareBytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type CompactOrder, compactOrderSchema, type Issuance } from '@oppidum/formats/compact-order';
import { encodeOrder, type Order } from '@oppidum/formats/order-statement';
import type { StatementSignature } from '@oppidum/formats/statement';
import { makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import type { Dice } from '../dice.ts';
import type { OrderPlant } from '../plants.ts';
import { type District, KEY_COUNT } from './district.ts';
import { Lamp } from './lamp.ts';
import { VirtualTimers } from './virtual-timers.ts';

/** An order that somebody wrote, with everything about it that is true. */
type Written = {
  readonly order: Order;
  readonly statement: Bytes;
  readonly id: Bytes;
  readonly signatures: Map<number, StatementSignature>;
  readonly place: CompactOrder['place'];
  /** The lamp's challenge that it is for, if it is for this lamp. */
  readonly challenge: Bytes | null;
  issuance: Issuance | null;
  isIssued: boolean;
};

export type Tally = { delivered: number; obeyed: number; brokenGlass: number; powerCuts: number; interrupted: number };

const COMMANDS: readonly [Command, ...Command[]] = [
  { command: 'light/level', arguments: [60] },
  { command: 'light/level', arguments: [100] },
  { command: 'light/off', arguments: [] },
];
const [STEP_COUNT_MIN, STEP_COUNT_MAX] = [5, 14];
const VERSION = 1;

/** Lives one sequence; answers what was done without authority, or null. */
export async function liveSequence(
  district: District,
  dice: Dice,
  plant: OrderPlant | null,
  tally: Tally,
): Promise<string | null> {
  const timers = new VirtualTimers();
  timers.install();
  try {
    return await new Sequence(district, dice, plant, tally, timers).live();
  } finally {
    timers.restore();
  }
}

class Sequence {
  readonly #district: District;
  readonly #dice: Dice;
  readonly #tally: Tally;
  readonly #timers: VirtualTimers;
  readonly #lamp: Lamp;
  readonly #written = new Map<string, Written>();
  readonly #spent = new Set<string>();
  readonly #acted: Bytes[] = [];
  readonly #threshold: number;
  readonly #dangerousThreshold: number;
  /** Order keys from 0 on that the adversary has: fewer than any order needs. Validators: all, or fewer than their quorum. */
  readonly #stolenKeys: number;
  readonly #stolenValidators: number;
  #nonce = 0;
  #breach: string | null = null;

  constructor(district: District, dice: Dice, plant: OrderPlant | null, tally: Tally, timers: VirtualTimers) {
    this.#district = district;
    this.#dice = dice;
    this.#tally = tally;
    this.#timers = timers;
    this.#threshold = 1 + dice.below(KEY_COUNT - 1);
    this.#dangerousThreshold = this.#threshold + dice.below(KEY_COUNT - this.#threshold + 1);
    this.#stolenKeys = dice.below(this.#threshold);
    this.#stolenValidators = dice.once(2) ? district.quorum : dice.below(district.quorum);
    this.#lamp = new Lamp(district, timers, {
      name: 'lamp',
      keys: district.keySet(this.#threshold, this.#dangerousThreshold),
      plant,
      random: (bytes) => bytes.map(() => dice.below(256)),
      onAct: (command) => this.#judge(command),
    });
  }

  async live(): Promise<string | null> {
    await this.#lamp.start();
    const count = STEP_COUNT_MIN + this.#dice.below(STEP_COUNT_MAX - STEP_COUNT_MIN + 1);
    for (let n = 0; n < count && this.#breach === null; n++) await this.#step();
    // What it did it told, at the latest after the next start.
    await this.#cutPower();
    const silent = this.#acted.find((id) => !this.#lamp.hasAnswered(id));
    return this.#breach ?? (silent === undefined ? null : `order ${toHex(silent)} was obeyed and never answered`);
  }

  async #step(): Promise<void> {
    const chance = this.#dice.below(16);
    if (this.#lamp.isHung) return this.#cutPower();
    if (chance < 4) this.#write();
    else if (chance < 12) await this.#deliver();
    else if (chance < 14) await this.#timers.pass(this.#dice.below(20_000), settle);
    else if (chance === 14) await this.#cutPower();
    else if (this.#dice.once(2)) this.#lamp.isVetoed = !this.#lamp.isVetoed;
    else this.#lamp.hangs = true;
  }

  async #cutPower(): Promise<void> {
    this.#tally.powerCuts++;
    if (this.#lamp.isHung) this.#tally.interrupted++;
    await this.#lamp.cutPower();
    await settle();
  }

  /** People sign an order, or too few of them; what enough signed the city issues. Or the adversary writes one. */
  #write(): void {
    const dice = this.#dice;
    const written = this.#draft();
    const isForged = dice.once(3);
    const [from, to] = isForged ? [0, this.#stolenKeys] : [0, KEY_COUNT];
    for (let key = from; key < to; key++)
      if (isForged || key < this.#stolenKeys || !dice.once(3))
        written.signatures.set(key, this.#district.sign(written.statement, key));
    const isOrdinary = written.order.mode === 'ordinary';
    // The ledger counts as devices do, and knows neither other cities nor former versions.
    if (
      !isForged &&
      isOrdinary &&
      written.signatures.size >= this.#need(written.order) &&
      this.#isOfThisZone(written.order) &&
      !dice.once(5)
    )
      this.#issue(written, this.#district.quorum, true);
    else if (isOrdinary && this.#stolenValidators > 0) this.#issue(written, this.#stolenValidators, false);
    this.#written.set(toHex(written.id), written);
  }

  #issue(written: Written, validatorCount: number, isIssued: boolean): void {
    written.issuance = this.#district.issue(written.statement, this.#nonce, validatorCount);
    written.isIssued = isIssued;
  }

  #draft(): Written {
    const { city, zone, idOf, hands } = bound(this.#district);
    const dice = this.#dice;
    const nonce = idOf(`nonce ${this.#nonce++}`).slice(0, 16);
    const challenge = this.#chooseChallenge();
    const many = dice.once(6) ? this.#many(challenge) : null;
    const isForOther = many === null && dice.once(12);
    const chosen = dice.pick(COMMANDS);
    const order: Order = {
      city: dice.once(40) ? idOf('another city') : city,
      zone: dice.once(40) ? idOf('another zone') : zone,
      keys: dice.once(40) ? 1 : 2,
      envelope: dice.once(40) ? 1 : 2,
      target: many?.target ?? { device: isForOther ? idOf('other 0') : this.#lamp.id, challenge },
      command: chosen.command,
      arguments: [...chosen.arguments],
      lifetimeMs: dice.pick([1_000, 10_000, 20_000, 20_001, 60_000, 60_001]),
      expiresMs: 1_700_000_000_000 + this.#timers.nowMs,
      mode: dice.once(4) ? 'break-glass' : 'ordinary',
      nonce,
    };
    const statement = encodeOrder(order);
    const id = hands.crypto.sha256(statement);
    const made = { order, statement, id, place: many?.place ?? null, challenge: isForOther ? null : challenge };
    return { ...made, signatures: new Map(), issuance: null, isIssued: false };
  }

  /** An order for several lamps at once, and the place of this one. */
  #many(challenge: Bytes): { readonly target: Order['target']; readonly place: CompactOrder['place'] } {
    const { idOf, hands } = bound(this.#district);
    const others = [0, 1, 2].map((n) => ({ device: idOf(`other ${n}`), challenge: idOf(`challenge ${n}`) }));
    const leaves = [...others, { device: this.#lamp.id, challenge }].sort((a, b) => compareBytes(a.device, b.device));
    const tree = makeChallengeTree(hands.crypto, leaves);
    const index = leaves.findIndex(({ device }) => equalBytes(device, this.#lamp.id));
    return { target: { root: tree.root, count: tree.count }, place: { challenge, index, path: tree.pathOf(index) } };
  }

  /** The newest, an older one, or none that the lamp ever drew. */
  #chooseChallenge(): Bytes {
    const { drawn } = this.#lamp;
    const back = this.#dice.once(3) ? this.#dice.below(drawn.length + 1) : 0;
    return drawn[drawn.length - 1 - back]?.value ?? this.#district.idOf('a challenge of somebody else');
  }

  /** Anything that was ever made, again; or parts of several; or with a bit of it changed. */
  async #deliver(): Promise<void> {
    const all = [...this.#written.values()];
    const chosen = this.#dice.once(2) ? all.at(-1) : all[this.#dice.below(Math.max(1, all.length))];
    if (chosen === undefined) return;
    const message = this.#assemble(chosen, all);
    if (this.#dice.once(12)) {
      const at = this.#dice.below(message.length);
      message[at] = (message[at] as number) ^ (1 << this.#dice.below(8));
    }
    this.#tally.delivered++;
    const received = this.#lamp.receive(message);
    await (this.#lamp.hangs ? settle() : received);
  }

  #assemble(chosen: Written, all: readonly Written[]): Bytes {
    const dice = this.#dice;
    const other = all[dice.below(all.length)] ?? chosen;
    const signatures = [...(dice.once(8) ? other : chosen).signatures.values()].filter(() => !dice.once(10));
    if (dice.once(10)) signatures.push({ key: dice.below(KEY_COUNT), signature: this.#district.idOf('noise') });
    if (signatures.length === 0) signatures.push({ key: 0, signature: new Uint8Array(64) });
    const unique = new Map(signatures.map((signature) => [signature.key, signature]));
    const parts = {
      version: VERSION,
      statement: chosen.statement,
      signatures: [...unique.values()].sort((a, b) => a.key - b.key),
      place: chosen.place,
      issuance: dice.once(8) ? other.issuance : chosen.issuance,
    };
    // By the shapes alone: what no honest gateway would send is sent, too.
    return encodeBy(compactOrderSchema, { ...parts, signatures: parts.signatures.map(whole) });
  }

  #need({ command }: Order): number {
    return command === 'light/off' ? this.#dangerousThreshold : this.#threshold;
  }

  #isOfThisZone({ city, zone, keys, envelope, lifetimeMs, command }: Order): boolean {
    const { city: mine, zone: here } = this.#district;
    const lifetimeMsMax = command === 'light/off' ? 20_000 : 60_000;
    return equalBytes(city, mine) && equalBytes(zone, here) && keys === 2 && envelope === 2 && lifetimeMs <= lifetimeMsMax;
  }

  #judge(command: Command): void {
    const id = this.#lamp.store.read().acting?.order;
    const written = id === undefined ? undefined : this.#written.get(toHex(id));
    const breach = written === undefined ? 'nobody wrote it' : this.#breachOf(written, command);
    if (breach !== null) this.#breach ??= `${breach}: ${JSON.stringify(command)} at ${this.#timers.nowMs} ms`;
    if (written === undefined) return;
    this.#tally.obeyed++;
    if (written.order.mode === 'break-glass') this.#tally.brokenGlass++;
    this.#acted.push(written.id);
    this.#spent.add(toHex(written.challenge ?? written.id));
  }

  /** Why the lamp should not have done this, or null. */
  #breachOf(written: Written, command: Command): string | null {
    const { order, signatures, challenge, isIssued } = written;
    const { drawn, life } = this.#lamp;
    if (order.command !== command.command || order.arguments.join() !== command.arguments.join()) return 'another command';
    if (this.#lamp.isVetoed) return 'its monitor said no';
    if (!this.#isOfThisZone(order)) return 'not signed for this machine as it is now';
    if (signatures.size < this.#need(order)) return 'too few keys signed';
    if (order.mode === 'break-glass' && order.arguments[0] !== 100) return 'break-glass in an unsafe direction';
    if (order.mode === 'ordinary' && !isIssued && this.#stolenValidators < this.#district.quorum)
      return 'the city never issued it';
    if (challenge === null) return 'signed for another machine';
    const at = drawn.findLastIndex(({ value }) => equalBytes(value, challenge));
    const made = drawn[at];
    if (made === undefined || made.life !== life || at < drawn.length - 2) return 'not its newest challenges';
    if (this.#spent.has(toHex(challenge))) return 'its challenge was spent';
    return this.#timers.nowMs - made.madeMs < order.lifetimeMs ? null : 'its lifetime was over';
  }
}

function bound(district: District) {
  const { city, zone, hands } = district;
  return { city, zone, hands, idOf: (name: string) => district.idOf(name) };
}

/** A signature of 64 bytes, whatever was put there. */
function whole({ key, signature }: StatementSignature): StatementSignature {
  const bytes = new Uint8Array(64);
  bytes.set(signature.slice(0, 64));
  return { key, signature: bytes };
}

/** Everything that waits for nothing but itself is done. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await undefined;
}
