import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { namedSigner } from '../../../test/support/signers.ts';
import { encodeUtf8, parseBase64, parseHex, toHex } from './bytes.ts';
import { encodeCheckpoint, parseCheckpoint, parseCheckpointNote, signCheckpoint } from './checkpoint.ts';
import { addSignatures, cosignatureMessage, cosignCheckpoint, verifyCosignature } from './cosignature.ts';
import { LIMITS } from './limits.ts';
import { nobleCrypto as crypto } from './noble-crypto.ts';
import {
  encodeSignatureLines,
  encodeSignedNote,
  parseSignatureLines,
  parseSignedNote,
  verifyNoteSignature,
} from './signed-note.ts';
import { encodeVerifierKey, parseVerifierKey, type VerifierKey } from './verifier-key.ts';

type Vectors = {
  readonly verifierKeys: readonly {
    readonly text: string;
    readonly name: string;
    readonly use: string;
    readonly publicKey: string;
  }[];
  readonly refusedKeys: readonly { readonly why: string; readonly text: string; readonly code: string }[];
  readonly notes: readonly {
    readonly why: string;
    readonly note: string;
    readonly text: string;
    readonly names: readonly string[];
  }[];
  readonly refusedNotes: readonly { readonly why: string; readonly note: string; readonly code: string }[];
  readonly refusedCheckpoints: readonly { readonly why: string; readonly text: string; readonly code: string }[];
  readonly cosignatures: readonly { readonly key: string; readonly note: string; readonly timeS: number | null }[];
};
const vectors: Vectors = JSON.parse(readFileSync(new URL('../../../vectors/notes/notes.json', import.meta.url), 'utf8'));

for (const { text, name, use, publicKey } of vectors.verifierKeys) {
  test(`verifier key ${name} (${use})`, () => {
    const key = parseVerifierKey(crypto, text);
    assert.deepEqual(key, { name, algorithm: use, publicKey: parseHex(publicKey) });
    assert.equal(encodeVerifierKey(crypto, key), text);
  });
}

for (const { why, text, code } of vectors.refusedKeys) {
  test(`refuses a verifier key with ${code}: ${why}`, () => assert.throws(() => parseVerifierKey(crypto, text), { code }));
}

for (const { why, note, text, names } of vectors.notes) {
  test(`note: ${why}`, () => {
    const parsed = parseSignedNote(encodeUtf8(note));
    assert.equal(parsed.text, text);
    assert.deepEqual(
      parsed.signatures.map(({ name }) => name),
      names,
    );
    assert.deepEqual(encodeSignedNote(parsed), encodeUtf8(note));
    assert.deepEqual(parseSignatureLines(encodeSignatureLines(parsed.signatures)), parsed.signatures);
  });
}

for (const { why, note, code } of vectors.refusedNotes) {
  test(`refuses a note with ${code}: ${why}`, () => assert.throws(() => parseSignedNote(encodeUtf8(note)), { code }));
}

for (const { why, text, code } of vectors.refusedCheckpoints) {
  test(`refuses a checkpoint with ${code}: ${why}`, () => assert.throws(() => parseCheckpoint(text), { code }));
}

for (const { key, note, timeS } of vectors.cosignatures) {
  test(`cosignature by ${key.split('+')[0]}: ${timeS ?? 'none'}`, () => {
    const { text, signatures } = parseSignedNote(encodeUtf8(note));
    const times = signatures.map((line) => verifyCosignature(crypto, parseVerifierKey(crypto, key), text, line));
    assert.equal(times.find((time) => time !== null) ?? null, timeS);
  });
}

// The checkpoint of C2SP tlog-checkpoint and tlog-cosignature: parsed, not verified, as the specification gives no keys.
const C2SP_TEXT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

test('the text of C2SP tlog-checkpoint parses to its parts and back', () => {
  const checkpoint = parseCheckpoint(C2SP_TEXT);
  const root = parseBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=');
  assert.deepEqual(checkpoint, { origin: 'example.com/behind-the-sofa', size: 20_852_163, root, extensions: [] });
  assert.equal(encodeCheckpoint(checkpoint), C2SP_TEXT);
  assert.equal(encodeCheckpoint(parseCheckpoint(`${C2SP_TEXT}an extension\n`)), `${C2SP_TEXT}an extension\n`);
});

test('the cosigned message of C2SP tlog-cosignature', () => {
  assert.deepEqual(cosignatureMessage(1_679_315_147, C2SP_TEXT), encodeUtf8(`cosignature/v1\ntime 1679315147\n${C2SP_TEXT}`));
});

const ORIGIN = 'city.example/log';
const logSigner = namedSigner('log');
const logKey: VerifierKey = { name: ORIGIN, algorithm: 'log', publicKey: logSigner.publicKey };
const witnessSigner = namedSigner('witness');
const witnessKey: VerifierKey = { name: 'witness.example/w', algorithm: 'cosignature', publicKey: witnessSigner.publicKey };
const head = { origin: ORIGIN, size: 7, root: new Uint8Array(32).fill(5) };

