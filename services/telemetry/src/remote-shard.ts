/**
 * `TelemetryClient` of a shard in another process of the same city, over the socket in the data folder. It connects again by itself.
 * While the shard is away or silent, readings for it are refused as passing (NOT_READY): nothing is lost, their devices send them again
 * and get the same receipts.
 */

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { type FormatError, formatError, reject } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { LIMITS } from '@oppidum/formats/limits';
import { blob, uint } from '@oppidum/formats/schema';
import { Channel } from '@oppidum/node/channel';
import type { IngestAnswer, TelemetryClient } from './client.ts';
import type { CloneFinding } from './clones.ts';
import type { LegalBasis } from './erasures.ts';
import { IngestLine } from './ingest-line.ts';
import { Listeners } from './listeners.ts';
import {
  erasedSchema,
  eraseSchema,
  type FarStatus,
  heldSchema,
  itemsOf,
  pageSchema,
  parseAnswer,
  parseClones,
  parseReadingAnswer,
  parseReadings,
  parseReceiptAnswer,
  parseStatus,
  receiptRangeSchema,
  receiptsSchema,
  watchSchema,
} from './shard-wire.ts';

export type RemoteShardOptions = {
  readonly path: string;
  readonly genesisHash: Bytes;
  /** What the ledger says of the shard. */
  readonly id: Bytes;
  readonly number: number;
  readonly origin: string;
  /** The folder of its tiles: files that both processes read. */
  readonly tilesFolder: string;
  /** Told when the shard comes, goes, or says what no shard says. */
  readonly onChange?: (state: 'connected' | 'away', fault: Error | null) => void;
};

const BEAT_MS = 200;
/** A shard that does not answer for so long is taken for away: whoever waits is told so. */
const SILENCE_MS = 2_000;
const RETRY_MS = 200;

/** A shard elsewhere. */
export class RemoteShard {
  readonly client: TelemetryClient;
  readonly #options: RemoteShardOptions;
  readonly #kept = new Listeners<number>();
  readonly #anchored = new Listeners<NonNullable<FarStatus['status']['anchored']>>();
  readonly #line: IngestLine;
  #known: FarStatus;
  /** Once the shard has answered. */
  #channel: Channel | null = null;
  #attempt: Channel | null = null;
  #isClosed = false;
  #heardMs = Number.NEGATIVE_INFINITY;
  readonly #running: Promise<void>;

  constructor(options: RemoteShardOptions) {
    this.#options = options;
    const { id, number, origin } = options;
    const status = { id, number, origin, size: 0, anchored: null, accepts: false };
    this.#known = { status, checkpoint: null };
    this.#line = new IngestLine((envelopes) => this.#send(envelopes));
    this.client = this.#makeClient();
    this.#running = this.#run();
  }

  /** Throws as `OpenShard.erase`, and NOT_READY. */
  readonly erase = async (device: Bytes, legalBasis: LegalBasis): Promise<{ readonly id: Bytes; readonly count: number }> => {
    return erasedSchema.parse(await this.#call('erase', eraseSchema.encode({ device, legalBasis })), '');
  };

  readonly clones = async (): Promise<readonly CloneFinding[]> => parseClones(await this.#call('clones', null));

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#attempt?.close();
    await this.#running;
  }

  get #accepts(): boolean {
    return this.#channel !== null && this.#known.status.accepts;
  }

