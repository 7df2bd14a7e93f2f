/** `oppidum device import`: a file of devices from a maker, with what is wrong in it told row by row, and begun again without harm. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createModel, makeTransaction } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import { admitMaker, CityProcess } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const GOOD_COUNT = 1_200;

function freshKey(): Buffer {
  const { publicKey } = generateKeyPairSync('ed25519');
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** What is said of the bad rows of the file, in their order. */
const WRONG = [/no Ed25519 key/, /no Ed25519 key/, /line 2/, /"Lamp 4" is not/, /grade is none/, /longer than 64/, /2 cells/];

/** A file with good rows and, after them, bad ones; and where the failed ones go. */
function writeFiles(folder: string, keys: readonly Buffer[]): { readonly file: string; readonly failed: string } {
  const good = keys.map((key, i) => `lamp-${i},${i % 2 === 0 ? key.toString('hex') : key.toString('base64')},Lamp 3,`);
  const bad = [
    `small order,${'00'.repeat(32)},Lamp 3,`,
    'short,abcd,Lamp 3,',
    `twice,${keys[0]?.toString('hex')},Lamp 3,`,
    `other model,${freshKey().toString('hex')},Lamp 4,`,
    `grade,${freshKey().toString('hex')},Lamp 3,self`,
    `${'x'.repeat(65)},${freshKey().toString('hex')},Lamp 3,`,
    'cells,missing',
  ];
  const file = join(folder, 'lamps.csv');
  writeFileSync(file, `Name,Public key,Model,Grade\n${[...good, ...bad].join('\n')}\n`);
  return { file, failed: join(folder, 'failed.csv') };
}

type Row = { readonly line: number; readonly id: string | null; readonly state: string; readonly why?: string };

test('a file of a maker: looked at, imported, mended, begun again', () =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    try {
      const { api, records, manufacturer, maker } = await admitMaker(city, data);
      const model = { id: freshBytes(32), name: 'Lamp 3', deviceType: 'street-light', personal: false, simulated: true };
      const { code } = await api.submit(makeTransaction(records.audience, [createModel(manufacturer, model)], [maker]));
      assert.equal(code, 'OK');
      const keys = Array.from({ length: GOOD_COUNT }, freshKey);
      const { file, failed } = writeFiles(join(data, '..'), keys);
      const command = ['device', 'import', file, '--failed', failed, '--api', city.http, '--data', data];
      const run = async (...flags: string[]): Promise<{ code: number | null; rows: Row[] }> => {
        const result = await runCommand([...command, ...flags, '--json']);
        const lines = result.stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Row | { progress: unknown });
        return { code: result.code, rows: lines.filter((line): line is Row => 'state' in line) };
      };
      const countOf = (rows: readonly Row[], state: string): number => rows.filter((row) => row.state === state).length;

      const dry = await run('--dry-run');
      assert.deepEqual(
        [dry.code, countOf(dry.rows, 'would register'), countOf(dry.rows, 'failed')],
        [1, GOOD_COUNT, WRONG.length],
      );
      const why = dry.rows.filter(({ state }) => state === 'failed').map((row) => row.why ?? '');
      for (const [i, expected] of WRONG.entries()) assert.match(why[i] ?? '', expected);

      // One of them is there already under its own name: it is known, and its neighbours do not suffer.
      const own = ['--model', toHex(model.id), '--public-key', keys[5]?.toString('hex') ?? ''];
      const first = await runCommand(['device', 'register', ...own, '--api', city.http, '--data', data]);
      assert.equal(first.code, 0, first.stderr);
      const real = await run();
      assert.deepEqual([real.code, countOf(real.rows, 'registered'), countOf(real.rows, 'known')], [1, GOOD_COUNT - 1, 1]);
      const again = await run();
      assert.deepEqual([countOf(again.rows, 'registered'), countOf(again.rows, 'known')], [0, GOOD_COUNT]);

      const failures = readFileSync(failed, 'utf8').trim().split('\n');
      assert.equal(failures.length, 1 + WRONG.length);
      assert.equal(failures[0], 'Name,Public key,Model,Grade,problem');

      const columns = await runCommand([...command, '--column', 'public-key=Schlüssel']);
      assert.equal(columns.code, 2);
      assert.match(columns.stderr, /There is no column "Schlüssel"/);
      api.close();
    } finally {
      await city.end('SIGTERM');
    }
  }));
