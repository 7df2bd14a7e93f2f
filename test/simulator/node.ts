/** A real node on a simulated machine: `openCity` with everything in it, under the embedded engine or beside a simulated CometBFT. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedCall } from '@oppidum/abci/grammar';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Genesis } from '@oppidum/formats/genesis';
import type { Block } from '@oppidum/ledger/block';
import { cometEngine } from '@oppidum/node/comet-engine';
import { createDataFolder, identifyDataFolder } from '@oppidum/node/data-folder';
import { EmbeddedEngine } from '@oppidum/node/embedded';
import type { StartEngine } from '@oppidum/node/engine';
import { writeValidatorKeys } from '@oppidum/node/found-city';
import { writeSeedFile } from '@oppidum/node/key-files';
import { type OpenCity, openCity } from '@oppidum/node/open-city';
import { emptyNode } from '@oppidum/node/reset-node';
import { namedSeed } from '../support/signers.ts';
import type { Agreement } from './agreement.ts';
import type { Laws } from './laws.ts';
import { type CrashKind, type Machine, ProcessDead } from './machine.ts';
import { clockMs } from './replaced/clock.ts';
import { mempools } from './replaced/comet-rpc.ts';
import { KEYS_MAX, keyName } from './seats.ts';
import { Validator } from './validator.ts';
import { time } from './virtual-time.ts';

/** Heights between two snapshots for those that begin. */
const SNAPSHOT_INTERVAL = 10;

export type NodeOptions = {
  readonly machine: Machine;
  readonly genesis: Genesis;
  readonly laws: Laws;
  /** Null: this node decides alone. */
  readonly agreement: Agreement | null;
  /** Blocks that are there from the beginning. */
  readonly history: readonly Block[];
};

/** One node in all its lives. */
export class SimulatedNode {
  readonly #options: NodeOptions;
  readonly machine: Machine;
  #calls: RecordedCall[] = [];
  #latestNote: Uint8Array | null = null;
  /** Told when the node is open, by code of its process; and when that is gone. */
  onOpen: (city: OpenCity) => void = () => undefined;
  onGone: () => void = () => undefined;
  /** What is open, or null while the node is down or starting. */
  city: OpenCity | null = null;
  crashCount = 0;
  wipeCount = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.machine = options.machine;
    this.machine.onCrash = (kind) => this.#crashed(kind);
  }

  /** Makes its data folder, and `more` in it. */
  async found(more: () => Promise<void> = async () => undefined): Promise<void> {
    const { genesis } = this.#options;
    const { root, number } = this.machine;
    const seeds = { log: namedSeed(keyName(number, 'log', 0)), cosigner: namedSeed(keyName(number, 'cosigner', 0)) };
    await this.machine.start(() =>
      createDataFolder({
        folder: `${root}/city`,
        crypto,
        genesis,
        fill: async (paths) => {
          await writeValidatorKeys(paths, { crypto, genesis, seeds });
          for (let set = 1; set < KEYS_MAX; set++)
            for (const use of ['log', 'cosigner'] as const)
              await writeSeedFile(join(paths.keys, `${use}-${set}.seed`), namedSeed(keyName(number, use, set)));
          await more();
        },
      }),
    );
    this.machine.end();
  }

  /** Starts a process; the node is open some virtual time later. */
  start(): void {
    this.machine.start(() => {
      const { process } = this.machine;
      this.#open().catch((error: Error) => {
        if (process?.isAlive === true && !(error instanceof ProcessDead)) this.#options.laws.failed(this.machine.number, error);
      });
    });
  }

  /** Its process is killed, and begins again with what its keys need never to sign twice, and nothing else, where others have the rest. */
  wipe(): void {
    const { agreement } = this.#options;
    const { machine } = this;
    if (agreement === null || !agreement.canSpare(machine.number)) return;
    machine.crash('kill');
    machine.start(async () => {
      const { process } = machine;
      const { paths } = identifyDataFolder({ folder: `${machine.root}/city`, crypto });
      await emptyNode(paths).catch((error: Error) => this.#options.laws.failed(machine.number, error));
      if (process?.isAlive !== true) return;
      // Databases lie beside the simulated disk.
      rmSync(`${machine.databases}${paths.node}`, { recursive: true, force: true });
      agreement.forget(machine.number);
      this.wipeCount++;
      machine.end();
    });
  }

  /** Looks whether there is a new checkpoint. */
  look(): void {
    const note = this.city?.client.checkpoint()?.note ?? null;
    if (note === null || note === this.#latestNote) return;
    this.#latestNote = note;
    this.#options.laws.published(this.machine.number, note);
  }

  /** One letter: `U`p, `S`tarting, stopped (`z`), down (`-`). */
  get letter(): string {
    const { process } = this.machine;
    if (process === null) return '-';
    if (process.stoppedUntilMs > time.nowMs) return 'z';
    return this.city === null ? 'S' : 'U';
  }

  async #open(): Promise<void> {
    const { agreement, laws } = this.#options;
    const { number, root } = this.machine;
    const calls = this.#calls;
    const folder = { ...identifyDataFolder({ folder: `${root}/city`, crypto }), release: () => undefined };
    const city = await openCity({
      folder,
      crypto,
      registry: cityRegistry,
      clock: clockMs,
      snapshotInterval: SNAPSHOT_INTERVAL,
      // The last code of a dead process may still call, and changes nothing.
      onCall: (call) => time.owner?.isAlive !== false && calls.push(call),
      onFailure: (error) => {
        if (!(error instanceof ProcessDead)) laws.failed(number, error);
      },
      startEngine: agreement === null ? this.#embedded() : this.#comet(agreement),
    });
    this.city = city;
    if (agreement === null) this.#follow(city);
    this.onOpen(city);
  }

  /** As CometBFT would: it connects some time after the node listens. */
  #comet(agreement: Agreement): StartEngine {
    const { number } = this.machine;
    const { genesisHash } = identifyDataFolder({ folder: `${this.machine.root}/city`, crypto });
    return cometEngine({
      crypto,
      genesis: this.#options.genesis,
      genesisHash,
      listen: 'tcp://127.0.0.1:26658',
      rpc: this.#rpc,
      wrap: (application) => {
        const validator = new Validator(number, agreement, application);
        agreement.join(validator);
        mempools.set(this.#rpc, validator);
        return application;
      },
    });
  }

  /** The engine of one process, in a city that has a history already. */
  #embedded(): StartEngine {
    return async (parts) => {
      const { application } = parts;
      if (application.height < 0) {
        application.info();
        await parts.onCommit(application.initChain() as NonNullable<ReturnType<typeof application.initChain>>);
      }
      for (const block of this.#options.history) {
        if (block.height <= application.height) continue;
        if (block.height === application.height + 1 && application.height === 0) application.info();
        application.finalizeBlock(block);
        await parts.onCommit(application.commit());
      }
      return EmbeddedEngine.start(parts);
    };
  }

  #follow({ client }: OpenCity): void {
    const { laws } = this.#options;
    for (const block of client.blocks(laws.height + 1, Number.MAX_SAFE_INTEGER)) laws.followed(block);
    client.onBlock((block) => laws.followed(block));
  }

  get #rpc(): string {
    return `tcp://127.0.0.1:${30_000 + this.machine.number}`;
  }

  #crashed(_kind: CrashKind): void {
    const { agreement, laws } = this.#options;
    this.crashCount++;
    this.city = null;
    this.onGone();
    laws.recorded(this.machine.number, this.#calls);
    this.#calls = [];
    agreement?.leave(this.machine.number);
    mempools.delete(this.#rpc);
  }
}
