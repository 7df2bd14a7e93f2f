/** Writes down the calls that an application was given, in the words of `grammar.ts`. */

import type { AbciApplication } from './connection.ts';
import type { EngineCall, RecordedCall } from './grammar.ts';

/**
 * The application, telling of every call that has a place in the order of calls: before it is answered, and of `info` with its answer.
 * One recording is one life of an engine beside one of the application.
 */
export function recordCalls(application: AbciApplication, onCall: (call: RecordedCall) => void): AbciApplication {
  let finalized = 0;
  let offered = 0;
  const tell = (call: EngineCall, height: bigint | number): void => onCall({ call, height: Number(height) });
  return {
    // One by one: the methods of a class are not its own properties.
    checkTx: (request) => application.checkTx(request),
    query: (request) => application.query(request),
    listSnapshots: (request) => application.listSnapshots(request),
    loadSnapshotChunk: (request) => application.loadSnapshotChunk(request),
    info: async (request) => {
      const answer = await application.info(request);
      tell('info', answer.lastBlockHeight);
      return answer;
    },
    initChain: (request) => {
      tell('initChain', request.initialHeight);
      return application.initChain(request);
    },
    offerSnapshot: (request) => {
      offered = Number(request.snapshot?.height ?? 0n);
      tell('offerSnapshot', offered);
      return application.offerSnapshot(request);
    },
    applySnapshotChunk: (request) => {
      tell('applySnapshotChunk', offered);
      return application.applySnapshotChunk(request);
    },
    prepareProposal: (request) => {
      tell('prepareProposal', request.height);
      return application.prepareProposal(request);
    },
    processProposal: (request) => {
      tell('processProposal', request.height);
      return application.processProposal(request);
    },
    extendVote: (request) => {
      tell('extendVote', request.height);
      return application.extendVote(request);
    },
    verifyVoteExtension: (request) => {
      tell('verifyVoteExtension', request.height);
      return application.verifyVoteExtension(request);
    },
    finalizeBlock: (request) => {
      finalized = Number(request.height);
      tell('finalizeBlock', finalized);
      return application.finalizeBlock(request);
    },
    commit: (request) => {
      tell('commit', finalized);
      return application.commit(request);
    },
  };
}
