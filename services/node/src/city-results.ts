/** What became of a transaction, in the words of ABCI. Code, data and gas are under the next block's hash; the rest is for people. */

import type { Responses } from '@oppidum/abci/methods';
import type { Rejection } from '@oppidum/formats/errors';
import type { Outcome } from '@oppidum/ledger/block';
import type { CheckAnswer } from './envelope-checks.ts';

/** 0: executed, OK. 1: executed and refused, its leaf says why. 2: not admitted, without a trace. */
const [OK, REFUSED, NOT_ADMITTED] = [0, 1, 2] as const;
const NONE = { data: new Uint8Array(0), gasWanted: 0n, gasUsed: 0n, events: [], codespace: 'oppidum' };
/** Frozen: the server encodes it once. */
const EXECUTED = Object.freeze({ ...NONE, code: OK, log: '', info: '' });

/** The answer of CheckTx. */
export function answerOfCheck(answer: CheckAnswer): Responses['checkTx'] {
  return 'code' in answer ? refusal(NOT_ADMITTED, answer) : EXECUTED;
}

/** The result of a transaction of a block. */
export function resultOf(outcome: Outcome): Responses['finalizeBlock']['txResults'][number] {
  if ('refused' in outcome) return refusal(NOT_ADMITTED, outcome.refused);
  const { rejection } = outcome.executed;
  return rejection === null ? EXECUTED : refusal(REFUSED, rejection);
}

function refusal(code: number, { code: log, details }: Rejection) {
  return { ...NONE, code, log, info: JSON.stringify(details) };
}
