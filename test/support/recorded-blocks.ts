/** Blocks that an engine let an application execute: kept in a file, and executed again by an application of its own. */

import { readFileSync, writeFileSync } from 'node:fs';
import { encodeVarint, FrameReader } from '@oppidum/abci/frames';
import type { Requests, Responses } from '@oppidum/abci/methods';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import type { Genesis } from '@oppidum/formats/genesis';
import { Application } from '@oppidum/node/application';
import { resultsOf } from '@oppidum/node/city-results';
import { misbehaviourOf, updateOf } from '@oppidum/node/comet-validators';
import { NodeStore } from '@oppidum/node/node-store';
import { parseParcel } from '@oppidum/node/parcel';
import { RequestFinalizeBlock, ResponseFinalizeBlock } from 'cosmjs-types/tendermint/abci/types';

export type Finalized = { readonly request: Requests['finalizeBlock']; readonly response: Responses['finalizeBlock'] };

/** Keeps the requests. */
export function writeRequests(file: string, finalized: readonly Finalized[]): void {
  const frames = finalized.flatMap(({ request }) => {
    const body = RequestFinalizeBlock.encode(request).finish();
    return [encodeVarint(body.length), body];
  });
  writeFileSync(file, Buffer.concat(frames));
}

/** Reads them back. */
export function readRequests(file: string): Requests['finalizeBlock'][] {
  const reader = new FrameReader(2 ** 30);
  reader.push(readFileSync(file));
  const requests: Requests['finalizeBlock'][] = [];
  for (let frame = reader.take(); frame !== null; frame = reader.take()) requests.push(RequestFinalizeBlock.decode(frame));
  return requests;
}

/** What came of a block: its height and app hash, and digests of the results and of all that is stored of it: events, details, leaves, changes. */
export function lineOf(store: NodeStore, { request, response }: Finalized): string {
  const stored = JSON.stringify(store.block(Number(request.height)), (_, value: unknown) => plainOf(value));
  const results = ResponseFinalizeBlock.encode(response).finish();
  const digests = [results, new TextEncoder().encode(stored)].map((bytes) => toHex(crypto.sha256(bytes)).slice(0, 32));
  return [request.height, toHex(response.appHash), ...digests].join(' ');
}

/** Maps and bytes have no JSON of their own. */
function plainOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map) return [...value];
  return typeof value === 'bigint' ? String(value) : value;
}

export type ReplayOptions = {
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  readonly requests: readonly Requests['finalizeBlock'][];
  /** A folder for the store, empty or missing. */
  readonly into: string;
};

/** Executes the requests as the embedded engine would, in an empty store; answers a line for each. */
export async function replayRequests({ genesis, genesisHash, requests, into }: ReplayOptions): Promise<string[]> {
  const store = NodeStore.open({ folder: into, crypto, genesisHash });
  const application = new Application({ store, rules: { crypto, registry: cityRegistry, genesis: genesisHash }, genesis });
  application.info();
  application.initChain();
  const finalized = requests.map((request): Finalized => {
    const { seconds, nanos } = request.time;
    const timeMs = application.timeAfter(Number(seconds) * 1_000 + Math.floor(nanos / 1e6));
    const parcels = request.txs.map(parseParcel);
    const [transactions, misbehaviour] = [parcels.flat(), misbehaviourOf(request)];
    const block = { height: Number(request.height), timeMs, transactions, misbehaviour };
    const { outcomes, validatorUpdates, appHash } = application.finalizeBlock(block);
    application.commit();
    const counts = parcels.map(({ length }) => length);
    const [txResults, updates] = [resultsOf(outcomes, counts), validatorUpdates.map(updateOf)];
    return { request, response: { events: [], txResults, validatorUpdates: updates, appHash } };
  });
  await store.close();
  // What was stored, and not what is still in memory.
  const stored = NodeStore.open({ folder: into, crypto, genesisHash });
  const lines = finalized.map((each) => lineOf(stored, each));
  await stored.close();
  return lines;
}
