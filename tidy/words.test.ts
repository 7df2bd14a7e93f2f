import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIdentifier } from 'typescript/unstable/ast/is';
import { assertLaw, type Breach } from './law.ts';
import { lineOf, type Source, sources, walk } from './sources.ts';

/** One word per concept (STYLE.md): the word we do not use, and the one we do. */
const INSTEAD: Readonly<Record<string, string>> = {
  attestation: 'evidence',
  measurement: 'reading',
  measurements: 'readings',
  datapoint: 'reading',
  txn: 'transaction',
  txs: 'transactions',
  tx: 'transaction',
  idx: 'index',
  cnt: 'count',
  num: 'count or number',
  len: 'length or size',
  sig: 'signature',
  sigs: 'signatures',
  pubkey: 'publicKey',
  privkey: 'seed or signer',
  msg: 'message',
  err: 'error',
  cfg: 'options',
  cb: 'the name of what is called',
  sth: 'checkpoint',
  util: 'the name of what it holds',
  utils: 'the name of what it holds',
  helper: 'the name of what it does',
  helpers: 'the name of what they do',
  misc: 'the name of what it holds',
};

/** `treeHead` → tree, head; `MAX_LEN` → max, len. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());
}

function findWords(source: Source): Breach[] {
  const found: Breach[] = [];
  const seen = new Set<string>();
  const check = (name: string, where: string): void => {
    for (const word of wordsOf(name)) {
      const better = Object.hasOwn(INSTEAD, word) ? INSTEAD[word] : undefined;
      if (better === undefined || seen.has(name)) continue;
      seen.add(name);
      found.push({ file: source.path, what: `${where}: ${name}: say ${better} instead of ${word}` });
    }
  };
  check(source.path, 'its name');
  walk(source.tree, (node) => {
    if (isIdentifier(node) && isOurs(source, node.parent, node)) check(node.text, `line ${lineOf(source, node)}`);
  });
  return found;
}

/** A name declared here; what others call their things is theirs. */
function isOurs(source: Source, parent: object, node: object): boolean {
  return source.house !== 'tidy' && 'name' in parent && parent.name === node && !('expression' in parent);
}

test('one word per concept', () => {
  assertLaw('words', sources().flatMap(findWords));
  assert.deepEqual(wordsOf('maxTxLen'), ['max', 'tx', 'len']);
});
