import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { FormatError } from '@oppidum/formats/errors';

const FILE = join(resolve(import.meta.dirname, '../..'), 'vectors/cbor/items.json');
const vectors: readonly { readonly why: string; readonly cbor: string; readonly code: string }[] = JSON.parse(
  readFileSync(FILE, 'utf8'),
);

for (const { why, cbor, code } of vectors) {
  test(`cbor: ${why}: ${code}`, () => {
    if (code === 'OK') {
      assert.equal(toHex(encodeCbor(parseCbor(parseHex(cbor)))), cbor);
      return;
    }
    assert.throws(
      () => parseCbor(parseHex(cbor)),
      (error) => error instanceof FormatError && error.code === code,
    );
  });
}

test('every code of specs/cbor.md §2 has a vector, but the one that needs 65,537 elements', () => {
  const spec = readFileSync(join(FILE, '../../../specs/cbor.md'), 'utf8').split('## 3.')[0] ?? '';
  const codes = spec
    .split('\n')
    .flatMap((line) => (line.startsWith('| `') ? (line.split('|')[1]?.match(/[A-Z0-9_]+/g) ?? []) : []));
  assert.ok(codes.length > 9);
  for (const code of codes) assert.ok(code === 'TOO_LARGE' || vectors.some((vector) => vector.code === code), code);
});
