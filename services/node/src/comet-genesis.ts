/** The genesis document of CometBFT for a city: same chain, same time, same validators on every node. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Genesis } from '@oppidum/formats/genesis';
import { VOTE_POWER } from './comet-validators.ts';

/** A validator as consensus knows it: an Ed25519 key that signs votes and nothing else. */
export type ConsensusValidator = { readonly name: string; readonly publicKey: Bytes };

/** CometBFT's chain ids have at most 50 characters. */
const CHAIN_ID_SIZE = 40;
/** Blocks that four validators on one machine still exchange in one go; evidence of double signing counts for two days. */
const BLOCK_SIZE_MAX = 4 * 2 ** 20;
export const EVIDENCE_BLOCKS_MAX = 100_000;
export const EVIDENCE_MS_MAX = 172_800_000;
const NANOSECONDS = 1_000_000n;

/** The first 40 hex digits of the genesis hash: CometBFT's chain is this city's. */
export function chainIdOf(genesisHash: Bytes): string {
  return toHex(genesisHash).slice(0, CHAIN_ID_SIZE);
}

/** The validators of a genesis document that names their consensus keys; none of one that does not. */
export function consensusValidatorsOf({ validators }: Pick<Genesis, 'validators'>): readonly ConsensusValidator[] {
  return validators.flatMap(({ name, consensusKey }) => (consensusKey === undefined ? [] : [{ name, publicKey: consensusKey }]));
}

/** `config/genesis.json`. The first block has its time, which is later than that of the city's own genesis block. */
export function encodeCometGenesis(options: {
  readonly genesis: Pick<Genesis, 'createdMs'>;
  readonly genesisHash: Bytes;
  readonly validators: readonly ConsensusValidator[];
}): string {
  const document = {
    genesis_time: new Date(options.genesis.createdMs + 1).toISOString(),
    chain_id: chainIdOf(options.genesisHash),
    initial_height: '1',
    consensus_params: {
      block: { max_bytes: String(BLOCK_SIZE_MAX), max_gas: '-1' },
      evidence: {
        max_age_num_blocks: String(EVIDENCE_BLOCKS_MAX),
        max_age_duration: String(BigInt(EVIDENCE_MS_MAX) * NANOSECONDS),
        max_bytes: String(BLOCK_SIZE_MAX / 4),
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '0' },
      // Without it ExtendVote is never called.
      abci: { vote_extensions_enable_height: '1' },
    },
    validators: options.validators.map(({ name, publicKey }) => ({
      name,
      pub_key: encodeKey('PubKey', publicKey),
      power: String(VOTE_POWER),
    })),
    app_hash: '',
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A key in the JSON of CometBFT. */
export function encodeKey(kind: 'PubKey' | 'PrivKey', bytes: Bytes): { readonly type: string; readonly value: string } {
  return { type: `tendermint/${kind}Ed25519`, value: Buffer.from(bytes).toString('base64') };
}
