/**
 * A node for processes beside it: a Unix socket in its data folder, mode 600 (frames: `channel.ts`).
 *
 *   calls     follow {genesis, kinds} → head, after notices `scanned` with every record of these kinds
 *             submit envelope   transaction id   block height   policyFileOf size   checkpointOf size
 *             proveLeaf [index, size]   proveState [ranges, size]
 *   notices   changed: records that the block in the making changed or removed      block: its head; now the changes count
 *             beat n, both ways: the same number comes back while the engine is alive
 *
 * What `scanned` says is never older than the head that `follow` answers, and every later block comes after it, in order.
 */

import { createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CborValue } from '@oppidum/formats/cbor';
import { id as idSchema } from '@oppidum/formats/common-schemas';
import { formatError } from '@oppidum/formats/errors';
import { stateHop } from '@oppidum/formats/evidence';
import { LIMITS } from '@oppidum/formats/limits';
import { blob, uint } from '@oppidum/formats/schema';
import { prefixRange } from '@oppidum/formats/state-layout';
import { kindNamed, kindOfKey } from '@oppidum/formats/state-registry';
import type { StateChange } from '@oppidum/ledger/city';
import { Channel } from './channel.ts';
import type { CommittedBlock, NodeClient } from './client.ts';
import {
  encodeBlock,
  encodeChanges,
  encodeCheckpoint,
  encodeLeafProof,
  encodeSubmitAnswer,
  encodeTransaction,
  followSchema,
  headSchema,
  RECORDS_OF_ONE_FRAME,
  rangesSchema,
} from './node-wire.ts';
import { listenOwnerOnly } from './unix-socket.ts';

export type NodeDoorOptions = {
  readonly client: NodeClient;
  /** The socket's path. */
  readonly path: string;
  /** Told of each neighbour that broke the rules, or whose call found a fault. */
  readonly onFault?: (error: Error) => void;
};

/** An open door; `reason` says why there is none. */
export type NodeDoor = { readonly reason: string | null; readonly close: () => Promise<void> };

const CONNECTION_COUNT_MAX = 64;
const FRAME_CHANGE_COUNT = RECORDS_OF_ONE_FRAME;

/** Listens; where no socket can be made, the door says why and nobody comes in. */
export async function openNodeDoor({ client, path, onFault = () => undefined }: NodeDoorOptions): Promise<NodeDoor> {
  const neighbours = new Set<Neighbour>();
  const server = createServer((socket) => {
    const neighbour = new Neighbour(client, socket, (fault) => {
      neighbours.delete(neighbour);
      if (fault !== null) onFault(fault);
    });
    neighbours.add(neighbour);
  });
  server.maxConnections = CONNECTION_COUNT_MAX;
  const reason = await listenOwnerOnly(server, path);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const neighbour of neighbours) neighbour.close();
    await closed;
  };
  return { reason, close };
}

type Answer = (body: CborValue) => Promise<CborValue> | CborValue;

/** One process at the other end. */
class Neighbour {
  readonly #client: NodeClient;
  readonly #channel: Channel;
  readonly #answers: ReadonlyMap<string, Answer>;
  #kinds: ReadonlySet<string> | null = null;
  #forget: () => void = () => undefined;