function cosigned(timeS = 1_790_000_000) {
  const note = signCheckpoint(crypto, logSigner, head);
  return addSignatures(note, [cosignCheckpoint(crypto, witnessSigner, witnessKey.name, encodeCheckpoint(head), timeS)]);
}

test('what is signed and cosigned verifies, under the right key only', () => {
  const { checkpoint, note } = parseCheckpointNote(cosigned());
  assert.deepEqual(checkpoint, { ...head, extensions: [] });
  const [logLine, witnessLine] = note.signatures;
  assert.ok(logLine && witnessLine);
  assert.equal(verifyNoteSignature(crypto, logKey, note.text, logLine), true);
  assert.equal(verifyCosignature(crypto, witnessKey, note.text, witnessLine), 1_790_000_000);
  assert.equal(verifyCosignature(crypto, witnessKey, note.text, logLine), null);
  assert.equal(verifyNoteSignature(crypto, logKey, note.text, witnessLine), false);
  assert.equal(verifyNoteSignature(crypto, { ...logKey, name: 'city.example/other' }, note.text, logLine), false);
  assert.equal(verifyNoteSignature(crypto, logKey, note.text.replace('7', '8'), logLine), false);
  assert.equal(verifyCosignature(crypto, witnessKey, note.text.replace('7', '8'), witnessLine), null);
});

test('no bit of a cosigned checkpoint can be flipped unseen', () => {
  const bytes = cosigned();
  const verified = (note: Uint8Array) => {
    const { text, signatures } = parseSignedNote(note);
    const log = signatures.some((line) => verifyNoteSignature(crypto, logKey, text, line));
    return log && signatures.some((line) => verifyCosignature(crypto, witnessKey, text, line) !== null);
  };
  assert.ok(verified(bytes));
  for (let bit = 0; bit < 8 * bytes.length; bit += 3) {
    const altered = bytes.slice();
    altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
    let believed = false;
    try {
      believed = verified(altered);
    } catch (error) {
      assert.match((error as { code: string }).code, /^TEXT_INVALID$/);
    }
    assert.equal(believed, false, `bit ${bit}`);
  }
});

test('a cosignature states whole seconds', () => {
  for (const timeS of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => cosigned(timeS), { code: 'NUMBER_RANGE' });
  const line = cosignCheckpoint(crypto, witnessSigner, witnessKey.name, C2SP_TEXT, 0);
  assert.equal(verifyCosignature(crypto, witnessKey, C2SP_TEXT, line), 0);
  const beyond = { ...line, signature: Uint8Array.of(0, 0x20, ...line.signature.slice(2)) };
  assert.equal(verifyCosignature(crypto, witnessKey, C2SP_TEXT, beyond), null);
  assert.equal(verifyCosignature(crypto, witnessKey, C2SP_TEXT, { ...line, signature: line.signature.slice(1) }), null);
});

test('a note carries 16 signatures and not one more', () => {
  const signatures = Array.from({ length: LIMITS.noteSignatureCountMax }, (_, i) => ({
    name: `w${i}`,
    keyId: new Uint8Array(4),
    signature: new Uint8Array(64),
  }));
  const most = encodeSignedNote({ text: 'x\n', signatures });
  assert.equal(parseSignedNote(most).signatures.length, 16);
  assert.throws(() => addSignatures(most, signatures.slice(0, 1)), { code: 'TOO_LARGE' });
});

test('a note ends at its size limit', () => {
  const note = (size: number) => ({
    text: `${'x'.repeat(size)}\n`,
    signatures: [{ name: 'w', keyId: new Uint8Array(4), signature: new Uint8Array(1) }],
  });
  const rest = encodeSignedNote(note(1)).length - 1;
  assert.ok(encodeSignedNote(note(LIMITS.noteSizeMax - rest)));
  assert.throws(() => encodeSignedNote(note(LIMITS.noteSizeMax - rest + 1)), { code: 'TOO_LARGE' });
});

test('what cannot be a note or checkpoint is not written', () => {
  const signatures = parseSignedNote(cosigned()).signatures;
  assert.throws(() => encodeSignedNote({ text: 'no newline', signatures }), { code: 'TEXT_INVALID' });
  assert.throws(() => encodeSignedNote({ text: 'x\n', signatures: [] }), { code: 'TEXT_INVALID' });
  assert.throws(() => encodeCheckpoint({ ...head, origin: 'two\nlines' }), { code: 'TEXT_INVALID' });
  assert.throws(() => encodeCheckpoint({ ...head, size: -1 }), { code: 'TEXT_INVALID' });
  assert.throws(() => encodeCheckpoint({ ...head, root: new Uint8Array(31) }), { code: 'LENGTH_WRONG' });
  assert.throws(() => encodeCheckpoint({ ...head, extensions: ['a\nb'] }), { code: 'TEXT_INVALID' });
});

test('key ids are the hash that C2SP signed-note defines', () => {
  const text = encodeVerifierKey(crypto, logKey);
  const named = Uint8Array.of(...encodeUtf8(ORIGIN), 0x0a, 0x01, ...logKey.publicKey);
  assert.equal(text.split('+')[1], toHex(crypto.sha256(named).slice(0, 4)));
});
