import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cometLogLevel, readCometLine } from './comet-log.ts';

const at = '[2026-11-26|04:52:18.010]';

test('a line of CometBFT has a level of ours and loses its time', () => {
  const line = `E${at} CONSENSUS FAILURE!!!                         module=consensus err="wrong"`;
  assert.deepEqual(readCometLine(line), { level: 'error', text: 'CONSENSUS FAILURE!!! module=consensus err="wrong"' });
  assert.equal(readCometLine(`I${at} Timed out      module=consensus`).level, 'info');
  assert.equal(readCometLine(`D${at} anything`).level, 'debug');
  assert.deepEqual(readCometLine('panic: no disk'), { level: 'error', text: 'panic: no disk' });
});

test('a peer that comes and goes is no error, and what follows from it is not told', () => {
  assert.equal(readCometLine(`E${at} Error dialing peer      module=p2p err="refused"`).level, 'warn');
  assert.equal(readCometLine(`E${at} error while stopping peer   module=p2p error="already stopped"`).level, 'debug');
  assert.equal(readCometLine(`E${at} failed signing vote module=consensus err="step regression at height 1"`).level, 'debug');
  assert.equal(readCometLine(`E${at} failed signing vote module=consensus err="conflicting data"`).level, 'error');
});

test('CometBFT has three levels for our seven', () => {
  assert.deepEqual(['silent', 'error', 'warn', 'info', 'debug', 'trace'].map(cometLogLevel), [
    'error',
    'error',
    'error',
    'info',
    'debug',
    'debug',
  ]);
});
