import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JoinedLog, readLine } from './joined-log.ts';

const pino = (fields: object): string => JSON.stringify({ level: 40, time: 1, pid: 2, hostname: 'h', ...fields });

describe('what several processes say, joined', () => {
  test('structured lines become text with their level, and colours go', () => {
    assert.deepEqual(readLine(pino({ code: 'OVERLOADED', msg: 'slow', error: { message: 'no disk', stack: 'x' } })), {
      level: 'warn',
      text: 'slow code=OVERLOADED error=no disk',
      isOwn: true,
    });
    assert.deepEqual(readLine('\u001b[31mred\u001b[0m'), { level: null, text: 'red', isOwn: true });
    assert.deepEqual(readLine('{"not": "a log line"}'), { level: null, text: '{"not": "a log line"}', isOwn: true });
  });

  test('CometBFT is told apart from the node beside it, however it comes', () => {
    const said = { level: 'error', text: 'wrong app hash', isOwn: false };
    assert.deepEqual(readLine('cometbft: error wrong app hash'), said);
    assert.deepEqual(readLine(pino({ level: 50, engine: 'wrong app hash', msg: 'CometBFT' })), said);
  });

  test('each line has time, name and level; what comes again is told once a minute, with how often', () => {
    let nowMs = 0;
    const lines: string[] = [];
    const log = new JoinedLog(
      ['validator-1', 'b'],
      (line) => lines.push(line),
      () => nowMs,
    );
    const voice = log.voice('b');
    for (let i = 0; i < 5; i++) voice.say('cometbft: warn Error dialing peer');
    nowMs = 61_000;
    voice.say('cometbft: warn Error dialing peer');
    voice.say('plain\u202e');
    assert.deepEqual(lines, [
      '00:00:00.000 b cometbft           warn: Error dialing peer',
      '00:01:01.000 b cometbft           warn: Error dialing peer (and 4 times before)',
      '00:01:01.000 b                    plain\\u202e',
    ]);
  });

  test('the last words of a process are its own, and recent; at the end only the supervisor speaks', () => {
    let nowMs = 0;
    const lines: string[] = [];
    const log = new JoinedLog(
      ['a'],
      (line) => lines.push(line),
      () => nowMs,
    );
    const voice = log.voice('a');
    assert.equal(voice.last(), null);
    voice.say('no room on the disk');
    voice.say('cometbft: error a peer is gone');
    assert.equal(voice.last(), 'no room on the disk');
    nowMs = 5_000;
    assert.equal(voice.last(), null);
    log.close();
    voice.say('going');
    voice.note('stopped');
    assert.equal(lines.length, 3);
    assert.match(lines[2] as string, /stopped$/);
  });
});
