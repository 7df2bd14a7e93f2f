/** Files as makers send them: encodings, delimiters, quotes, hostile cells, keys in every spelling; and what each bad row is called. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import type { ErrorCode } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { readCsvTable, writeCsv } from './csv-table.ts';
import { guessColumns, parseDeviceKey } from './device-columns.ts';
import { type DeviceFile, failedFile, readDeviceRows } from './device-rows.ts';
import { describeProblem } from './row-problems.ts';

const MODEL = { id: 'ab'.repeat(32), name: 'Lamp 3', to: null };
const MODELS = [
  MODEL,
  { id: 'cd'.repeat(32), name: 'Gone', to: 7 },
  { id: '12'.repeat(32), name: 'Two', to: null },
  { id: '34'.repeat(32), name: 'Two', to: null },
];
const KEYS = Array.from({ length: 4 }, () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  return {
    raw: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
    pem: String(publicKey.export({ format: 'pem', type: 'spki' })),
  };
});
const [first = { raw: Buffer.alloc(32), pem: '' }] = KEYS;
const hexOf = (i: number): string => KEYS[i]?.raw.toString('hex') ?? '';

function read(text: string | Uint8Array, model: string | null = 'Lamp 3'): DeviceFile {
  const table = readCsvTable(typeof text === 'string' ? encodeUtf8(text) : text);
  const columns = guessColumns(table.header, table.rows);
  return readDeviceRows(nativeCrypto, table, columns, { grade: 'device', model }, MODELS);
}

describe('files as they come', () => {
  const rows = `lamp 1,${hexOf(0)}\nlamp 2,${hexOf(1)}\n`;
  const good: readonly (readonly [what: string, file: string | Uint8Array, labels: readonly string[]])[] = [
    ['plain', `Name,Key\n${rows}`, ['lamp 1', 'lamp 2']],
    ['with a mark of UTF-8', `\ufeffName,Key\n${rows}`, ['lamp 1', 'lamp 2']],
    ['as Excel calls Unicode text', new Uint8Array(Buffer.from(`\ufeffName\tKey\r\nlämp\t${hexOf(0)}\r\n`, 'utf16le')), ['lämp']],
    ['with semicolons and CRLF', `Name;Key\r\nlamp 1;${hexOf(0)}\r\n`, ['lamp 1']],
    ['with bars', `Name|Key\nlamp 1|${hexOf(0)}`, ['lamp 1']],
    ['quoted, over two lines', `Name,Key\n"a ""b"",\nc",${hexOf(0)}\n`, []],
    ['quoted, with the delimiter', `"Name","Public key"\n"lamp, 1","${hexOf(0)}"\n`, ['lamp, 1']],
    ['with rows of nothing', `Name,Key\n,\nlamp 1,${hexOf(0)}\n , \n\n`, ['lamp 1']],
    ['keys under a name that nobody knows', `Bezeichnung,Schlüssel\nx,${hexOf(0)}\n`, ['']],
    ['a column of names that looks like the keys’', `device,key\nx,lamp 1\n`, []],
  ];
  for (const [what, file, labels] of good)
    test(what, () =>
      assert.deepEqual(
        read(file).rows.map(({ device }) => device.label ?? ''),
        labels,
      ),
    );

  const refused: readonly (readonly [what: string, file: Uint8Array, code: ErrorCode])[] = [
    ['nothing', new Uint8Array(0), 'CSV_INVALID'],
    ['lines of nothing', encodeUtf8('\n\n'), 'CSV_INVALID'],
    ['another encoding', new Uint8Array(Buffer.from('Name,Key\nlämp,1\n', 'latin1')), 'CSV_INVALID'],
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff]), 'CSV_INVALID'],
    ['too many rows', encodeUtf8(`a\n${'1\n'.repeat(100_001)}`), 'CSV_INVALID'],
    // Read to their end, these would take all memory there is.
    [
      'lines and nothing else',
      new Uint8Array(30 * 2 ** 20).fill(0x0a).map((end, i) => (i % 2 === 0 ? 0x61 : end)),
      'CSV_INVALID',
    ],
    ['too many columns', encodeUtf8(`key${','.repeat(400_000)}\nx\n`), 'CSV_INVALID'],
    ['too large', new Uint8Array(32 * 1024 * 1024 + 1), 'TOO_LARGE'],
  ];
  for (const [what, file, code] of refused) test(`${what}: ${code}`, () => assert.throws(() => read(file), { code }));
});

describe('rows that are no device', () => {
  const head = 'name,key,model,grade';
  const bad: readonly (readonly [what: string, row: string, kind: string])[] = [
    ['no key', 'a,,Lamp 3,', 'keyMissing'],
    ['a short key', 'a,abcd,Lamp 3,', 'key'],
    ['a key of small order', `a,${'00'.repeat(32)},Lamp 3,`, 'key'],
    ['a private key in PEM', 'a,MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,Lamp 3,', 'key'],
    ['a long label', `${'ä'.repeat(33)},${hexOf(1)},Lamp 3,`, 'labelLong'],
    ['a label with a control', `a\u0007b,${hexOf(1)},Lamp 3,`, 'labelControl'],
    ['another grade', `a,${hexOf(1)},Lamp 3,self`, 'grade'],
    ['a model that is not there', `a,${hexOf(1)},Lamp 4,`, 'model'],
    ['a model that was revoked', `a,${hexOf(1)},Gone,`, 'model'],
    ['a name of two models', `a,${hexOf(1)},Two,`, 'model'],
    ['no model', `a,${hexOf(1)},,`, 'modelMissing'],
    ['a key that was there', `a,${hexOf(0)},Lamp 3,`, 'twice'],
    ['too few cells', 'a', 'cells'],
    ['too many cells', `a,${hexOf(1)},Lamp 3,,,`, 'cells'],
    ['a quote that never ends', `"a,${hexOf(1)},Lamp 3,\nb,${hexOf(2)},Lamp 3,`, 'quote'],
  ];
  for (const [what, row, kind] of bad)
    test(`${what}: ${kind}`, () => {
      const { rows, failed } = read(`${head}\nfirst,${hexOf(0)},Lamp 3,\n${row}\n`, null);
      assert.deepEqual([rows.length, failed.map(({ problem }) => problem.kind)], [1, [kind]]);
      assert.doesNotMatch(describeProblem(failed[0]!.problem), /[{}]/);
    });

  test('a model by its id, and defaults for what a row does not say', () => {
    const { rows } = read(`name,key,model,grade\na,${hexOf(0)},${MODEL.id.toUpperCase()},BRIDGE\nb,${hexOf(1)},,\n`);
    assert.deepEqual(
      rows.map(({ device: { model, grade } }) => [toHex(model), grade]),
      [
        [MODEL.id, 'bridge'],
        [MODEL.id, 'device'],
      ],
    );
  });
});

test('a key in every spelling that people have of it', () => {
  const spki = first.pem.replaceAll(/-----[^-]+-----|\n/g, '');
  const spellings = [
    first.raw.toString('hex'),
    first.raw.toString('hex').toUpperCase(),
    first.raw.toString('base64'),
    first.raw.toString('base64').replace('=', ''),
    first.raw.toString('base64url'),
    first.pem,
    spki,
  ];
  for (const spelling of spellings) assert.deepEqual(parseDeviceKey(spelling), new Uint8Array(first.raw), spelling);
});

test('the file of failed rows, mended, is read again: its problems are left out, and no cell is a formula', () => {
  const text = `name;key\n=cmd|' /C calc'!A0;${hexOf(0)}\n"+1;""x""";zz\nshort\n"open;${hexOf(1)}`;
  const table = readCsvTable(encodeUtf8(text));
  const { rows, failed } = readDeviceRows(
    nativeCrypto,
    table,
    guessColumns(table.header, table.rows),
    { grade: 'device', model: 'Lamp 3' },
    MODELS,
  );
  assert.deepEqual([rows.length, failed.length], [1, 3]);
  assert.equal(rows[0]?.device.label, "=cmd|' /C calc'!A0");
  const written = failedFile(table, failed);
  assert.doesNotMatch(written, /(^|;|")[=+@]/m);
  const again = readCsvTable(encodeUtf8(written));
  assert.deepEqual(again.header, ['name', 'key', 'problem']);
  const mended = written.replace(';zz;', `;${hexOf(2)};`);
  const repaired = read(mended);
  assert.deepEqual(
    repaired.rows.map(({ device }) => device.label),
    ['+1;"x"'],
  );
  // A second time the column of problems is not doubled.
  const twice = readCsvTable(encodeUtf8(failedFile(again, repaired.failed)));
  assert.deepEqual(twice.header, ['name', 'key', 'problem']);
});

test('what is written is read as it was, whatever stands in the cells', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.trim());
  const plain = cell.filter((text) => !(text.startsWith("'") && /^'[=+\-@\t\r\n＝＋－＠]/.test(text)));
  const table = fc.array(fc.array(plain, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(table, fc.constantFrom(',', ';', '\t', '|'), (rows, delimiter) => {
      const full = [['a', 'b'], ...rows.filter((cells) => cells.some((text) => text !== ''))];
      const back = readCsvTable(encodeUtf8(writeCsv(full, delimiter)), delimiter);
      assert.deepEqual([back.header, ...back.rows.map(({ cells }) => cells)], full);
    }),
  );
});
