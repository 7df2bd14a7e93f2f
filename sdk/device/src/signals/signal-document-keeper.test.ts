import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type SignalMatrix, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans, type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import type { SignedStatement } from '@oppidum/formats/statement';
import { encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { inFolder } from '../../../../test/support/folder.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { newKeySet, signAs } from '../../../../test/support/orders.ts';
import { digestOf, matrix, plans } from '../../../../test/support/signals.ts';
import { SignalDocumentKeeper } from './signal-document-keeper.ts';
import { SignalShelf } from './signal-documents.ts';

const CITY = namedId('city');
const [OLD, NEW] = [
  ['ida', 'karl', 'vera'],
  ['karl', 'vera', 'zoe'],
] as const;
const [oldKeys, newKeys]: readonly [KeySet, KeySet] = [newKeySet(CITY, OLD), newKeySet(CITY, NEW, { version: 2 })];

function document(
  name: string,
  body: Bytes,
  version: number,
  set: readonly string[] = OLD,
  by = ['karl', 'vera'],
): SignedStatement {
  const statement = encodeZoneDocument({ city: CITY, zone: namedId('zone'), name, version, body });
  return { statement, signatures: signAs('document', statement, set, by) };
}
const matrixOf = (value: SignalMatrix, version: number): SignedStatement =>
  document('matrix', encodeBy(signalMatrixSchema, value), version);
const plansOf = (value: SignalPlans, version: number, set?: readonly string[]): SignedStatement =>
  document('plans', encodeBy(signalPlansSchema, value), version, set);

test('matrix and plans come one by one; both together run, also after the keys that signed the one were replaced', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'documents.cbor');
    const shelf = await SignalShelf.open(nodeCrypto, path);
    let renewed = 0;
    const keeper = new SignalDocumentKeeper(shelf, () => renewed++);
    const versions = () => keeper.have().map(({ version }) => version);
    const offer = async (name: string, signed: SignedStatement, keys = oldKeys) =>
      (await keeper.offer(keys, name, signed))?.code ?? null;
    assert.deepEqual(keeper.have(), [
      { name: 'matrix', version: 0 },
      { name: 'plans', version: 0 },
    ]);
    assert.equal(await offer('plans', document('plans', encodeBy(signalPlansSchema, plans), 1, OLD, ['ida'])), 'SIGNATURES_FEW');
    assert.equal(await offer('phases', matrixOf(matrix, 1)), 'DOCUMENT_UNKNOWN');
    assert.equal(await offer('plans', plansOf(plans, 1)), null);
    assert.deepEqual([versions(), renewed, shelf.documents], [[0, 1], 0, null], 'it waits for its matrix');
    assert.equal(await offer('matrix', matrixOf(matrix, 1)), null);
    assert.deepEqual([versions(), renewed], [[1, 1], 1]);
    assert.notEqual((await SignalShelf.open(nodeCrypto, path)).documents, null, 'on disk');

    const wider: SignalMatrix = { ...matrix, name: 'Main Street and Mill Lane, new' };
    assert.equal(await offer('matrix', matrixOf(wider, 2)), null);
    assert.deepEqual(
      [versions(), renewed, shelf.documents?.matrix],
      [[2, 1], 1, encodeBy(signalMatrixSchema, matrix)],
      'what runs goes on',
    );
    assert.equal(await offer('plans', plansOf({ ...plans, local: 6 }, 2)), 'PLANS_MATRIX_OTHER');
    const fitting = { ...plans, matrix: digestOf(wider) };
    assert.equal(await offer('plans', plansOf(fitting, 2)), null);
    assert.deepEqual([versions(), renewed], [[2, 2], 2]);

    const late = document('plans', encodeBy(signalPlansSchema, fitting), 3, OLD, ['ida', 'karl']);
    assert.equal(await offer('plans', late, newKeys), 'SIGNATURE_INVALID', 'ida signs here no more');
    assert.equal(await offer('plans', plansOf(fitting, 3, NEW), newKeys), null);
    assert.deepEqual([versions(), renewed], [[2, 3], 3], 'beside a matrix that former keys signed');
    assert.equal(await offer('plans', plansOf(fitting, 2, NEW), newKeys), 'VERSION_NOT_NEXT');
  }));

test('a shelf that was torn at any byte of its last write has the documents before, or none, and the city gives them again', () =>
  inFolder({}, async (folder) => {
    const path = join(folder, 'documents.cbor');
    const shelf = await SignalShelf.open(nodeCrypto, path);
    const bare = (signed: SignedStatement) => ({ statement: signed.statement, signatures: [...signed.signatures] });
    const offer = async (version: number, value: SignalPlans): Promise<Uint8Array> => {
      const both = { matrix: bare(matrixOf(matrix, 1)), plans: bare(plansOf(value, version)) };
      assert.equal(await shelf.offer(oldKeys, both), null);
      return new Uint8Array(await readFile(path));
    };
    const before = await offer(1, plans);
    const after = await offer(2, { ...plans, plans: plans.plans.map((plan) => ({ ...plan, name: `new ${plan.name}` })) });
    // Each byte would take minutes; every seventh, and all where the old and the new file end.
    const cuts = Array.from({ length: after.length }, (_, at) => at).filter((at) => at % 7 === 0 || at > before.length - 40);
    for (const at of cuts) {
      const image = Uint8Array.of(...after.subarray(0, at), ...before.subarray(at));
      await writeFile(path, image);
      const { documents, damage } = await SignalShelf.open(nodeCrypto, path);
      const name = documents === null ? damage : parseSignalPlans(documents.plans).plans[0]?.name;
      assert.equal(name, equalBytes(image, before) ? plans.plans[0]?.name : 'SIGNALS_DAMAGED', `byte ${at}`);
    }
    await writeFile(path, after.subarray(0, 700));
    const torn = await SignalShelf.open(nodeCrypto, path);
    assert.deepEqual([torn.documents, torn.damage], [null, 'SIGNALS_DAMAGED']);
    const keeper = new SignalDocumentKeeper(torn, () => undefined);
    assert.deepEqual(
      keeper.have().map(({ version }) => version),
      [0, 0],
      'the city gives them again',
    );
    assert.equal((await SignalShelf.open(nodeCrypto, join(folder, 'none.cbor'))).damage, null);
  }));
