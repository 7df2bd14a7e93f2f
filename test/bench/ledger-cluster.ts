/**
 * The ledger under CometBFT: four validators on this machine, each a process of its own with its CometBFT and a quarter of the clients.
 * 100,000 accounts, each adding keys to itself by transactions that it signed before; each is answered when a block that holds it is
 * durable at its validator. Phases: as many as it takes until `TRANSACTIONS_PER_SECOND_ASKED × seconds` are done (long enough to see what
 * memory does), a short one under the profiler, a fixed rate, packed transactions; then CometBFT's `kvstore` under the same load.
 * OPPIDUM_BENCH_ACCOUNTS makes fewer accounts.
 */

import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { openDataFolder } from '@oppidum/node/data-folder';
import { readFirstAccounts } from '@oppidum/node/found-city';
import { readSeedFile } from '@oppidum/node/key-files';
import { VALIDATOR_NODE_FLAGS } from '@oppidum/node/validator-flags';
import { foundTestCluster } from '../support/comet.ts';
import { findProgram } from '../support/programs.ts';
import { freshBytes } from '../support/running-city.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';
import { readEnvelopes, type SigningJob } from './cluster-envelopes.ts';
import type { LoadOrder, LoadReport } from './cluster-validator.ts';
import type { CpuShares } from './cpu-shares.ts';
import { unbackedMb } from './idle.ts';
import { measureKvstore } from './ledger-kvstore.ts';
import { childrenOf, processSeconds, threadSeconds } from './process-usage.ts';

const VALIDATOR_COUNT = 4;
const ACCOUNT_COUNT = Number(process.env['OPPIDUM_BENCH_ACCOUNTS'] ?? 100_000);
/** Actions of one transaction while loading, and of a packed one. */
const CREATED_TOGETHER = 64;
const PACKED_COUNT = 20;
/** Under way at any time, over all validators. */
const IN_FLIGHT = 2_000;
const PACKED_IN_FLIGHT = 400;
const LOADING_IN_FLIGHT = 128;
const LOADING_SECONDS_MAX = 600;
/** 200,000 transactions where a bench takes ten seconds; a slow machine stops before. */
const ASKED_PER_SECOND = 20_000;
const MAIN_SECONDS_MAX = 9;
const STEADY_PER_SECOND = 1_000;
const PACKED_PER_SECOND_MAX = 1_500;
const PROFILED_PER_SECOND_MAX = 5_000;
/** Of the transactions at a fixed rate, evidence is asked for one of so many. */
const EVIDENCE_OF = 5;
const START_MS = 300;
const LIFETIME_MS = 590_000;
/** What Node calls the one worker of a validator. */
const SIGNATURE_THREAD = 'WorkerThread';
const SIGNER_COUNT = 2;
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', ...VALIDATOR_NODE_FLAGS];
const VALIDATOR = new URL('./cluster-validator.ts', import.meta.url);
const SIGNER = new URL('./cluster-signer.ts', import.meta.url);

/**
 * Figures: `perSecond`, `p50Ms`, `p95Ms`, `perBlock` under as much load as there are clients; `nodeCpuS` and `cometCpuS`, processor
 * seconds of one validator for 1,000 transactions, the former divided among signatures, map, store, codec and the rest; `pssMb` of a
 * node after `pssTransactions`; `steady…` at 1,000 a second; `packedActionsPerSecond`; `kvstorePerSecond`, and `ratio` to it.
 */
