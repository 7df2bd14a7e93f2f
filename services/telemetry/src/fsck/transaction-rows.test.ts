import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { encodeUint32 } from '@oppidum/formats/bytes';
import { TransactionIndex } from '@oppidum/node/transaction-index';
import { open } from 'lmdb';
import { flipRow, inTable, middle, removeRow } from '../../../../test/support/damaged-city.ts';
import { Environment, NODE_TABLES } from './environment.ts';
import { Findings, type FsckEvent } from './findings.ts';
import { TransactionRows } from './transaction-rows.ts';

const COUNT = 140_000;
/** Every third entry of the log is no transaction. */
const indexOf = (n: number): number => n + Math.floor(n / 2);
const idOf = (n: number) => crypto.sha256(encodeUint32(n));

async function codesOf(folder: string): Promise<string[]> {
  const events: FsckEvent[] = [];
  const environment = new Environment(folder, NODE_TABLES);
  const rows = new TransactionRows(environment, new Findings((event) => events.push(event)));
  for (let n = 0; n < COUNT; n++) rows.add(idOf(n), indexOf(n));
  rows.finish();
  await environment.close();
  return events.flatMap((event) => ('damage' in event ? [`${event.damage.code} ${event.damage.file}`] : []));
}

test('runs of ids are derived as they were written, and a bit in one is found', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-runs-'));
  const environment = open({ path: folder, overlappingSync: false, maxDbs: 16, noSubdir: false });
  const index = new TransactionIndex(environment);
  for (let n = 0; n < COUNT; n++) {
    index.add(idOf(n), indexOf(n), n);
    if (n % 10_000 !== 0 && n + 1 < COUNT) continue;
    environment.transactionSync(() => index.write());
    index.accept();
  }
  await environment.close();
  assert.deepEqual(await codesOf(folder), []);
  await inTable('', NODE_TABLES.transactionRuns, flipRow(middle, 9))(folder);
  assert.deepEqual(await codesOf(folder), ['INDEX_DAMAGED node/transactionRuns']);
  await inTable('', NODE_TABLES.transactionRunEnds, removeRow(middle))(folder);
  assert.ok((await codesOf(folder)).length > 0);
  rmSync(folder, { recursive: true });
});
