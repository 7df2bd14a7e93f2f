/** Writes vectors/forks/forks.json: `node tools/fork-vectors.ts`; specs/forks.md says how to read it. The keys are test keys. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { type Bytes, encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { encodeForkFile, type KeyedFork } from '@oppidum/formats/fork-proof';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { nodeCrypto as crypto } from '../test/support/crypto.ts';
import { MemoryLog } from '../test/support/memory-log.ts';
import { namedSigner } from '../test/support/signers.ts';

const ORIGIN = `city.oppidum.example/${'00'.repeat(32)}`;
const [log, cosigner, stranger] = ['fork log', 'fork cosigner', 'fork stranger'].map(namedSigner) as [Signing, Signing, Signing];
type Signing = ReturnType<typeof namedSigner>;

const logKey: VerifierKey = { name: ORIGIN, algorithm: 'log', publicKey: log.publicKey };
const cosignerKey: VerifierKey = { name: 'validator-1', algorithm: 'cosignature', publicKey: cosigner.publicKey };
const entries = (label: string, count: number) => Array.from({ length: count }, (_, i) => encodeUtf8(`${label} ${i}`));
const ours = new MemoryLog(entries('entry', 9));
const other = new MemoryLog([...ours.entries.slice(0, 3), ...entries('other', 6)]);

type NoteOptions = { readonly origin?: string; readonly timeS?: number; readonly by?: Signing; readonly cosignedBy?: Signing };

/** A head signed by the log and cosigned. */
function noteOf(tree: MemoryLog, size: number, options: NoteOptions = {}): Bytes {
  const { origin = ORIGIN, timeS = 1_700_000_000, by = log, cosignedBy = cosigner } = options;
  const note = signCheckpoint(crypto, by, { origin, size, root: tree.root(size) });
  return addSignatures(note, [cosignCheckpoint(crypto, cosignedBy, cosignerKey.name, parseSignedNote(note).text, timeS)]);
}

function forkOf(
  key: VerifierKey,
  from: MemoryLog,
  size1: number,
  to: MemoryLog,
  size2: number,
  changes: Partial<KeyedFork> = {},
) {
  const consistency = size1 === size2 ? [] : to.consistency(size1, size2);
  return { key, earlier: noteOf(from, size1), later: noteOf(to, size2), root: to.root(size1), consistency, ...changes };
}

type Case = readonly [why: string, forks: readonly (readonly [fork: KeyedFork, code: string | null])[], origin?: string];

const both = forkOf(cosignerKey, ours, 6, other, 9);
const elsewhere = `other.oppidum.example/${'11'.repeat(32)}`;
const CASES: readonly Case[] = [
  [
    'a head and a larger one with another beginning',
    [
      [{ ...both, key: logKey }, null],
      [both, null],
    ],
  ],
  ['two roots of one size', [[forkOf(cosignerKey, ours, 6, other, 6), null]]],
  ['the time that a cosigner states changes nothing', [[{ ...both, later: noteOf(other, 9, { timeS: 1 }) }, null]]],
  ['asked of the right log', [[both, null]], ORIGIN],
  ['one that continues the other', [[forkOf(cosignerKey, ours, 6, ours, 9), 'FORK_UNPROVEN']]],
  ['up to where both are the same', [[forkOf(cosignerKey, ours, 3, other, 9), 'FORK_UNPROVEN']]],
  ['the same head twice', [[forkOf(logKey, ours, 6, ours, 6), 'FORK_UNPROVEN']]],
  ['heads of two logs', [[{ ...both, later: noteOf(other, 9, { origin: elsewhere }) }, 'LOG_UNKNOWN']]],
  ['asked of another log', [[both, 'LOG_UNKNOWN']], elsewhere],
  ['a log key of another name', [[{ ...both, key: { ...logKey, name: elsewhere } }, 'LOG_UNKNOWN']]],
  ['a head that somebody else cosigned', [[{ ...both, later: noteOf(other, 9, { cosignedBy: stranger }) }, 'SIGNATURE_INVALID']]],
  [
    'a head that another log key signed',
    [[{ ...both, key: logKey, earlier: noteOf(ours, 6, { by: stranger }) }, 'SIGNATURE_INVALID']],
  ],
  ['the larger first', [[{ ...both, earlier: both.later, later: both.earlier }, 'NUMBER_RANGE']]],
  ['a proof with a hash missing', [[{ ...both, consistency: both.consistency.slice(1) }, 'PROOF_LENGTH_WRONG']]],
  ['a proof from another root', [[{ ...both, root: ours.root(6) }, 'ROOT_MISMATCH']]],
  ['a note that is none', [[{ ...both, later: encodeUtf8('no note') }, 'TEXT_INVALID']]],
];

/** The file's text. */
export function renderForkVectors(): string {
  const cases = CASES.map(([why, forks, origin]) => ({
    why,
    file: parseUtf8(
      encodeForkFile(
        crypto,
        forks.map(([fork]) => fork),
      ),
    ),
    origin: origin ?? null,
    codes: forks.map(([, code]) => code),
  }));
  return `${JSON.stringify({ cases, refused: refusedFiles() }, null, 2)}\n`;
}

function refusedFiles() {
  const file = parseUtf8(encodeForkFile(crypto, [both]));
  const altered: readonly (readonly [why: string, code: string, file: string])[] = [
    ['no JSON', 'TEXT_INVALID', file.slice(0, -2)],
    ['something after it', 'TEXT_INVALID', `${file}{}`],
    ['another format', 'WRONG_TYPE', file.replace('oppidum-fork', 'oppidum-evidence')],
    ['another version', 'NUMBER_RANGE', file.replace('"version": 1', '"version": 2')],
    ['a name given twice', 'DUPLICATE_KEY', file.replace('"version": 1', '"version": 1, "version": 1')],
    ['an unknown name', 'UNKNOWN_FIELD', file.replace('"version": 1', '"version": 1, "more": 1')],
    ['no key', 'UNKNOWN_FIELD', file.replace('"key"', '"by"')],
    ['no notes', 'MISSING_FIELD', file.replace(/"earlier": "[^"]*",/, '')],
    ['a note that is a number', 'WRONG_TYPE', file.replace(/"earlier": "[^"]*"/, '"earlier": 6')],
    [
      'a root in capitals',
      'TEXT_INVALID',
      file.replace(/"root": "([^"]*)"/, (_, hex: string) => `"root": "${hex.toUpperCase()}"`),
    ],
    ['no forks', 'LENGTH_WRONG', '{"format":"oppidum-fork","version":1,"forks":[]}\n'],
    ['a key with another id', 'KEY_INVALID', file.replace(/validator-1\+[0-9a-f]{8}/, 'validator-1+00000000')],
  ];
  return altered.map(([why, code, text]) => ({ why, file: text, code }));
}

if (import.meta.main) {
  const folder = new URL('../vectors/forks/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('forks.json', folder), renderForkVectors());
}
