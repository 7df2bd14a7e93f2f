/** Telling the ledger of a shard, once: its keys are made, and a transaction by the operator of the city declares them. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { ID_SIZE, shardOrigin } from '@oppidum/formats/ids';
import { at } from '@oppidum/formats/state-layout';
import { shardNumberKind } from '@oppidum/formats/state-telemetry';
import type { NodeLink } from '@oppidum/node/client';
import { makeShardKeys, shardPaths } from './shard-keys.ts';
import { type Submission, submitAction } from './transactions.ts';

export type DeclareShardOptions = Omit<Submission, 'client'> & {
  readonly client: Pick<NodeLink, 'genesisHash' | 'origin' | 'head' | 'read' | 'submit'>;
  readonly crypto: Crypto;
  /** `shards/<number>` of the data folder. */
  readonly folder: string;
  readonly number: number;
  /** The account that will sign the shard's anchors; `signer` has the role operator. */
  readonly anchorAccount: Bytes;
};

/** The id of the shard with this number, or null while none is declared. */
export function shardOfNumber(client: Pick<NodeLink, 'read'>, number: number): Bytes | null {
  return client.read(at(shardNumberKind, number))?.shard ?? null;
}

/** Declares the shard unless it is on the ledger; answers its id. Throws the code of the ledger's refusal, and as `makeShardKeys` does. */
export async function declareShard(options: DeclareShardOptions): Promise<Bytes> {
  const { client, crypto, folder, number, anchorAccount, randomBytes } = options;
  const declared = shardOfNumber(client, number);
  if (declared !== null) return declared;
  const keys = await makeShardKeys({
    paths: shardPaths(folder),
    origin: shardOrigin(client.origin, number),
    crypto,
    randomBytes,
  });
  const body = new Map<string, Bytes | number>([
    ['id', randomBytes(ID_SIZE)],
    ['number', number],
    ['logKey', keys.log.publicKey],
    ['receiptKey', keys.receipt.publicKey],
    ['operator', anchorAccount],
  ]);
  const outcome = await submitAction(options, { kind: 'shard/declare', body });
  if ('refused' in outcome) throw formatError(outcome.refused.code, outcome.refused.details);
  return shardOfNumber(client, number) as Bytes;
}
