import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkRecording, type EngineCall, phaseAfter, type RecordedCall } from './grammar.ts';

/** A letter for each call, so that the published grammar can be said as a regular expression as well. */
const LETTERS: Readonly<Record<string, EngineCall>> = {
  I: 'info',
  C: 'initChain',
  O: 'offerSnapshot',
  A: 'applySnapshotChunk',
  P: 'prepareProposal',
  R: 'processProposal',
  E: 'extendVote',
  V: 'verifyVoteExtension',
  F: 'finalizeBlock',
  K: 'commit',
};

/**
 * All sentences, in a form that a regular expression reads in linear time: single calls are rounds, so a sequence of rounds is any
 * order of their four calls. The generators below go by the published rules instead, one by one.
 */
const SENTENCE = /^(?:IC?|I?O[OA]*AI)(?:[PREV]*FK)*$/;

const TERMINALS: Readonly<Record<string, string>> = {
  info: 'I',
  'init-chain': 'C',
  'offer-snapshot': 'O',
  'apply-snapshot-chunk': 'A',
  'prepare-proposal': 'P',
  'process-proposal': 'R',
  'extend-vote': 'E',
  'verify-vote-extension': 'V',
  'finalize-block': 'F',
  commit: 'K',
};

/** The grammar as the module's own text says it (ABNF, RFC 5234), as a regular expression for short sentences. */
function writtenGrammar(): RegExp {
  const [text = ''] = /\/\*\*[\s\S]*?\*\//.exec(readFileSync(join(import.meta.dirname, 'grammar.ts'), 'utf8')) ?? [];
  const rules = new Map<string, string>();
  for (const line of text.split('\n')) {
    const names = [...line.matchAll(/(?<=^ \* {3}|\s{2})([a-z-]+) += /g)];
    for (const [i, { 0: head, 1: name = '', index }] of names.entries())
      rules.set(name, line.slice(index + head.length, names[i + 1]?.index).trim());
  }
  const expand = (name: string): string => TERMINALS[name] ?? `(?:${translate(rules.get(name) as string)})`;
  const translate = (rule: string): string => {
    const one = /^(1?\*)?(?:([a-z-]+)|\(|\[)/;
    let [rest, out] = [rule.trim(), ''];
    while (rest !== '') {
      if (rest.startsWith('/')) {
        out += '|';
        rest = rest.slice(1).trimStart();
        continue;
      }
      const [head = '', repeat, name] = one.exec(rest) as RegExpExecArray;
      let end = head.length;
      let inner = '';
      if (name === undefined) {
        for (let depth = 1; depth > 0; end++) depth += '(['.includes(rest[end]!) ? 1 : ')]'.includes(rest[end]!) ? -1 : 0;
        inner = `(?:${translate(rest.slice(head.length, end - 1))})${head.endsWith('[') ? '?' : ''}`;
      } else inner = expand(name);
      out += repeat === undefined ? inner : `(?:${inner})${repeat === '*' ? '*' : '+'}`;
      rest = rest.slice(end).trimStart();
    }
    return out;
  };
  return new RegExp(`^${expand('start')}$`);
}

/** The calls of these letters with heights as they must be. */
function recordingOf(letters: string): RecordedCall[] {
  let height = 0;
  return [...letters].map((letter) => {
    const call = LETTERS[letter]!;
    if (call === 'offerSnapshot') height = 40;
    if (call === 'commit') height++;
    const isAbout = 'IOAK'.includes(letter) ? height : height + 1;
    return { call, height: isAbout };
  });
}

const vote = fc.constantFrom('', 'V', 'VV');
const extend = fc.tuple(vote, fc.constant('E'), vote).map((parts) => parts.join(''));
const optional = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), arbitrary);
const round = fc
  .oneof(
    fc.tuple(vote, fc.constantFrom('', 'P', 'PR'), optional(extend)),
    fc.tuple(vote, fc.constantFrom('', 'R'), optional(extend)),
  )
  .map((parts) => parts.join(''));
const height = fc.array(round, { maxLength: 4 }).map((rounds) => `${rounds.join('')}FK`);
const attempt = fc.constantFrom('O', 'OA', 'OAA');
const stateSync = fc
  .tuple(fc.constantFrom('', 'I'), fc.array(attempt, { maxLength: 3 }), fc.constantFrom('OAI', 'OAAAI'))
  .map(([info, attempts, success]) => `${info}${attempts.join('')}${success}`);
const sentence = fc
  .tuple(fc.oneof(fc.constantFrom('I', 'IC'), stateSync), fc.array(height, { maxLength: 5 }))
  .map(([start, heights]) => `${start}${heights.join('')}`);

/** True when all of it is allowed, and it ends where a life may go on for ever. */
const isSentence = (letters: string): boolean => checkRecording(recordingOf(letters)) === null && /(^I|^IC|AI|K)$/.test(letters);

