/**
 * A node in another process of the same city, over the socket in its data folder: a mirror of some kinds of records, fed by the blocks,
 * and calls for the rest. It connects again by itself, and then reads every record anew.
 *
 * The node is heard as long as numbered beats come back: what counts is when the beat was sent that came back, so that nothing that
 * waited in a buffer is taken for a sign of life. Without one for `SILENCE_MS` the node is silent, and whoever acknowledges must not.
 */

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { formatError } from '@oppidum/formats/errors';
import { stateHop } from '@oppidum/formats/evidence';
import { LIMITS } from '@oppidum/formats/limits';
import { blob, uint } from '@oppidum/formats/schema';
import { parseState } from '@oppidum/formats/state-layout';
import type { StateChange } from '@oppidum/ledger/city';
import { Channel } from './channel.ts';
import type { BlockNews, NodeLink } from './client.ts';
import {
  type FollowedHead,
  followSchema,
  headSchema,
  parseBlockAnswer,
  parseChanges,
  parseCheckpointAnswer,
  parseLeafProof,
  parseSubmitAnswer,
  parseTransactionAnswer,
  rangesSchema,
} from './node-wire.ts';
import { StateMirror } from './state-mirror.ts';

export type RemoteNodeOptions = {
  /** The node's socket. */
  readonly path: string;
  readonly genesisHash: Bytes;
  readonly origin: string;
  /** Names of the kinds that are mirrored. */
  readonly kinds: readonly string[];
  /** Told when the node comes, goes, or says what no node says. */
  readonly onChange?: (state: 'connected' | 'away', fault: Error | null) => void;
};

/** A link that stays until `close`. */
export type RemoteNode = { readonly client: NodeLink; readonly close: () => void };

const BEAT_MS = 150;
/** An acknowledgement given just before it is over is out within a second. */
const SILENCE_MS = 900;
/** Of a node that takes nothing, beats are not piled up. */
const BEATS_MAX = 1_000;
const RETRY_MS = 200;

/** Connects, and resolves when everything mirrored is here, however long the node takes to come. Rejects WRONG_CITY, and once closed. */
export async function connectNode(options: RemoteNodeOptions, signal?: AbortSignal): Promise<RemoteNode> {
  const link = new Link(options);
  signal?.addEventListener('abort', () => link.close(), { once: true });
  void link.run();
  await link.first;
  return { client: clientOf(options, link), close: () => link.close() };
}

type Mirrored = { readonly mirror: StateMirror; head: FollowedHead };

class Link {
  readonly #options: RemoteNodeOptions;
  readonly listeners = new Set<(block: BlockNews) => void>();
  readonly first: Promise<void>;
  #state: Mirrored | null = null;
  #channel: Channel | null = null;
  #isFollowing = false;
  #isClosed = false;
  /** By number, when each beat was sent that did not come back yet (performance.now()). */
  #beats = new Map<number, number>();
  #nextBeat = 0;
  #heardMs = Number.NEGATIVE_INFINITY;
  readonly #resolveFirst: () => void;
  readonly #rejectFirst: (error: Error) => void;

