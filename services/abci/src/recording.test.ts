import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestFinalizeBlock, RequestInfo, RequestInitChain, RequestQuery } from 'cosmjs-types/tendermint/abci/types';
import { abciStore } from '../../../test/support/abci-store.ts';
import { checkRecording, type RecordedCall } from './grammar.ts';
import { recordCalls } from './recording.ts';

test('a recorded life passes the checker, and says what was called with its height', async () => {
  const calls: RecordedCall[] = [];
  const application = recordCalls(abciStore(), (call) => calls.push(call));
  await application.info(RequestInfo.fromPartial({}));
  await application.initChain(RequestInitChain.fromPartial({ initialHeight: 1n }));
  for (const height of [1n, 2n]) {
    await application.finalizeBlock(RequestFinalizeBlock.fromPartial({ height }));
    await application.query(RequestQuery.fromPartial({}));
    await application.commit({});
  }
  await application.info(RequestInfo.fromPartial({}));
  assert.equal(checkRecording(calls), null);
  assert.deepEqual(
    calls.map(({ call, height }) => `${call} ${height}`),
    ['info 0', 'initChain 1', 'finalizeBlock 1', 'commit 1', 'finalizeBlock 2', 'commit 2', 'info 2'],
  );
});