describe('grammar', () => {
  test('the checker passes what the grammar in its own text says, and nothing else', () => {
    const written = writtenGrammar();
    for (const letters of ['IC', 'I', 'OAI', 'IOOAAIPRVEFK', 'ICVPRFKRVEVVFKFK']) assert.match(letters, written);
    for (const letters of ['', 'C', 'ICC', 'OI', 'IPFF', 'IFKK', 'OAFK']) assert.doesNotMatch(letters, written);
    const calls = fc.oneof(
      fc.array(fc.constantFrom(...'ICOAPREVFK'), { maxLength: 8 }),
      sentence.map((letters) => [...letters.slice(0, 9)]),
    );
    fc.assert(
      fc.property(calls, (drawn) => {
        // Info again at any other time is left out of the grammar.
        const letters = drawn.join('').replace(/(?<=.)(?<!A)I/g, '');
        assert.equal(isSentence(letters), written.test(letters), letters);
      }),
      { numRuns: 5_000 },
    );
  });

  test('every sentence of the published grammar passes, and so does every beginning of one', () =>
    fc.assert(
      fc.property(sentence, fc.nat(), (letters, cut) => {
        assert.match(letters, SENTENCE);
        assert.equal(checkRecording(recordingOf(letters)), null);
        assert.equal(checkRecording(recordingOf(letters.slice(0, cut % (letters.length + 1)))), null);
      }),
    ));

  test('one call changed, left out or put in: it passes exactly where it is still a sentence', () =>
    fc.assert(
      fc.property(sentence, fc.nat(), fc.constantFrom('', ...'CAPREVFK'), fc.nat(1), (letters, place, put, cut) => {
        const at = place % (letters.length + 1);
        const changed = letters.slice(0, at) + put + letters.slice(at + cut);
        assert.equal(isSentence(changed), SENTENCE.test(changed), changed);
      }),
      { numRuns: 2_000 },
    ));

  test('random calls pass exactly where they are a sentence', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'COAPREVFK'), { maxLength: 8 }), (calls) => {
        const letters = `I${calls.join('')}`;
        assert.equal(isSentence(letters), SENTENCE.test(letters), letters);
      }),
      { numRuns: 2_000 },
    ));

  test('info may be asked again at any time of a running chain', () => {
    for (const letters of ['III', 'ICIPRIFIKIFK', 'IFIK']) assert.equal(checkRecording(recordingOf(letters)), null, letters);
  });

  const refused: readonly (readonly [string, string, number])[] = [
    ['a block before anything', 'F', 0],
    ['a chain that is begun before Info', 'C', 0],
    ['a chain that is begun twice', 'ICC', 2],
    ['a commit of nothing', 'IK', 1],
    ['a block finalized twice', 'IFF', 2],
    ['a proposal between block and commit', 'IFP', 2],
    ['a vote between block and commit', 'IFE', 2],
    ['a commit twice', 'IFKK', 3],
    ['a block while a snapshot is offered', 'IOF', 2],
    ['a block before Info confirms the snapshot', 'IOAF', 3],
    ['a snapshot for a chain that has begun', 'ICO', 2],
    ['a chunk that nobody offered', 'IA', 1],
  ];
  for (const [what, letters, position] of refused)
    test(`refused: ${what}`, () => {
      assert.equal(checkRecording(recordingOf(letters))?.position, position);
      const phase = [...letters]
        .slice(0, -1)
        .reduce<Parameters<typeof phaseAfter>[0]>((at, letter) => phaseAfter(at, LETTERS[letter]!)!, 'started');
      assert.equal(phaseAfter(phase, LETTERS[letters.at(-1)!]!), null);
    });
});

describe('heights', () => {
  const life = (...calls: (readonly [EngineCall, number])[]): RecordedCall[] => calls.map(([call, at]) => ({ call, height: at }));
  const start: readonly (readonly [EngineCall, number])[] = [
    ['info', 0],
    ['initChain', 5],
  ];

  test('begin where the chain begins and rise by one', () => {
    assert.equal(
      checkRecording(life(...start, ['info', 0], ['finalizeBlock', 5], ['info', 0], ['commit', 5], ['info', 5])),
      null,
    );
    assert.equal(checkRecording(life(['info', 7], ['processProposal', 8], ['finalizeBlock', 8], ['commit', 8])), null);
  });

  const refused: readonly (readonly [string, RecordedCall[], RegExp])[] = [
    ['a gap', life(['info', 7], ['finalizeBlock', 9]), /finalizeBlock of height 9 where 8 was due/],
    ['a block again', life(['info', 7], ['finalizeBlock', 7]), /where 8 was due/],
    ['not the first block', life(...start, ['finalizeBlock', 1]), /where 5 was due/],
    ['a vote of another height', life(['info', 7], ['extendVote', 9]), /extendVote of height 9/],
    ['an Info that forgets', life(['info', 1], ['finalizeBlock', 2], ['commit', 2], ['info', 1]), /info of height 1 where 2/],
    ['an Info that is ahead of Commit', life(['info', 1], ['finalizeBlock', 2], ['info', 2]), /info of height 2 where 1/],
    ['a chain begun where one stands', life(['info', 3], ['initChain', 1]), /stands at 3/],
    ['a restore to another height', life(['offerSnapshot', 40], ['applySnapshotChunk', 40], ['info', 39]), /where 40 was due/],
    ['a chunk of another snapshot', life(['offerSnapshot', 40], ['applySnapshotChunk', 41]), /where 40 was due/],
  ];
  for (const [what, calls, why] of refused) test(`refused: ${what}`, () => assert.match(checkRecording(calls)?.why ?? '', why));
});
