import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readHalt, reasonOf } from './comet-halt.ts';

const START = 'E[2026-11-26|05:24:24.002] ';
const HASHES = `Expected ${'42'.repeat(32)}, got ${'43'.repeat(32)}`;
const STACK = 'stack="goroutine 3657 [running]:\\nruntime/debug.Stack()\\n"';
const FAILURE = `${START}CONSENSUS FAILURE!!!                         module=consensus err=`;

describe('what CometBFT says when it halts', () => {
  const lines: readonly (readonly [string, string, ReturnType<typeof readHalt>])[] = [
    [
      'a block that the others voted for has another app hash',
      `${FAILURE}"precommit step; +2/3 prevoted for an invalid block: wrong Block.Header.AppHash.  ${HASHES}" ${STACK}`,
      'diverged',
    ],
    [
      'a decided block has another app hash',
      `${FAILURE}"+2/3 committed an invalid block: wrong Block.Header.AppHash.  ${HASHES}" ${STACK}`,
      'diverged',
    ],
    [
      'other results',
      `${FAILURE}"+2/3 committed an invalid block: wrong Block.Header.LastResultsHash.  ${HASHES}" ${STACK}`,
      'diverged',
    ],
    ['another app hash when it starts', 'panic: state.AppHash does not match AppHash after replay. Got', 'diverged'],
    ['a full disk', `${FAILURE}"failed to write to wal: write wal: no space left on device" ${STACK}`, 'stuck'],
    [
      'a bad proposal of another, which it refuses',
      `${START}prevote step: consensus deems this block invalid; prevoting nil module=consensus height=21 round=0 err="wrong Block.Header.AppHash.  ${HASHES}"`,
      null,
    ],
    [
      'a peer that says the words',
      `${START}Stopping peer for error module=p2p err="CONSENSUS FAILURE!!! wrong Block.Header.AppHash.  panic: state.AppHash does not match"`,
      null,
    ],
    [
      'a peer that says them in what it panicked with',
      `${FAILURE}"a vote of 'x' stack= err=" stack="wrong Block.Header.AppHash.  ${HASHES}"`,
      'stuck',
    ],
    ['a peer that is not there', `${START}Error dialing peer module=p2p err="connection refused"`, null],
  ];
  for (const [what, line, halt] of lines) test(`${what}: ${halt ?? 'goes on'}`, () => assert.equal(readHalt(line), halt));

  test('the reason is what it panicked with, without the stack, and no longer than a sentence', () => {
    assert.equal(reasonOf(`${FAILURE}"the disk is full" ${STACK}`), 'the disk is full');
    assert.equal(reasonOf('x'.repeat(1_000)).length, 300);
  });
});
