/**
 * CometBFT beside a node: found, started on the home in the data folder, started again when it ends, ended with the node. A data folder
 * with such a home has several validators, or is meant to; without one the embedded engine decides.
 */

import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { isAllowedPeer } from './allowed-peers.ts';
import type { CommitAnswer } from './application.ts';
import { type CometOptions, cometEngine } from './comet-engine.ts';
import { chainIdOf } from './comet-genesis.ts';
import { readHalt, reasonOf } from './comet-halt.ts';
import { readPeers } from './comet-home.ts';
import { type CometLine, cometLogLevel, readCometLine } from './comet-log.ts';
import { endOrphans } from './comet-orphan.ts';
import { keepPeers } from './comet-peers.ts';
import { CometRpc } from './comet-rpc.ts';
import { exchangeConsensusKey } from './consensus-key.ts';
import type { DataFolder } from './data-folder.ts';
import type { StartEngine } from './engine.ts';
import { type CometPlaces, cometPlaces } from './found-cluster.ts';

export type FolderEngineOptions = Pick<CometOptions, 'wrap'> & {
  readonly folder: DataFolder;
  readonly crypto: Crypto;
  /** What CometBFT says, line by line, and what happens to its process. */
  readonly onLine: (line: CometLine) => void;
  /** Of ours: what CometBFT is to say follows from it. */
  readonly logLevel?: string;
  /** Folders in which CometBFT is looked for, instead of PATH and where `oppidum cluster install-engine` puts it. */
  readonly searched?: readonly string[];
};

/** Where `oppidum cluster install-engine` puts it. */
const INSTALLED = resolve(import.meta.dirname, '../../../.cache/engine');
const VERSION = /^v?0\.38\./;
const PAUSE_MS_MIN = 250;
const PAUSE_MS_MAX = 10_000;
/** Whoever lived so long may start again at once. */
const SETTLED_MS = 30_000;
const STOP_MS = 10_000;
const ANEW_MS = 50;
const OWNER_ONLY_UMASK = 0o077;

/** The engine of a data folder: CometBFT where it has a home for it, else undefined. Throws CHAIN_FOREIGN, ENGINE_MISSING. */
export function folderEngine({
  folder,
  crypto,
  onLine,
  logLevel = 'warn',
  searched,
  wrap,
}: FolderEngineOptions): StartEngine | undefined {
  const places = cometPlaces(folder.paths.folder);
  const document = join(places.home, 'config', 'genesis.json');
  if (!existsSync(document)) return undefined;
  assertChain(document, chainIdOf(folder.genesisHash));
  const program = findComet(searched ?? [...(process.env['PATH'] ?? '').split(delimiter), INSTALLED]);
  return async (parts) => {
    const { application } = parts;
    const exchangeKey = (): Promise<boolean> =>
      exchangeConsensusKey({ home: places.home, keys: folder.paths.keys, crypto }, application);
    await exchangeKey();
    const onDiverged = (why: string): void => parts.onFailure(formatError('STATE_DIVERGED', { why }));
    const comet = new CometProcess({ program, places, onLine, logLevel, onDiverged });
    const onCommit = async (answer: CommitAnswer): Promise<void> => {
      await parts.onCommit(answer);
      if (await exchangeKey()) comet.startAnew();
    };
    try {
      const { app: listen, rpc } = places;
      const mayBePeer = (id: string): boolean => isAllowedPeer(places.home, id);
      const { genesis, genesisHash } = folder;
      const onGone = (): void => comet.isLeaving();
      const options = { crypto, genesis, genesisHash, listen, rpc, mayBePeer, onGone, ...(wrap === undefined ? {} : { wrap }) };
      const engine = await cometEngine(options)({ ...parts, onCommit });
      return {
        name: engine.name,
        get isAlive() {
          return engine.isAlive;
        },
        get isCutOff() {
          return engine.isCutOff;
        },
        submit: (envelope) => engine.submit(envelope),
        close: async () => {
          await comet.stop();
          await engine.close();
        },
      };
    } catch (error) {
      await comet.stop();
      throw error;
    }
  };
}

/** Of a home with a history the engine would only say that hashes differ. Throws CHAIN_FOREIGN. */
function assertChain(genesis: string, want: string): void {
  const { chain_id: got } = JSON.parse(readFileSync(genesis, 'utf8')) as { readonly chain_id?: unknown };
  if (got !== want) throw formatError('CHAIN_FOREIGN', { file: genesis, want, got: String(got) });
}