  constructor(options: RemoteNodeOptions) {
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.first = promise;
    [this.#resolveFirst, this.#rejectFirst] = [resolve, reject];
  }

  get state(): Mirrored {
    if (this.#state === null) throw new Error('the link was never there');
    return this.#state;
  }

  get isAlive(): boolean {
    return this.#isFollowing && performance.now() - this.#heardMs < SILENCE_MS;
  }

  async run(): Promise<void> {
    for (; !this.#isClosed; await sleep(RETRY_MS, undefined, { ref: !this.#isClosed })) {
      try {
        await this.#connect();
      } catch (error) {
        // Another city's node: waiting makes it no other.
        if (this.#state === null && error instanceof Error && 'code' in error && error.code === 'WRONG_CITY')
          return this.#rejectFirst(error);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#channel?.close();
    this.#rejectFirst(formatError('NODE_SILENT'));
  }

  call(name: string, body: CborValue): Promise<CborValue> {
    return this.#channel === null ? Promise.reject(formatError('NODE_SILENT')) : this.#channel.call(name, body);
  }

  /** One connection, from its beginning to its end. */
  async #connect(): Promise<void> {
    const { path, genesisHash, kinds, onChange = () => undefined } = this.#options;
    const ended = Promise.withResolvers<Error | null>();
    const coming: Mirrored = { mirror: new StateMirror(kinds), head: { height: -1, timeMs: 0 } };
    const socket = connect(path);
    const onNotice = this.#follower(coming);
    const answer = (): never => {
      throw formatError('WRONG_TYPE', { want: 'no call' });
    };
    const channel = new Channel({ socket, endCode: 'NODE_SILENT', answer, onNotice, onEnd: ended.resolve });
    this.#channel = channel;
    try {
      const head = await channel.call('follow', followSchema.encode({ genesis: genesisHash, kinds: [...kinds] }));
      this.#begin(coming, headSchema.parse(head, ''));
      onChange('connected', null);
      const beat = setInterval(() => this.#beat(), BEAT_MS);
      const fault = await ended.promise;
      clearInterval(beat);
      onChange('away', fault);
    } finally {
      this.#isFollowing = false;
      this.#channel = null;
      channel.close();
    }
  }

  #begin(coming: Mirrored, head: FollowedHead): void {
    // Blocks that came during the scan are newer than nothing that the answer says.
    if (head.height > coming.head.height) coming.head = head;
    this.#state = coming;
    this.#isFollowing = true;
    this.#heardMs = Number.NEGATIVE_INFINITY;
    this.#beats.clear();
    this.#beat();
    this.#resolveFirst();
    // Whoever keeps something by height looks again.
    this.#tell({ height: coming.head.height, changes: [] });
  }

  #beat(): void {
    if (this.#beats.size >= BEATS_MAX) return;
    this.#beats.set(this.#nextBeat, performance.now());
    this.#channel?.notify('beat', this.#nextBeat++);
  }

  #heard(number: number): void {
    const sentMs = this.#beats.get(number);
    if (sentMs === undefined) throw formatError('WRONG_TYPE', { want: 'a beat that was sent' });
    for (const earlier of this.#beats.keys()) if (earlier <= number) this.#beats.delete(earlier);
    this.#heardMs = Math.max(this.#heardMs, sentMs);
  }

  /** Takes notices into a mirror; the changes of a block count together, when all are here. */
  #follower(coming: Mirrored): (name: string, body: CborValue) => void {
    let changes: StateChange[] = [];
    return (name, body) => {
      if (name === 'beat') this.#heard(uint().parse(body, ''));
      else if (name === 'scanned') for (const change of parseChanges(body)) coming.mirror.apply(change);
      else if (name === 'changed') changes.push(...parseChanges(body));
      else if (name === 'block') {
        const block = { height: headSchema.parse(body, '').height, changes };
        changes = [];
        for (const change of block.changes) coming.mirror.apply(change);
        coming.head = headSchema.parse(body, '');
        if (this.#isFollowing) this.#tell(block);
      } else throw formatError('WRONG_TYPE', { want: 'a notice of a node' });
    };
  }

  #tell(block: BlockNews): void {
    for (const listener of this.listeners) listener(block);
  }
}

function clientOf({ genesisHash, origin }: RemoteNodeOptions, link: Link): NodeLink {
  return {
    genesisHash,
    origin,
    head: () => link.state.head,
    isAlive: () => link.isAlive,
    // A node that is cut off sends no beats.
    isCutOff: () => false,
    submit: async (envelope) => parseSubmitAnswer(await link.call('submit', envelope)),
    read(ref) {
      const value = link.state.mirror.read(ref.key);
      return value === null ? null : parseState(ref.kind, value);
    },
    scan: (range) => link.state.mirror.scan(range),
    transaction: async (id) => parseTransactionAnswer(await link.call('transaction', id)),
    block: async (height) => parseBlockAnswer(await link.call('block', height)),
    policyFileOf: async (size) => blob(LIMITS.policySizeMax, 1).parse(await link.call('policyFileOf', size), ''),
    onBlock(listener) {
      link.listeners.add(listener);
      return () => link.listeners.delete(listener);
    },
    checkpointOf: async (size) => parseCheckpointAnswer(await link.call('checkpointOf', size)),
    proveLeaf: async (index, size) => parseLeafProof(await link.call('proveLeaf', [index, size])),
    async proveState(ranges, size) {
      const asked = ranges.map(({ lo, hi }) => ({ lo, hi }));
      return stateHop.parse(await link.call('proveState', [rangesSchema.encode(asked), size]), '');
    },
  };
}
