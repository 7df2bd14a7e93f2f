/**
 * Shards that run in processes of their own, seen from the doors: each is declared where that is due, started, started again when it
 * ends by itself (each time later), and reached over its socket, whoever started it.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Crypto } from '@oppidum/formats/crypto';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { NodeClient } from '@oppidum/node/client';
import type { DataFolder } from '@oppidum/node/data-folder';
import type { DeclaredShard } from '@oppidum/proofs/home-shard';
import { declaredShards } from '@oppidum/telemetry/device-records';
import { declareFolderShard } from '@oppidum/telemetry/folder-shard';
import { RemoteShard } from '@oppidum/telemetry/remote-shard';
import { shardSocket } from '@oppidum/telemetry/shard-door';
import { shardPaths } from '@oppidum/telemetry/shard-keys';
import type { Logger } from 'pino';
import { SERVICE_NODE_FLAGS } from './node-flags.ts';

export type ShardProcessesOptions = {
  readonly folder: DataFolder;
  readonly node: NodeClient;
  readonly crypto: Crypto;
  readonly logger: Logger;
  readonly logLevel: string;
  /** Shards that are declared here where they are not: 0 … count − 1. Shard 0 runs in this process. */
  readonly count: number;
  /** Whether those whose keys lie in the folder are started here; else somebody else does it. */
  readonly isStarting: boolean;
};

const MAIN = fileURLToPath(import.meta.resolve('@oppidum/telemetry/telemetry-main'));
const RESTART_MS = { first: 250, last: 15_000 } as const;
/** A process that ran so long did not fail at once: the next start is soon again. */
const STEADY_MS = 30_000;

/** The shards other than 0. */
export class ShardProcesses {
  readonly #options: ShardProcessesOptions;
  readonly #shards: RemoteShard[] = [];
  readonly #processes: ShardProcess[] = [];
  #declaring: Promise<unknown> = Promise.resolve();

  private constructor(options: ShardProcessesOptions) {
    this.#options = options;
  }

  /** Declares what is missing and links to every shard but 0 that is on the ledger. Throws as `declareShard` does. */
  static async open(options: ShardProcessesOptions): Promise<ShardProcesses> {
    const { folder, node, crypto, count } = options;
    const opened = new ShardProcesses(options);
    for (let number = 1; number < count; number++) await declareFolderShard({ paths: folder.paths, node, crypto, number });
    const declared = declaredShards(node).filter(({ number }) => number > 0);
    for (const shard of declared.sort((a, b) => a.number - b.number)) opened.#link(shard);
    return opened;
  }

  /** Those that are linked, by number. */
  get shards(): readonly RemoteShard[] {
    return this.#shards;
  }

  /** Declares a shard and links to it; null where that was done before. Throws as `declareShard` does. */
  declare(number: number): Promise<RemoteShard | null> {
    const declared = this.#declaring.then(() => this.#declare(number));
    this.#declaring = declared.catch(() => undefined);
    return declared;
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.close()));
    await Promise.all(this.#processes.map((shardProcess) => shardProcess.stop()));
  }

  async #declare(number: number): Promise<RemoteShard | null> {
    const { folder, node, crypto } = this.#options;
    await declareFolderShard({ paths: folder.paths, node, crypto, number });
    if (this.#shards.some(({ client }) => client.status().number === number)) return null;
    const declared = declaredShards(node).find((shard) => shard.number === number);
    if (declared === undefined) throw new Error('a declared shard is on the ledger');
    return this.#link(declared);
  }

  #link({ id, number }: DeclaredShard): RemoteShard {
    const { folder, node, logger, isStarting } = this.#options;
    const place = folder.paths.shard(number);
    const shard = new RemoteShard({
      path: join(folder.paths.folder, shardSocket(number)),
      genesisHash: node.genesisHash,
      id,
      number,
      origin: node.read(at(shardKind, id))?.origin ?? '',
      tilesFolder: shardPaths(place).log,
      onChange: (state, fault) => {
        if (fault === null) logger.info({ shard: number, state }, 'a shard');
        else logger.error({ shard: number, state, reason: fault.message }, 'a shard');
      },
    });
    this.#shards.push(shard);
    if (isStarting && existsSync(shardPaths(place).logSeed)) this.#processes.push(new ShardProcess(this.#options, number));
    return shard;
  }
}

/** One process, kept running. */
class ShardProcess {
  readonly #options: ShardProcessesOptions;
  readonly #number: number;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs: number = RESTART_MS.first;
  #isStopping = false;

  constructor(options: ShardProcessesOptions, number: number) {
    this.#options = options;
    this.#number = number;
    this.#start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  #start(): void {
    const { folder, logger, logLevel } = this.#options;
    const startedMs = performance.now();
    const args = ['--data', folder.paths.folder, '--shard', String(this.#number), '--log-level', logLevel];
    // Its log lines are JSON as ours, and each names the shard.
    const child = spawn(process.execPath, [...SERVICE_NODE_FLAGS, MAIN, ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // A Ctrl-C in the terminal is for this process, which stops its shards in their turn.
      detached: true,
    });
    this.#child = child;
    child.once('error', (error) => this.#again(startedMs, error.message));
    child.once('exit', (code, signal) => this.#again(startedMs, signal ?? `exit code ${code ?? 'unknown'}`));
    logger.info({ shard: this.#number, shardPid: child.pid }, 'a shard starts');
  }

  #again(startedMs: number, reason: string): void {
    this.#child = null;
    if (this.#isStopping || this.#timer !== null) return;
    if (performance.now() - startedMs > STEADY_MS) this.#waitMs = RESTART_MS.first;
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(2 * waitMs, RESTART_MS.last);
    this.#options.logger.warn({ shard: this.#number, reason, waitMs }, 'a shard ended and is started again');
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#start();
    }, waitMs);
  }
}