/** Path of a CometBFT of the right version. Throws ENGINE_MISSING. */
function findComet(folders: readonly string[]): string {
  for (const path of folders.map((each) => join(each, 'cometbft')).filter(isExecutable)) {
    if (VERSION.test(spawnSync(path, ['version'], { encoding: 'utf8' }).stdout.trim())) return path;
  }
  throw formatError('ENGINE_MISSING', { want: 'cometbft 0.38' });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type CometProcessOptions = {
  readonly program: string;
  readonly places: CometPlaces;
  readonly onLine: (line: CometLine) => void;
  readonly logLevel: string;
  /** Told when no start helps any more: what this node computed is not what was decided. */
  readonly onDiverged: (why: string) => void;
};

/** One CometBFT that is kept running. */
class CometProcess {
  readonly #options: CometProcessOptions;
  #child: ChildProcess | null = null;
  #pauseMs = PAUSE_MS_MIN;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;
  #gone: Promise<void> = Promise.resolve();
  readonly #rpc: CometRpc;
  readonly #leavePeers: () => void;

  constructor(options: CometProcessOptions) {
    this.#options = options;
    const { home, rpc } = options.places;
    this.#rpc = new CometRpc(rpc);
    this.#leavePeers = keepPeers({ rpc: this.#rpc, named: () => readPeers(home) });
    this.#start();
  }

  /** Ends it, so that it starts again with what its home has now; soon, when it has the answer to what it asked. */
  startAnew(): void {
    setTimeout(() => this.#end('SIGTERM'), ANEW_MS).unref();
  }

  /** Its connection to the application is closed, and so it ends; or hangs, and then nobody would start it again. */
  isLeaving(): void {
    this.#end(null);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#leavePeers();
    this.#rpc.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#end('SIGTERM');
    await this.#gone;
  }

  /** Whoever does not go by itself, or by this signal, is made to. */
  #end(signal: NodeJS.Signals | null): void {
    const child = this.#child;
    if (child === null) return;
    if (signal !== null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    timer.unref();
    child.once('exit', () => clearTimeout(timer));
  }

  #start(): void {
    const { home, rpc } = this.#options.places;
    endOrphans(home);
    // It does not listen where a dead one left its socket.
    rmSync(rpc.replace('unix://', ''), { force: true });
    const startedMs = performance.now();
    const child = this.#spawn(home);
    this.#child = child;
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', (line) => this.#onLine(line, child));
    this.#gone = new Promise((resolve) => {
      const end = (how: string): void => {
        resolve();
        if (this.#child !== child) return;
        this.#child = null;
        this.#startAgain(performance.now() - startedMs, how);
      };
      child.on('error', (error) => end(error.message));
      child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  /** What it makes, its socket and its databases, is its owner's alone, whatever the mask of whoever started us. */
  #spawn(home: string): ChildProcessByStdio<null, Readable, Readable> {
    const umask = process.umask(OWNER_ONLY_UMASK);
    try {
      const { logLevel, places } = this.#options;
      // Where the folder lies now: it may have been made elsewhere. The socket is its owner's, who may also tell it whom to dial.
      const meeting = ['--proxy_app', places.app, '--rpc.laddr', places.rpc, '--rpc.unsafe'];
      const words = ['node', '--home', home, ...meeting, '--log_level', cometLogLevel(logLevel)];
      return spawn(this.#options.program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    } finally {
      process.umask(umask);
    }
  }

  #onLine(line: string, child: ChildProcess): void {
    const read = readCometLine(line);
    // Peers that are lost at the end are no news.
    if (!this.#isStopping) this.#options.onLine(read);
    const halt = this.#isStopping ? null : readHalt(line);
    // Its process stays, of no use before it is started again.
    if (halt !== null) child.kill('SIGKILL');
    if (halt === 'diverged') this.#options.onDiverged(reasonOf(line));
  }

  #startAgain(livedMs: number, how: string): void {
    if (this.#isStopping) return;
    if (livedMs > SETTLED_MS) this.#pauseMs = PAUSE_MS_MIN;
    this.#options.onLine({ level: 'error', text: `ended by ${how}; starts again in ${this.#pauseMs} ms` });
    this.#timer = setTimeout(() => this.#start(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MS_MAX);
  }
}