export async function benchLedgerCluster({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  if (process.platform !== 'linux') throw new Error('this bench reads /proc, which only Linux has');
  const root = mkdtempSync(join(tmpdir(), 'oppidum-bench-cluster-'));
  const cluster = await BenchCluster.start(root);
  try {
    const mainCount = ASKED_PER_SECOND * seconds;
    await cluster.load(say);
    const main = await cluster.sign(mainCount, say);
    const before = cluster.usage();
    const loaded = summary(await cluster.run({ files: main, seconds: MAIN_SECONDS_MAX * seconds, inFlight: IN_FLIGHT }));
    const used = usedBetween(before, cluster.usage(), loaded.count);
    const pssMb = cluster.pssMb();
    say(`main: ${JSON.stringify({ ...loaded, ...used, pssMb })}`);
    const profiledFiles = await cluster.sign(PROFILED_PER_SECOND_MAX * Math.min(seconds, 4), say);
    const [profiledReport] = await cluster.run({
      files: profiledFiles,
      seconds: Math.min(seconds, 4),
      inFlight: IN_FLIGHT,
      profile: true,
    });
    const steadyFiles = await cluster.sign(STEADY_PER_SECOND * seconds + VALIDATOR_COUNT, say);
    const steady = summary(
      await cluster.run({ files: steadyFiles, seconds, perSecond: STEADY_PER_SECOND / VALIDATOR_COUNT, evidenceOf: EVIDENCE_OF }),
    );
    const packedFiles = await cluster.signPacked(PACKED_PER_SECOND_MAX * seconds, say);
    const packed = summary(await cluster.run({ files: packedFiles, seconds, inFlight: PACKED_IN_FLIGHT }));
    await cluster.stop();
    say('CometBFT alone');
    const [envelope] = readEnvelopes(main[0] as string);
    const size = (envelope as Bytes).length;
    const kvstorePerSecond = await measureKvstore({ validatorCount: VALIDATOR_COUNT, seconds, inFlight: IN_FLIGHT, size });
    return {
      perSecond: loaded.perSecond,
      p50Ms: loaded.p50Ms,
      p95Ms: loaded.p95Ms,
      perBlock: loaded.perBlock,
      ...used,
      ...divided(used, profiledReport?.shares ?? null),
      pssMb,
      pssTransactions: loaded.count,
      steadyP50Ms: steady.p50Ms,
      steadyP95Ms: steady.p95Ms,
      steadyEvidenceP50Ms: steady.evidenceP50Ms,
      steadyEvidenceP95Ms: steady.evidenceP95Ms,
      packedActionsPerSecond: packed.perSecond * PACKED_COUNT,
      packedP95Ms: packed.p95Ms,
      transactionBytes: size,
      kvstorePerSecond,
      ratio: loaded.perSecond / kvstorePerSecond,
    };
  } finally {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Figures of one that is not built by `cluster install-engine` are others (decisions/0020). */
function engineSentence(): string {
  const program = findProgram('cometbft');
  if (program === null) throw new Error('there is no cometbft on this machine');
  const version = spawnSync(program, ['version'], { encoding: 'utf8' }).stdout.trim();
  return `CometBFT ${version}${version.includes('+oppidum.') ? '' : ', as its source has it: slower than what `cluster install-engine` builds'}`;
}

type RunOptions = Omit<LoadOrder, 'file' | 'startMs'> & { readonly files: readonly string[] };
/** Of all validators together: `first` is the number of the first envelope. */
type SignOptions = Pick<SigningJob, 'count' | 'actionCount' | 'accountCount'> & {
  readonly first: number;
  readonly byFounder: boolean;
};
type Usage = { readonly nodeS: number; readonly cometS: number; readonly mainS: number; readonly workerS: number };

/** The validators, and whoever signs for their clients. */
class BenchCluster {
  readonly #root: string;
  readonly #folders: readonly string[];
  readonly #secret = freshBytes(32);
  #validators: ChildProcess[] = [];
  #genesisHash: Bytes = new Uint8Array(0);
  #founder: SigningJob['founder'];
  #fileCount = 0;
  #signedCount = 0;

  static async start(root: string): Promise<BenchCluster> {
    const cluster = new BenchCluster(root);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(root: string) {
    this.#root = root;
    this.#folders = Array.from({ length: VALIDATOR_COUNT }, (_, i) => join(root, String(i + 1)));
  }

  /** The accounts, created by the city's founder. */
  async load(say: (text: string) => void): Promise<void> {
    say(engineSentence());
    const began = performance.now();
    const count = Math.ceil(ACCOUNT_COUNT / CREATED_TOGETHER);
    const files = await this.#sign({
      first: 0,
      count,
      actionCount: CREATED_TOGETHER,
      accountCount: ACCOUNT_COUNT,
      byFounder: true,
    });
    await this.run({ files, seconds: LOADING_SECONDS_MAX, inFlight: LOADING_IN_FLIGHT });
    say(`${ACCOUNT_COUNT} accounts loaded in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }

  /** Files of signed transactions, one for each validator, so many in all: accounts add keys to themselves. */
  async sign(count: number, say: (text: string) => void): Promise<readonly string[]> {
    const first = this.#signedCount;
    this.#signedCount += count;
    const files = await this.#sign({ first, count, actionCount: 1, accountCount: ACCOUNT_COUNT, byFounder: false });
    say(`${count} transactions signed`);
    return files;
  }

  /** The same, each of which creates twenty further accounts. */
  async signPacked(count: number, say: (text: string) => void): Promise<readonly string[]> {
    const first = Math.ceil(ACCOUNT_COUNT / PACKED_COUNT);
    const accountCount = (first + count) * PACKED_COUNT;
    const files = await this.#sign({ first, count, actionCount: PACKED_COUNT, accountCount, byFounder: true });
    say(`${count} packed transactions signed`);
    return files;
  }

  async #sign({ first, count, byFounder, ...rest }: SignOptions): Promise<readonly string[]> {
    const each = Math.ceil(count / VALIDATOR_COUNT);
    const jobs = this.#folders.map((_, i): SigningJob => {
      const from = Math.min(i * each, count);
      return {
        file: join(this.#root, `envelopes-${this.#fileCount++}`),
        genesisHash: this.#genesisHash,
        validUntilMs: Date.now() + LIFETIME_MS,
        secret: this.#secret,
        ...rest,
        from: first + from,
        count: Math.min(each, count - from),
        ...(byFounder && this.#founder !== undefined ? { founder: this.#founder } : {}),
      };
    });
    const waiting = [...jobs];
    const signInTurn = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await signed(job);
    };
    await Promise.all(Array.from({ length: SIGNER_COUNT }, signInTurn));
    return jobs.map(({ file }) => file);
  }

  /** All validators send; the first alone under the profiler. */
  run({ files, inFlight, profile, ...rest }: RunOptions): Promise<LoadReport[]> {
    const startMs = Date.now() + START_MS;
    return Promise.all(
      this.#validators.map(async (validator, i) => {
        const order: LoadOrder = {
          ...rest,
          file: files[i] as string,
          startMs,
          ...(inFlight === undefined ? {} : { inFlight: inFlight / VALIDATOR_COUNT }),
          ...(profile === true && i === 0 ? { profile } : {}),
        };
        validator.send(order);
        return (await reportOf(validator)) as LoadReport;
      }),
    );
  }

  /** Processor time until now. */
  usage(): Usage {
    const total = { nodeS: 0, cometS: 0, mainS: 0, workerS: 0 };
    for (const { pid } of this.#validators) {
      total.nodeS += processSeconds(pid as number);
      for (const child of childrenOf(pid as number)) total.cometS += processSeconds(child);
      const threads = threadSeconds(pid as number);
      total.mainS += threads.get('main') ?? 0;
      total.workerS += threads.get(SIGNATURE_THREAD) ?? 0;
    }
    return total;
  }

  /** Of the largest node. */
  pssMb(): number {
    return Math.max(...this.#validators.map(({ pid }) => unbackedMb(pid as number)));
  }

  async stop(): Promise<void> {
    const validators = this.#validators;
    this.#validators = [];
    await Promise.all(validators.map(end));
  }

  async #start(): Promise<void> {
    await foundTestCluster(this.#folders);
    const first = this.#folders[0] as string;
    const folder = await openDataFolder({ folder: first, crypto });
    this.#genesisHash = folder.genesisHash;
    const { paths } = folder;
    this.#founder = { account: readFirstAccounts(paths).operator, seed: readSeedFile(paths.key('operator')) };
    folder.release();
    this.#validators = this.#folders.map((data) => fork(VALIDATOR, [data], { serialization: 'advanced', execArgv: NODE_FLAGS }));
    await Promise.all(this.#validators.map(reportOf));
  }
}

/** The next message of a process. Rejects when it ends instead. */
async function reportOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`a validator ended with ${code ?? signal}`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  } finally {
    over.abort();
    ended.catch(() => undefined);
  }
}

