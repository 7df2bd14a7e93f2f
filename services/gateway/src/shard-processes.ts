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
import { declaredShards } from '@oppidum/telemetry/device-records';
import { declareFolderShard } from '@oppidum/telemetry/folder-shard';
import { RemoteShard } from '@oppidum/telemetry/remote-shard';
import { shardSocket } from '@oppidum/telemetry/shard-door';
import { shardPaths } from '@oppidum/telemetry/shard-keys';
import type { Logger } from 'pino';

export type ShardProcessesOptions = {
  readonly folder: DataFolder;
  readonly node: NodeClient;
  readonly crypto: Crypto;
  readonly logger: Logger;
  readonly logLevel: string;
  /** Shards of this city on this machine: 0 … count − 1, of which 0 runs here. */
  readonly count: number;
};

/** The shards other than 0, by number. */
export type ShardProcesses = { readonly shards: readonly RemoteShard[]; readonly close: () => Promise<void> };

const MAIN = fileURLToPath(import.meta.resolve('@oppidum/telemetry/telemetry-main'));
const RESTART_MS = { first: 250, last: 15_000 } as const;
/** A process that ran so long did not fail at once: the next start is soon again. */
const STEADY_MS = 30_000;

/** Declares what is missing, starts the processes, and links to every shard but 0 that is on the ledger. Throws as `declareShard` does. */
export async function openShardProcesses(options: ShardProcessesOptions): Promise<ShardProcesses> {
  const { folder, node, crypto, logger, count } = options;
  const { paths } = folder;
  for (let number = 1; number < count; number++) await declareFolderShard({ paths, node, crypto, number });
  const numbers = declaredShards(node).filter(({ number }) => number > 0);
  const shards = numbers
    .sort((a, b) => a.number - b.number)
    .map(({ id, number }) => {
      const origin = node.read(at(shardKind, id))?.origin ?? '';
      return new RemoteShard({
        path: join(paths.folder, shardSocket(number)),
        genesisHash: node.genesisHash,
        id,
        number,
        origin,
        tilesFolder: shardPaths(paths.shard(number)).log,
        onChange: (state, fault) => {
          if (fault === null) logger.info({ shard: number, state }, 'a shard');
          else logger.error({ shard: number, state, reason: fault.message }, 'a shard');
        },
      });
    });
  const processes = numbers
    .filter(({ number }) => number < count && existsSync(paths.shard(number)))
    .map(({ number }) => new ShardProcess(options, number));
  return {
    shards,
    close: async () => {
      await Promise.all(shards.map((shard) => shard.close()));
      await Promise.all(processes.map((shardProcess) => shardProcess.stop()));
    },
  };
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
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
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
