/**
 * A shard for the doors of the city in another process: a Unix socket in the data folder, mode 600 (frames: `channel.ts` of node).
 *
 *   calls     watch {genesis} → status: from now on notices come
 *             ingest [* envelope] → [* answer]   readings {from, limit}   reading digest   evidence digest
 *             evidenceOf {digest, envelope}
 *             receipt digest   receipts {device, keyNumber, sequence, limit}
 *             erase {device, legalBasis}   clones
 *   notices   status, with every beat and anchor       kept size: how many entries are durable now
 *             beat n, both ways: the same number comes back
 */

import { createServer, type Socket } from 'node:net';
import { equalBytes } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { id } from '@oppidum/formats/common-schemas';
import { formatError } from '@oppidum/formats/errors';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { uint } from '@oppidum/formats/schema';
import { Channel } from '@oppidum/node/channel';
import { listenOwnerOnly } from '@oppidum/node/unix-socket';
import type { KeptReading } from './client.ts';
import type { OpenShard } from './open-shard.ts';
import {
  encodeAnswer,
  encodeClones,
  encodeReading,
  encodeReadings,
  encodeStatus,
  envelopesSchema,
  erasedSchema,
  eraseSchema,
  heldSchema,
  pageSchema,
  READINGS_OF_ONE_FRAME,
  READINGS_SIZE_OF_ONE_FRAME,
  receiptRangeSchema,
  receiptsSchema,
  watchSchema,
} from './shard-wire.ts';

export type ShardDoorOptions = {
  readonly shard: OpenShard;
  readonly genesisHash: Uint8Array;
  readonly path: string;
  /** Told of each neighbour that broke the rules, or whose call found a fault. */
  readonly onFault: (error: Error) => void;
};

/** An open door; `reason` says why there is none. */
export type ShardDoor = { readonly reason: string | null; readonly close: () => Promise<void> };

const CONNECTION_COUNT_MAX = 16;

/** The socket of the shard with this number in a data folder. */
export function shardSocket(number: number): string {
  return `shard-${number}.sock`;
}

/** Listens; where no socket can be made, the door says why and nobody comes in. */
export async function openShardDoor(options: ShardDoorOptions): Promise<ShardDoor> {
  const visitors = new Set<Channel>();
  const server = createServer((socket) => {
    const channel = welcome(options, socket, (fault) => {
      visitors.delete(channel);
      if (fault !== null) options.onFault(fault);
    });
    visitors.add(channel);
  });
  server.maxConnections = CONNECTION_COUNT_MAX;
  const reason = await listenOwnerOnly(server, options.path);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const channel of visitors) channel.close();
    await closed;
  };
  return { reason, close };
}

function welcome(options: ShardDoorOptions, socket: Socket, onEnd: (fault: Error | null) => void): Channel {
  const { client } = options.shard;
  const forget: (() => void)[] = [];
  const status = (): CborValue => encodeStatus({ status: client.status(), checkpoint: client.checkpoint() });
  const watch = (body: CborValue): CborValue => {
    if (!equalBytes(watchSchema.parse(body, '').genesis, options.genesisHash)) throw formatError('WRONG_CITY');
    if (forget.length > 0) throw formatError('WRONG_TYPE', { want: 'one watch' });
    forget.push(
      client.onKept((size) => channel.notify('kept', size)),
      client.onAnchored(() => channel.notify('status', status())),
    );
    return status();
  };
  const answers = new Map([...answersOf(options.shard), ['watch', watch] as const]);
  const channel: Channel = new Channel({
    socket,
    endCode: 'NOT_READY',
    answer: (name, body) => {
      const answer = answers.get(name);
      if (answer === undefined) throw formatError('WRONG_TYPE', { want: 'a call that a shard answers' });
      return answer(body);
    },
    onNotice: (name, body) => {
      if (name !== 'beat') throw formatError('WRONG_TYPE', { want: 'a beat' });
      channel.notify('status', status());
      channel.notify('beat', uint().parse(body, ''));
    },
    onEnd: (fault) => {
      for (const end of forget) end();
      onEnd(fault);
    },
  });
  return channel;
}

type Answer = (body: CborValue) => Promise<CborValue> | CborValue;

function answersOf({ client, erase, clones }: OpenShard): readonly (readonly [string, Answer])[] {
  return [
    // Who sends bounds what waits; what is here begins as soon as there is room.
    [
      'ingest',
      async (body) =>
        (await Promise.all(envelopesSchema.parse(body, '').map((envelope) => client.ingestInTurn(envelope)))).map(encodeAnswer),
    ],
    [
      'readings',
      (body) => {
        const { from, limit } = pageSchema.parse(body, '');
        return encodeReadings(takeSize(client.readings(from, Math.min(limit, READINGS_OF_ONE_FRAME))));
      },
    ],
    ['reading', (body) => encodeReading(client.reading(id().parse(body, '')))],
    ['receipt', (body) => client.receipt(id().parse(body, ''))],
    ['receipts', (body) => receiptsSchema.encode([...client.receipts(receiptRangeSchema.parse(body, ''))])],
    ['evidence', async (body) => encodeEvidence(await client.evidence(id().parse(body, '')))],
    [
      'evidenceOf',
      async (body) => {
        const { digest, envelope } = heldSchema.parse(body, '');
        return encodeEvidence(await client.evidence(digest, envelope));
      },
    ],
    [
      'erase',
      async (body) => {
        const { device, legalBasis } = eraseSchema.parse(body, '');
        return erasedSchema.encode(await erase(device, legalBasis));
      },
    ],
    ['clones', () => encodeClones(clones())],
  ];
}

/** The first readings, at least one, until their envelopes have the size of a frame. */
function takeSize(readings: readonly KeptReading[]): readonly KeptReading[] {
  let size = 0;
  const end = readings.findIndex(({ envelope }, i) => {
    size += envelope?.length ?? 0;
    return i > 0 && size > READINGS_SIZE_OF_ONE_FRAME;
  });
  return end < 0 ? readings : readings.slice(0, end);
}
