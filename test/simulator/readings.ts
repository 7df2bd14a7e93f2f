/**
 * A telemetry shard in a simulated city: the real one (sequencer, vault, log, publisher, anchorer), in the process of the first node as a
 * gateway has it, and meters that send it signed readings. A meter sends a reading again until its receipt reaches it, and believes it then;
 * what a shard meant to say before it died is no receipt.
 *
 *   reading → group in the vault → receipt → log → checkpoint → anchor on the ledger
 */

import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { shardOrigin } from '@oppidum/formats/ids';
import { cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, shardKind } from '@oppidum/formats/state-telemetry';
import { writeSeedFile } from '@oppidum/node/key-files';
import { writeFirstRecord } from '@oppidum/node/log-signer';
import type { OpenCity } from '@oppidum/node/open-city';
import { homeShard } from '@oppidum/proofs/home-shard';
import type { IngestAnswer } from '@oppidum/telemetry/client';
import { type OpenShard, openShard } from '@oppidum/telemetry/open-shard';
import { shardPaths } from '@oppidum/telemetry/shard-keys';
import { deviceId, enrol, newShard, signedReading } from '../support/devices.ts';
import { namedId, type TestCity } from '../support/ledger.ts';
import { namedSeed, namedSigner } from '../support/signers.ts';
import type { Dice } from './dice.ts';
import type { Laws } from './laws.ts';
import { type Machine, ProcessDead } from './machine.ts';
import type { Network } from './network.ts';
import type { Plant } from './plants.ts';
import { clockMs, START_MS } from './replaced/clock.ts';
import { time } from './virtual-time.ts';

/** Above every number that the life of the city declares. */
const NUMBER = 9;
const METER_COUNT = 3;
/** Names that are tried until so many are at home in this shard. */
const NAMES_MAX = 40;
const AGAIN_MS_MAX = 4_000;
const REOPEN_MS = 1_000;
/** The meters' clocks are behind by more than any machine's is. */
const BEHIND_MS = 10_000;

/** A reading, and where its receipt says that it is. */
type Sent = { readonly envelope: Bytes; readonly digest: Bytes; index: number | null };

export type ReadingsOptions = {
  readonly city: TestCity;
  readonly machine: Machine;
  readonly network: Network;
  readonly laws: Laws;
  readonly dice: Dice;
  readonly plant: Plant | null;
};

/** Declares the shard and enrols meters whose home it is, before the simulation begins; answers their names. */
export function enrolMeters(city: TestCity): readonly string[] {
  const declared = city.act('operator', 'shard/declare', newShard(NUMBER));
  if (declared !== 'OK') throw new Error(declared);
  const shards = city.scan(shardKind).map(({ segments, value }) => ({ ...value, id: segments[0] as Bytes }));
  const names = Array.from({ length: NAMES_MAX }, (_, n) => `meter-${n}`);
  const atHome = names.filter((name) => homeShard(crypto, shards, deviceId(name), city.height + 1)?.number === NUMBER);
  const chosen = atHome.slice(0, METER_COUNT);
  for (const name of chosen) enrol(city, name);
  return chosen;
}

/** The shard and its meters, in all lives of its process. */
export class Readings {
  readonly #options: ReadingsOptions;
  readonly #meters: readonly string[];
  readonly #id = namedId(`shard ${NUMBER}`);
  readonly #sent: Sent[] = [];
  #shard: OpenShard | null = null;
  /** Of the newest anchor that was seen on the ledger. */
  #anchoredSize = 0;

  constructor(options: ReadingsOptions, meters: readonly string[]) {
    this.#options = options;
    this.#meters = meters;
  }

  /** Readings that their meters believe to be kept. */
  get keptCount(): number {
    return this.#sent.filter(({ index }) => index !== null).length;
  }

  /** Entries under the newest anchor. */
  get anchoredSize(): number {
    return this.#anchoredSize;
  }

