/**
 * A node with an empty disk begins with the state of others, as CometBFT's state sync lets it: it asks for snapshots, offers one to its
 * application with the app hash that the chain proves, and hands over the chunks, of which some come altered.
 */

import type { AbciApplication } from '@oppidum/abci/connection';
import type { Bytes } from '@oppidum/formats/bytes';
import {
  ResponseApplySnapshotChunk_Result as ChunkResult,
  ResponseOfferSnapshot_Result as OfferResult,
  type Snapshot,
} from 'cosmjs-types/tendermint/abci/types';
import type { Agreement } from './agreement.ts';
import { time } from './virtual-time.ts';

/** After so many questions that nobody had a snapshot for it begins with the first block. */
const TRIES_MAX = 12;
/** For one chunk. */
const CHUNK_TRIES_MAX = 20;
const ANSWER_MS = 500;
const PAUSE_MS = 100;
const ALTERED_ONE_IN = 8;

type Restored = { readonly height: number; readonly appHash: Bytes };

/**
 * What its application has afterwards; null where nobody had anything. One that has begun goes on until it has a state: CometBFT begins no
 * chain in the same life.
 */
export async function restoreState(number: number, agreement: Agreement, application: AbciApplication): Promise<Restored | null> {
  let hasBegun = false;
  for (let tries = 0; hasBegun || tries < TRIES_MAX; tries++) {
    const offered = await askSome(number, agreement, (peer) => peer.listSnapshots({}));
    const snapshot = offered?.snapshots[0];
    hasBegun ||= snapshot !== undefined;
    if (snapshot !== undefined && (await isTaken(number, agreement, application, snapshot))) {
      const info = { version: '0.38.26', blockVersion: 11n, p2pVersion: 8n, abciVersion: '2.0.0' };
      const { lastBlockHeight, lastBlockAppHash: appHash } = await application.info(info);
      const height = Number(lastBlockHeight);
      if (lastBlockHeight !== snapshot.height)
        agreement.laws.broken(`node ${number} restored block ${snapshot.height}: ${height}`);
      agreement.laws.restored(number, height, appHash);
      agreement.store(number, height);
      return { height, appHash };
    }
    await time.wait(PAUSE_MS);
  }
  return null;
}

/** False when its chunks are not to be had any more. */
async function isTaken(number: number, agreement: Agreement, application: AbciApplication, snapshot: Snapshot): Promise<boolean> {
  const { height, format, chunks } = snapshot;
  const { result } = await application.offerSnapshot({ snapshot, appHash: agreement.laws.appHashAt(Number(height)) });
  if (result !== OfferResult.ACCEPT) agreement.laws.broken(`node ${number} takes no snapshot of block ${height}`);
  let triesLeft = CHUNK_TRIES_MAX;
  for (let index = 0; index < chunks; ) {
    if (triesLeft-- === 0) return false;
    const answer = await askSome(number, agreement, (peer) => peer.loadSnapshotChunk({ height, format, chunk: index }));
    if (answer === null || answer.chunk.length === 0) continue;
    const isAltered = agreement.dice.once(ALTERED_ONE_IN);
    const chunk = isAltered ? altered(answer.chunk, agreement.dice.below(answer.chunk.length)) : answer.chunk;
    const { result: taken } = await application.applySnapshotChunk({ index, chunk, sender: 'somebody' });
    if (taken !== (isAltered ? ChunkResult.RETRY : ChunkResult.ACCEPT))
      agreement.laws.broken(`node ${number} judged chunk ${index} of the state of block ${height} wrongly`);
    if (isAltered) continue;
    index++;
    triesLeft = CHUNK_TRIES_MAX;
  }
  return true;
}

function altered(chunk: Bytes, at: number): Bytes {
  return new Uint8Array(chunk).with(at, (chunk[at] as number) ^ 1);
}

/** The answer of another machine; null when none comes. */
function askSome<T>(
  number: number,
  agreement: Agreement,
  question: (application: AbciApplication) => T | Promise<T>,
): Promise<T | null> {
  const peer = (number + 1 + agreement.dice.below(agreement.count - 1)) % agreement.count;
  return new Promise((resolve) => {
    time.after(ANSWER_MS, () => resolve(null));
    agreement.send(number, peer, (there) => {
      const answered = there.answer(question);
      answered.then(
        (answer) => agreement.send(peer, number, () => resolve(answer)),
        (error: Error) => there.fail(error),
      );
    });
  });
}
