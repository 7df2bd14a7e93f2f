/** `TelemetryClient` of a shard in this process. */

import type { Crypto } from '@oppidum/formats/crypto';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { NodeLink } from '@oppidum/node/client';
import type { CheckpointPublisher } from '@oppidum/node/publisher';
import type { LocalTelemetryClient } from './client.ts';
import type { Erasures } from './erasures.ts';
import { makeEvidence } from './evidence.ts';
import { openReading } from './kept-readings.ts';
import type { Listeners } from './listeners.ts';
import type { Sequencer } from './sequence.ts';
import type { ShardParts } from './shard-parts.ts';
import { storedReceipt, storedReceipts } from './stored-receipts.ts';
import type { AnchorRecord } from './vault.ts';

/** The parts of a running shard, as `openShard` puts them together. */
export type RunningShard = {
  readonly number: number;
  readonly client: NodeLink;
  readonly crypto: Crypto;
  readonly parts: Omit<ShardParts, 'logSigner' | 'receiptSigner'>;
  readonly publisher: Pick<CheckpointPublisher, 'latest'>;
  readonly sequencer: Pick<Sequencer, 'isOpen' | 'isBusy' | 'ingest' | 'ingestAll' | 'ingestInTurn'>;
  readonly erasures: Erasures;
  readonly kept: Listeners<number>;
  readonly anchored: Listeners<AnchorRecord>;
};

/** The client over these parts. */
export function telemetryClient(running: RunningShard): LocalTelemetryClient {
  const { number, client, parts, publisher, sequencer, kept, anchored } = running;
  const { id, record, paths, vault, keys } = parts;
  const issuer = { crypto: running.crypto, audience: client.genesisHash, shard: id };
  let known = { height: -1, isActive: false };
  const accepts = (): boolean => {
    const { height } = client.head();
    if (known.height !== height) known = { height, isActive: client.read(at(shardKind, id))?.status === 'active' };
    return known.isActive && sequencer.isOpen && client.isAlive() && !client.isCutOff();
  };
  return {
    status() {
      const newest = vault.newestAnchor();
      return {
        id,
        number,
        origin: record.origin,
        size: vault.size,
        anchored: newest === null ? null : { size: newest.size, height: newest.height, timeMs: newest.timeMs },
        accepts: accepts(),
      };
    },
    checkpoint: () => publisher.latest(),
    tilesFolder: paths.log,
    ingest: (envelope) => sequencer.ingest(envelope),
    ingestAll: (envelopes) => sequencer.ingestAll(envelopes),
    ingestInTurn: (envelope) => sequencer.ingestInTurn(envelope),
    accepts,
    isBusy: () => sequencer.isBusy,
    readings: (fromIndex, limit) => [...vault.entriesFrom(fromIndex, limit)].map((entry) => openReading(keys, entry)),
    reading(digest) {
      const index = vault.indexOf(digest);
      const entry = index === null ? null : vault.entry(index);
      return entry === null ? null : openReading(keys, entry);
    },
    receipt: (digest) => storedReceipt(vault, issuer, digest),
    receipts: (from) => storedReceipts(vault, issuer, from),
    onKept: (listener) => kept.add(listener),
    onAnchored: (listener) => anchored.add(({ size, height, timeMs }) => listener({ size, height, timeMs })),
    evidence: (digest, held) => makeEvidence({ ...running, ...parts }, digest, held),
  };
}