  /** Makes the shard's folder; code of a process of its machine. */
  async found(): Promise<void> {
    const { city } = this.#options;
    const paths = shardPaths(this.#folder);
    const origin = shardOrigin(city.read(at(cityKind))?.origin ?? '', NUMBER);
    await writeFirstRecord(paths.lastSigned, origin, crypto);
    await writeSeedFile(paths.logSeed, namedSeed(`shard ${NUMBER} log`));
    await writeSeedFile(paths.receiptSeed, namedSeed(`shard ${NUMBER} receipt`));
  }

  /** The node is open: opens the shard beside it; code of its process. */
  open(city: OpenCity): void {
    const { machine, laws } = this.#options;
    const { process } = machine;
    this.#shard = null;
    const fail = (error: Error): void => {
      if (process?.isAlive === true && !(error instanceof ProcessDead)) laws.failed(machine.number, error);
    };
    openShard({
      client: city.client,
      crypto,
      folder: this.#folder,
      number: NUMBER,
      randomBytes: (size) => namedId(`shard random ${time.count}`).slice(0, size),
      anchorSigner: { account: namedId('telemetry'), keyNumber: 0, signer: namedSigner('telemetry/0') },
      erasureSigner: null,
      clock: clockMs,
      onFailure: fail,
    }).then(
      (shard) => {
        if (process?.isAlive === true) this.#shard = shard;
      },
      (error: Error) => {
        // Its node has not come so far.
        if (error instanceof FormatError && error.code === 'SHARD_UNKNOWN') time.after(REOPEN_MS, () => this.open(city));
        else fail(error);
      },
    );
  }

  /** Its process is gone. */
  crashed(): void {
    this.#shard = null;
  }

  /** Some meter measures something. */
  measure(): void {
    const { city, dice } = this.#options;
    const name = dice.pick(this.#meters as readonly [string, ...string[]]);
    const sequence = this.#sent.length + 1;
    const bt = Math.floor((START_MS + time.nowMs - BEHIND_MS) / 1_000);
    const envelope = signedReading(city, name, { sequence, records: [{ bt, n: 'power', u: 'W', v: sequence / 8 }] });
    const sent: Sent = { envelope, digest: crypto.sha256(envelope), index: null };
    this.#sent.push(sent);
    this.#send(sent);
  }

  #send(sent: Sent): void {
    const { network, machine, dice, plant } = this.#options;
    if (sent.index !== null) return;
    time.after(dice.below(AGAIN_MS_MAX) + 500, () => this.#send(sent), null);
    if (plant === 'early-receipt' && !network.isPerfect && dice.once(20)) this.#plantReceipt(sent);
    time.after(dice.below(20), () => network.deliver(machine.number, () => this.#ingest(sent)), null);
  }

  /** Runs on the shard's machine. */
  #ingest(sent: Sent): void {
    const { laws, machine, dice } = this.#options;
    const answered = (answer: IngestAnswer): void => {
      if (answer.kind === 'refused') return laws.broken(`a meter was refused: ${answer.rejection.code}`);
      // A receipt may be lost on its way.
      if (answer.kind === 'kept' && !dice.once(8)) time.after(dice.below(20), () => this.#believe(sent, answer.index), null);
    };
    this.#shard?.client.ingest(sent.envelope).then(answered, (error: Error) => {
      if (machine.process !== null && !(error instanceof ProcessDead)) laws.failed(machine.number, error);
    });
  }

  #believe(sent: Sent, index: number): void {
    const { laws } = this.#options;
    if (sent.index !== null && sent.index !== index)
      laws.broken(`the reading ${toHex(sent.digest)} was acknowledged at ${sent.index} and at ${index}`);
    sent.index = index;
    laws.noted(`reading ${index} ${toHex(sent.digest)}`);
  }

  /** The planted fault: a receipt for what may never be kept, and the power goes at once. */
  #plantReceipt(sent: Sent): void {
    const { machine } = this.#options;
    this.#believe(sent, Math.max(0, this.keptCount - 1));
    time.after(0, () => machine.crash('power'), null);
  }

  /** After each decided block: what is anchored never goes back. */
  look(): void {
    const { city, laws } = this.#options;
    const head = city.read(at(anchorHeadKind, this.#id));
    if (head === null || head.size === this.#anchoredSize) return;
    if (head.size < this.#anchoredSize) laws.broken(`the shard was anchored at ${this.#anchoredSize}, and then at ${head.size}`);
    this.#anchoredSize = head.size;
  }

  /** Every reading that a meter believes to be kept is under an anchor. */
  get isWell(): boolean {
    this.look();
    return this.#sent.every(({ index }) => index !== null && index < this.#anchoredSize);
  }

  get isOpen(): boolean {
    return this.#shard !== null;
  }

  /** How it stands, for whoever asks why it is not well. */
  get state(): string {
    const open = this.#sent.filter(({ index }) => index === null).length;
    return `shard ${this.#shard === null ? 'away' : 'open'}, ${this.#sent.length} readings, ${open} without a receipt, ${this.#anchoredSize} anchored`;
  }

  /** Holds what is on the disk against what was acknowledged and anchored; resolves when that is done. */
  async check(): Promise<void> {
    const { city, laws } = this.#options;
    const shard = this.#shard;
    if (shard === null) return laws.broken('the shard does not open again');
    const head = city.read(at(anchorHeadKind, this.#id));
    const record = city.read(at(shardKind, this.#id));
    if (record?.status !== 'active') return laws.broken(`an honest shard is ${record?.status}`);
    for (const { digest, index } of this.#sent) {
      const kept = index === null ? null : ((await shard.client.readings(index, 1))[0] ?? null);
      if (kept === null || kept.index !== index || !equalBytes(kept.digest, digest))
        return laws.broken(`lost the acknowledged reading ${toHex(digest)} at ${index}`);
      if (head === null || kept.index >= head.size)
        return laws.broken(`the acknowledged reading ${kept.index} is under no anchor`);
    }
    if (new Set(this.#sent.map(({ index }) => index)).size < this.#sent.length) laws.broken('two readings have one place');
  }

  get #folder(): string {
    return `${this.#options.machine.root}/city/shards/${NUMBER}`;
  }
}