async function signed(job: SigningJob): Promise<void> {
  const worker = new Worker(SIGNER, { workerData: job });
  await once(worker, 'exit');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.send('stop');
  await once(child, 'exit');
}

/** Of all validators together. */
function summary(reports: readonly LoadReport[]) {
  const latencies = reports.flatMap(({ latenciesMs }) => [...latenciesMs]);
  const evidence = reports.flatMap(({ evidenceMs }) => [...evidenceMs]);
  const inTime = reports.reduce((sum, { answeredInTime }) => sum + answeredInTime, 0);
  return {
    count: latencies.length,
    // Nothing in time is none a second.
    perSecond: inTime === 0 ? 0 : inTime / Math.max(...reports.map(({ answeredForS }) => answeredForS)),
    perBlock: latencies.length / (reports[0]?.heights ?? 1),
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    evidenceP50Ms: percentile(evidence, 0.5),
    evidenceP95Ms: percentile(evidence, 0.95),
  };
}

/** Processor seconds of one validator for 1,000 transactions. */
function usedBetween(before: Usage, after: Usage, count: number) {
  const share = 1_000 / count / VALIDATOR_COUNT;
  return {
    nodeCpuS: (after.nodeS - before.nodeS) * share,
    cometCpuS: (after.cometS - before.cometS) * share,
    workerCpuS: (after.workerS - before.workerS) * share,
    mainCpuS: (after.mainS - before.mainS) * share,
  };
}

/** The worker verifies signatures and nothing else; the main thread is divided as its profile was; the rest are V8's own threads. */
function divided({ nodeCpuS, workerCpuS, mainCpuS }: ReturnType<typeof usedBetween>, shares: CpuShares | null) {
  const { signatures, map, store, codec, other } = shares ?? { signatures: 0, map: 0, store: 0, codec: 0, other: 1 };
  return {
    signaturesCpuS: workerCpuS + mainCpuS * signatures,
    mapCpuS: mainCpuS * map,
    storeCpuS: mainCpuS * store,
    codecCpuS: mainCpuS * codec,
    otherCpuS: mainCpuS * other + nodeCpuS - mainCpuS - workerCpuS,
  };
}
