/**
 * A city of several validators as it runs for real: a process of our node and one of CometBFT for each, their wires through proxies of
 * ours. A test ends, stops, starts, cuts and fills; whatever it does, what clients were told must hold.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { cityOrigin } from '@oppidum/formats/ids';
import { cityKind } from '@oppidum/formats/state-governance';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { type DataFolder, identifyDataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { connectNode, type RemoteNode } from '@oppidum/node/remote-node';
import { foundTestCluster } from '../../support/comet.ts';
import { operatorOf } from '../../support/running-city.ts';
import { Link, type LinkState } from './link.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { doorOf, type Says, type Told } from './validator.ts';

const VALIDATOR = fileURLToPath(new URL('./validator.ts', import.meta.url));
/** Of what a process said, so much is kept. */
const SAID_SIZE_MAX = 2_000_000;
const WAIT_MS = 120_000;

export type Half = 'node' | 'cometbft';

/** One validator: two processes and their folder. */
export class Member {
  readonly index: number;
  readonly data: string;
  /** Each time that it did what it was told to do wrong. */
  readonly misbehaved: Misbehaviour[] = [];
  /** Each time that its node ended although nobody ended it: how, and its last words. */
  readonly ends: string[] = [];
  #child: ChildProcess | null = null;
  #said = '';
  #isReady = false;
  /** A test ended its node. */
  #isEnded = true;
  #client: RemoteNode | null = null;

  constructor(index: number, data: string) {
    this.index = index;
    this.data = data;
  }

  get name(): string {
    return `validator-${this.index + 1}`;
  }

  /** What its two processes wrote, lives before this one included. */
  get said(): string {
    return this.#said;
  }

