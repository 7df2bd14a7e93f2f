/** What became of transactions, in the words of ABCI. Code, data and gas are under the next block's hash; the rest is for people. */

import type { Responses } from '@oppidum/abci/methods';
import type { Rejection } from '@oppidum/formats/errors';
import type { Outcome } from '@oppidum/ledger/block';
import type { RefusedEnvelope } from './envelope-checks.ts';

/** 0: executed, OK. 1: executed and refused, its leaf says why. 2: not admitted, without a trace. */
const [OK, REFUSED, NOT_ADMITTED] = [0, 1, 2] as const;
const NONE = { data: new Uint8Array(0), gasWanted: 0n, gasUsed: 0n, events: [], codespace: 'oppidum' };
/** Frozen: the server encodes it once. */
const EXECUTED = Object.freeze({ ...NONE, code: OK, log: '', info: '' });

/** The answer of CheckTx: why no envelope of a transaction would be admitted, or null. */
export function answerOfCheck(refused: readonly RefusedEnvelope[] | null): Responses['checkTx'] {
  const [first] = refused ?? [];
  return first === undefined ? EXECUTED : refusal(NOT_ADMITTED, first.refusal);
}

/** The results of a block's transactions, each of which carried so many envelopes: that of its worst one, the first of them. */
export function resultsOf(outcomes: readonly Outcome[], counts: readonly number[]): Responses['finalizeBlock']['txResults'] {
  let end = 0;
  return counts.map((count) => {
    end += count;
    const results = outcomes.slice(end - count, end).map(resultOf);
    return results.reduce((worst, result) => (result.code > worst.code ? result : worst));
  });
}

function resultOf(outcome: Outcome): Responses['finalizeBlock']['txResults'][number] {
  if ('refused' in outcome) return refusal(NOT_ADMITTED, outcome.refused);
  const { rejection } = outcome.executed;
  return rejection === null ? EXECUTED : refusal(REFUSED, rejection);
}

function refusal(code: number, { code: log, details }: Rejection) {
  return { ...NONE, code, log, info: JSON.stringify(details) };
}