  constructor(client: NodeClient, socket: Socket, onEnd: (fault: Error | null) => void) {
    this.#client = client;
    this.#answers = answersOf(client, (body) => this.#follow(body));
    this.#channel = new Channel({
      socket,
      endCode: 'NOT_READY',
      answer: (name: string, body: CborValue) => {
        const answer = this.#answers.get(name);
        if (answer === undefined) throw formatError('WRONG_TYPE', { want: 'a call that a node answers' });
        return answer(body);
      },
      onNotice: (name, body) => this.#hear(name, body),
      onEnd: (fault) => {
        this.#forget();
        onEnd(fault);
      },
    });
  }

  close(): void {
    this.#channel.close();
  }

  /** The answer says that the engine lives and is not cut off, and comes after every block of before. */
  #hear(name: string, body: CborValue): void {
    if (name !== 'beat') throw formatError('WRONG_TYPE', { want: 'a beat' });
    if (this.#client.isAlive() && !this.#client.isCutOff()) this.#channel.notify('beat', uint().parse(body, ''));
  }

  async #follow(body: CborValue): Promise<CborValue> {
    const { genesis, kinds } = followSchema.parse(body, '');
    if (Buffer.compare(genesis, this.#client.genesisHash) !== 0) throw formatError('WRONG_CITY');
    const ranges = kinds.map((name) => prefixRange(kindNamed(name), []));
    if (this.#kinds !== null) throw formatError('WRONG_TYPE', { want: 'one follow' });
    this.#kinds = new Set(kinds);
    this.#forget = this.#client.onBlock((block) => this.#tell(block));
    for (const { lo, hi } of ranges) await this.#scan(lo, hi);
    // From here to the answer nothing waits: no block comes in between.
    const { height, timeMs } = this.#client.head();
    return headSchema.encode({ height, timeMs });
  }

  /** Page by page, each read in one go; blocks that come in between say again what they change. */
  async #scan(lo: Uint8Array, hi: Uint8Array): Promise<void> {
    for (let from: Uint8Array | null = lo; from !== null && !this.#channel.isEnded; ) {
      const page: StateChange[] = [];
      let last: Uint8Array | null = null;
      for (const record of this.#client.scan({ lo: from, hi })) {
        page.push(record);
        if (page.length < FRAME_CHANGE_COUNT) continue;
        last = record.key;
        break;
      }
      this.#channel.notify('scanned', encodeChanges(page));
      from = last === null ? null : successorOf(last);
      await this.#channel.drained();
      await nextTurn();
    }
  }

  #tell({ height, timeMs, changes }: CommittedBlock): void {
    const wanted = changes.filter(({ key }) => this.#kinds?.has(kindOfKey(key)?.name ?? ''));
    for (let i = 0; i < wanted.length; i += FRAME_CHANGE_COUNT)
      this.#channel.notify('changed', encodeChanges(wanted.slice(i, i + FRAME_CHANGE_COUNT)));
    this.#channel.notify('block', headSchema.encode({ height, timeMs }));
  }
}

/** The next key of the same size. */
function successorOf(key: Uint8Array): Uint8Array {
  const next = key.slice();
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = ((next[i] as number) + 1) & 255;
    if (next[i] !== 0) break;
  }
  return next;
}

/** What a node answers, by the name of the call. */
function answersOf(client: NodeClient, follow: Answer): ReadonlyMap<string, Answer> {
  const number = (body: CborValue): number => uint().parse(body, '');
  return new Map<string, Answer>([
    ['follow', follow],
    ['submit', async (body) => encodeSubmitAnswer(await client.submit(blob(LIMITS.transactionSizeMax, 1).parse(body, '')))],
    ['transaction', (body) => encodeTransaction(client.transaction(idSchema().parse(body, '')))],
    ['block', (body) => encodeBlock(client.block(number(body)))],
    ['policyFileOf', (body) => client.policyFileOf(number(body))],
    ['checkpointOf', async (body) => encodeCheckpoint(await client.checkpointOf(number(body)))],
    [
      'proveLeaf',
      async (body) => {
        const [index, size] = pairOf(body);
        return encodeLeafProof(await client.proveLeaf(number(index), number(size)));
      },
    ],
    [
      'proveState',
      async (body) => {
        const [ranges, size] = pairOf(body);
        return stateHop.encode(await client.proveState(rangesSchema.parse(ranges, ''), number(size)));
      },
    ],
  ]);
}

function pairOf(body: CborValue): readonly [CborValue, CborValue] {
  if (Array.isArray(body) && body.length === 2) return body as [CborValue, CborValue];
  throw formatError('WRONG_TYPE', { want: 'two values' });
}
