/**
 * A small application for tests of the ABCI server: keys and values in memory, `key=value` a transaction. It answers `abci-cli` as
 * CometBFT's own example `kvstore` does.
 */

import type { AbciApplication } from '@oppidum/abci/connection';
import { encodeVarint } from '@oppidum/abci/frames';
import {
  type ExecTxResult,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types';

const NOTHING = new Uint8Array(0);
/** `CodeTypeInvalidTxFormat` of the example. */
const REFUSED = 2;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const isAssignment = (bytes: Uint8Array): boolean => /^[^=]+=[^=]+$/.test(textOf(bytes));

function resultOf(transaction: Uint8Array): ExecTxResult {
  const code = isAssignment(transaction) ? 0 : REFUSED;
  return { code, data: NOTHING, log: '', info: '', gasWanted: 0n, gasUsed: 0n, events: [], codespace: '' };
}

/** The count as Go writes it: a zigzag varint in eight bytes. */
function appHash(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes.set(encodeVarint(2 * count));
  return bytes;
}

/** An application that knows nothing yet. */
export function abciStore(): AbciApplication & { readonly values: ReadonlyMap<string, string> } {
  const values = new Map<string, string>();
  let decided: readonly Uint8Array[] = [];
  let height = 0n;
  return {
    values,
    info: () => ({
      data: `{"size":${values.size}}`,
      version: '1',
      appVersion: 1n,
      lastBlockHeight: height,
      lastBlockAppHash: appHash(values.size),
    }),
    initChain: () => ({ validators: [], appHash: NOTHING }),
    query: ({ data }) => ({
      code: 0,
      log: values.has(textOf(data)) ? 'exists' : 'does not exist',
      info: '',
      index: 0n,
      key: data,
      value: new Uint8Array(Buffer.from(values.get(textOf(data)) ?? '')),
      height: 0n,
      codespace: '',
    }),
    checkTx: ({ tx: transaction }) => resultOf(transaction),
    prepareProposal: ({ txs: transactions }) => ({ txs: transactions }),
    processProposal: ({ txs: transactions }) => ({
      status: transactions.every(isAssignment)
        ? ResponseProcessProposal_ProposalStatus.ACCEPT
        : ResponseProcessProposal_ProposalStatus.REJECT,
    }),
    extendVote: () => ({ voteExtension: NOTHING }),
    verifyVoteExtension: () => ({ status: ResponseVerifyVoteExtension_VerifyStatus.ACCEPT }),
    finalizeBlock: (request) => {
      decided = request.txs.filter(isAssignment);
      height = request.height;
      const keys = new Set([...values.keys(), ...decided.map((each) => textOf(each).split('=')[0] ?? '')]);
      return { events: [], txResults: request.txs.map(resultOf), validatorUpdates: [], appHash: appHash(keys.size) };
    },
    commit: () => {
      for (const [key = '', value = ''] of decided.map((each) => textOf(each).split('='))) values.set(key, value);
      return { retainHeight: 0n };
    },
    listSnapshots: () => ({ snapshots: [] }),
    offerSnapshot: () => ({ result: ResponseOfferSnapshot_Result.REJECT }),
    loadSnapshotChunk: () => ({ chunk: NOTHING }),
    applySnapshotChunk: () => ({ result: ResponseApplySnapshotChunk_Result.ABORT, refetchChunks: [], rejectSenders: [] }),
  };
}