  #makeClient(): TelemetryClient {
    return {
      status: () => ({ ...this.#known.status, accepts: this.#accepts }),
      checkpoint: () => this.#known.checkpoint,
      tilesFolder: this.#options.tilesFolder,
      ingest: (envelope) => this.#line.ingest(envelope),
      ingestAll: (envelopes) => this.#line.ingestAll(envelopes),
      ingestInTurn: (envelope) => this.#line.ingestInTurn(envelope),
      accepts: () => this.#accepts,
      readings: async (from, limit) => parseReadings(await this.#call('readings', pageSchema.encode({ from, limit }))),
      reading: async (digest) => parseReadingAnswer(await this.#call('reading', digest)),
      receipt: async (digest) => parseReceiptAnswer(await this.#call('receipt', digest)),
      receipts: async (from) => receiptsSchema.parse(await this.#call('receipts', receiptRangeSchema.encode(from)), ''),
      onKept: (listener) => this.#kept.add(listener),
      onAnchored: (listener) => this.#anchored.add(listener),
      evidence: async (digest, held) => {
        const answer =
          held === undefined
            ? this.#call('evidence', digest)
            : this.#call('evidenceOf', heldSchema.encode({ digest, envelope: held }));
        return parseEvidence(blob(LIMITS.evidenceSizeMax, 1).parse(await answer, ''));
      },
    };
  }

  #call(name: string, body: CborValue): Promise<CborValue> {
    return this.#channel === null ? Promise.reject(this.#away()) : this.#channel.call(name, body);
  }

  #away(): FormatError {
    return formatError('NOT_READY', { part: 'telemetry', shard: this.#options.number });
  }

  /** One frame of envelopes; whatever keeps their answers from coming passes. */
  async #send(envelopes: readonly Bytes[]): Promise<readonly IngestAnswer[]> {
    try {
      const answers = itemsOf(await this.#call('ingest', [...envelopes])).map(parseAnswer);
      if (answers.length !== envelopes.length) throw formatError('LENGTH_WRONG', { want: envelopes.length });
      return answers;
    } catch {
      const { part, shard } = this.#away().details as { readonly part: string; readonly shard: number };
      return envelopes.map(() => ({ kind: 'passing', rejection: reject('NOT_READY', { part, shard }) }));
    }
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      await this.#connect().catch(() => undefined);
      if (!this.#isClosed) await sleep(RETRY_MS);
    }
  }

  /** One connection, from its beginning to its end. */
  async #connect(): Promise<void> {
    const { path, genesisHash, onChange = () => undefined } = this.#options;
    const ended = Promise.withResolvers<Error | null>();
    const answer = (): never => {
      throw formatError('WRONG_TYPE', { want: 'no call' });
    };
    const onNotice = (name: string, body: CborValue): void => this.#hear(name, body);
    const channel = new Channel({ socket: connect(path), endCode: 'NOT_READY', answer, onNotice, onEnd: ended.resolve });
    this.#attempt = channel;
    let beat: NodeJS.Timeout | undefined;
    try {
      this.#learn(parseStatus(await channel.call('watch', watchSchema.encode({ genesis: genesisHash }))));
      this.#heardMs = performance.now();
      this.#channel = channel;
      beat = setInterval(() => this.#beat(channel), BEAT_MS);
      onChange('connected', null);
      // Whoever could ask it nothing meanwhile asks again.
      this.#kept.tell(this.#known.status.size);
      const fault = await ended.promise;
      onChange('away', fault);
    } finally {
      clearInterval(beat);
      this.#channel = null;
      channel.close();
    }
  }

  #beat(channel: Channel): void {
    const nowMs = performance.now();
    // Ends the calls that wait: their answers may never come.
    if (nowMs - this.#heardMs > SILENCE_MS) return channel.close();
    channel.notify('beat', Math.floor(nowMs));
  }

  #hear(name: string, body: CborValue): void {
    if (name === 'status') this.#learn(parseStatus(body));
    // No shard has heard of a beat that is still to come.
    else if (name === 'beat') this.#heardMs = Math.max(this.#heardMs, Math.min(uint().parse(body, ''), performance.now()));
    else if (name === 'kept') {
      const size = uint().parse(body, '');
      this.#known = { ...this.#known, status: { ...this.#known.status, size } };
      this.#kept.tell(size);
    } else throw formatError('WRONG_TYPE', { want: 'a notice of a shard' });
  }

  #learn(next: FarStatus): void {
    const { id, number } = this.#options;
    if (next.status.number !== number || Buffer.compare(next.status.id, id) !== 0) throw formatError('WRONG_CITY');
    const before = this.#known.status.anchored?.size ?? 0;
    this.#known = next;
    const { anchored } = next.status;
    if (anchored !== null && anchored.size > before) this.#anchored.tell(anchored);
  }
}