  /** Exit code of the node when it ended by itself, 'running', or the signal that ended it. */
  get state(): string {
    if (this.#child === null) return 'never started';
    const { exitCode, signalCode } = this.#child;
    return exitCode !== null ? `exit code ${exitCode}` : (signalCode ?? 'running');
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  /** Starts its node again where it ended by itself, now or a while after its trouble, as whoever supervises it does. */
  keepRunning(): void {
    if (this.isRunning || this.#isEnded) return;
    this.ends.push(`${this.name}: ${this.state}, ${this.#said.trimEnd().split('\n').at(-1)}`);
    this.start();
  }

  /** Its door is open. */
  get isReady(): boolean {
    return this.#isReady && this.isRunning;
  }

  get isConnected(): boolean {
    return this.#client !== null;
  }

  /** A client of its door, which connects again by itself. */
  get client(): RemoteNode['client'] {
    if (this.#client === null) throw new Error(`${this.name} has not been connected`);
    return this.#client.client;
  }

  /** Starts the node, which starts its CometBFT. */
  start(): void {
    if (this.isRunning) return;
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const env = { ...process.env, NODE_TEST_CONTEXT: '' };
    const child = fork(VALIDATOR, [this.data], { execArgv, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child = child;
    this.#isReady = false;
    this.#isEnded = false;
    this.#said += `\n── ${new Date().toISOString()}\n`;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + String(chunk)).slice(-SAID_SIZE_MAX);
      });
    child.on('message', (says: Says) => {
      if (says === 'ready') this.#isReady = true;
      else this.misbehaved.push(says.done);
    });
  }

  async connect(): Promise<void> {
    const { genesis, genesisHash } = this.#identity();
    const origin = cityOrigin(genesis.name, genesisHash);
    this.#client ??= await connectNode({ path: doorOf(this.data), genesisHash, origin, kinds: [cityKind.name] });
  }

  tell(told: Told): void {
    this.#child?.send(told);
  }

  /** Processes of these halves that live now; CometBFT's is the node's child. */
  pids(halves: readonly Half[]): number[] {
    const node = this.isRunning ? (this.#child?.pid ?? null) : null;
    if (node === null) return [];
    return halves.flatMap((half) => (half === 'node' ? [node] : childrenOf(node)));
  }

  signal(signal: NodeJS.Signals, halves: readonly Half[]): number[] {
    const pids = this.pids(halves);
    if (signal === 'SIGKILL' && halves.includes('node')) this.#isEnded = true;
    for (const pid of pids) send(pid, signal);
    return pids;
  }

  /** Ends both, by SIGKILL as a power cut would or by SIGTERM as a person does, and waits until they are gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#isEnded = true;
    const comets = this.pids(['cometbft']);
    if (this.isRunning) {
      const gone = once(child, 'exit');
      if (signal === 'SIGKILL') for (const pid of comets) send(pid, signal);
      child.kill(signal);
      await gone;
    }
    // Of a node that was killed: its CometBFT ends when it notices, or never where it was stopped.
    for (const pid of comets) {
      send(pid, 'SIGKILL');
      await until(`cometbft ${pid} is gone`, () => !send(pid, 0));
    }
  }

  close(): void {
    this.#client?.close();
  }

  /** The operator, in the first folder alone. */
  operator(): TransactionSigner {
    return operatorOf({ ...this.#identity(), release: () => undefined });
  }

  #identity(): Omit<DataFolder, 'release'> {
    return identifyDataFolder({ folder: this.data, crypto });
  }
}

/** All validators of a city. */
export class Cluster {
  readonly members: readonly Member[];
  /** Whoever dials whom: `links[from][to]`. */
  readonly #links: readonly (readonly (Link | null)[])[];

  /** Founds a city with a validator in each of these folders; none runs yet. */
  static async found(folders: readonly string[]): Promise<Cluster> {
    await foundTestCluster(folders);
    const ports = folders.map((folder) => Number(/\nladdr = "tcp:\/\/127\.0\.0\.1:(\d+)"/.exec(readConfig(folder))?.[1]));
    const links: (Link | null)[][] = [];
    for (const [from, folder] of folders.entries()) {
      const row: (Link | null)[] = [];
      let config = readConfig(folder);
      for (const [to, port] of ports.entries()) {
        const link = from === to ? null : await Link.open(port);
        row.push(link);
        // Only where peers are named, not where it listens.
        if (link !== null) config = config.replaceAll(`@127.0.0.1:${port}`, `@127.0.0.1:${link.port}`);
      }
      writeFileSync(configOf(folder), config);
      links.push(row);
    }
    return new Cluster(
      folders.map((folder, i) => new Member(i, folder)),
      links,
    );
  }

  private constructor(members: readonly Member[], links: readonly (readonly (Link | null)[])[]) {
    this.members = members;
    this.#links = links;
  }

  at(index: number): Member {
    return this.members[index % this.members.length] as Member;
  }

  /** Starts all that do not run, and waits until their doors are open. */
  async start(): Promise<void> {
    for (const member of this.members) member.start();
    await Promise.all(
      this.members.map(async (member) => {
        await until(
          `${member.name} is ready`,
          () => member.isReady || !member.isRunning,
          () => member.said.slice(-2_000),
        );
        if (!member.isRunning) throw new Error(`${member.name} ended (${member.state}): ${member.said.slice(-2_000)}`);
        await member.connect();
      }),
    );
  }

  /** The wires of one validator, or between two. */
  setLinks(state: LinkState, delayMs: number, one: Member, other: Member | null = null): void {
    for (const [from, row] of this.#links.entries())
      for (const [to, link] of row.entries()) {
        const isOf = (member: Member): boolean => from === member.index || to === member.index;
        if (isOf(one) && (other === null || isOf(other))) link?.set(state, delayMs);
      }
  }

  /** Ends all and closes what is open here; files stay. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    // A stopped process does not hear SIGTERM.
    for (const member of this.members) member.signal('SIGCONT', ['node', 'cometbft']);
    await Promise.all(this.members.map((member) => member.end(signal)));
    for (const member of this.members) member.close();
    for (const link of this.#links.flat()) link?.close();
  }
}

/** Asks until it is so; throws after two minutes, with what `explain` says. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  explain: () => string | Promise<string> = () => '',
): Promise<void> {
  const begunMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begunMs > WAIT_MS) throw new Error(`waited too long until ${what}\n${await explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function configOf(folder: string): string {
  return join(cometPlaces(folder).home, 'config', 'config.toml');
}

function readConfig(folder: string): string {
  return readFileSync(configOf(folder), 'utf8');
}

/** Of all threads of a process. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const words = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
      return words === '' ? [] : words.split(' ').map(Number);
    });
  } catch {
    return [];
  }
}

/** False when there is no such process. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
