/** `oppidum device import`: a file of devices from a maker, with what is wrong in it told row by row, and begun again without harm. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createModel, makeTransaction } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import { admitMaker, CityProcess, until } from '../support/city-process.ts';
import { runCommand, startCommand } from '../support/command-line.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const GOOD_COUNT = 1_200;

function freshKey(): Buffer {
  const { publicKey } = generateKeyPairSync('ed25519');
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** What is said of the bad rows of the file, in their order. */
const WRONG = [/no Ed25519 key/, /no Ed25519 key/, /line 2/, /"Lamp 4" is not/, /"self", and none of/, /65 bytes/, /2 cells/];

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

      const failures = readFileSync(failed, 'utf8').trim().split('\r\n');
      assert.equal(failures.length, 1 + WRONG.length);
      assert.equal(failures[0], 'Name,Public key,Model,Grade,problem');

      const columns = await runCommand([...command, '--column', 'public-key=Schlüssel']);
      assert.equal(columns.code, 2);
      assert.match(columns.stderr, /There is no column "Schlüssel"/);

      // Mended, the file of failures is imported as it is; what is still wrong in it stays.
      const mended = join(data, '..', 'mended.csv');
      writeFileSync(mended, readFileSync(failed, 'utf8').replace('short,abcd', `short,${freshKey().toString('base64url')}`));
      const rest = ['device', 'import', mended, '--failed', join(data, '..', 'still.csv'), '--api', city.http, '--data', data];
      const second = await runCommand([...rest, '--json']);
      const states = second.stdout.matchAll(/"state":"(\w+)"/g);
      assert.deepEqual([second.code, [...states].filter(([, state]) => state === 'registered').length], [1, 1], second.stderr);
      const still = readFileSync(join(data, '..', 'still.csv'), 'utf8')
        .trim()
        .split('\r\n');
      // The key that stood twice is registered by now.
      assert.deepEqual([still.length, still[0]], [WRONG.length - 1, failures[0]]);
      api.close();
    } finally {
      await city.end('SIGTERM');
    }
  }));

/** What became of the rows, by their state. */
function countStates(stdout: string): Readonly<Record<string, number>> {
  const states = [...stdout.matchAll(/"state":"([^"]+)"/g)].map(([, state]) => state ?? '');
  return Object.fromEntries(
    ['registered', 'known', 'failed', 'left'].map((each) => [each, states.filter((s) => s === each).length]),
  );
}

test('an import that is stopped goes on; whoever is not the maker writes nothing on the ledger', () =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    try {
      const { api, records, manufacturer, maker } = await admitMaker(city, data);
      const model = { id: freshBytes(32), name: 'Lamp 3', deviceType: 'street-light', personal: false, simulated: true };
      await api.submit(makeTransaction(records.audience, [createModel(manufacturer, model)], [maker]));
      api.close();
      const folder = join(data, '..');
      const file = join(folder, 'many.csv');
      const count = 5_000;
      const rows = Array.from({ length: count }, (_, i) => `lamp-${i};${toHex(freshBytes(32).fill(7, 31))}`);
      writeFileSync(file, `\ufeffName;Key\r\n${rows.join('\r\n')}\r\n`);
      const command = ['device', 'import', file, '--model', 'Lamp 3', '--api', city.http, '--data', data];

      const stranger = join(folder, 'stranger.seed');
      const made = await runCommand([
        'account',
        'create',
        '--name',
        'Others',
        '--new-key',
        stranger,
        '--api',
        city.http,
        '--data',
        data,
      ]);
      const account = /[0-9a-f]{64}/.exec(made.stdout)?.[0] ?? '';
      const before = await heightOf(city);
      const foreign = await runCommand([...command, '--key', stranger, '--account', account]);
      assert.deepEqual([foreign.code, /The account of Test maker/.test(foreign.stderr)], [4, true], foreign.stderr);
      assert.equal(await heightOf(city), before);

      const running = startCommand([...command, '--json']);
      await until('some are registered', async () => (await heightOf(city)) > before);
      running.child.kill('SIGINT');
      const stopped = await running.ended;
      const first = countStates(stopped.stdout);
      assert.equal((first['registered'] ?? 0) + (first['left'] ?? 0), count);
      assert.equal(stopped.code, (first['left'] ?? 0) > 0 ? 1 : 0, stopped.stderr);
      // From standard input, as a pipe would bring it.
      const again = await runCommand(command.map((word) => (word === file ? '-' : word)).concat('--json'), {
        stdin: readFileSync(file),
      });
      const second = countStates(again.stdout);
      assert.deepEqual(
        [again.code, second['known'], second['registered']],
        [0, first['registered'], first['left']],
        again.stderr,
      );
      const dry = await runCommand([...command, '--dry-run']);
      assert.deepEqual([dry.code, /registered before +5000/.test(dry.stdout)], [0, true], dry.stdout);
    } finally {
      await city.end('SIGTERM');
    }
  }));

async function heightOf(city: CityProcess): Promise<number> {
  return ((await (await fetch(`${city.http}/api/v1/city`)).json()) as { readonly height: number }).height;
}

test('what cannot be imported is said before anything is asked of the city', () =>
  inTemporaryFolder(async (data) => {
    const folder = join(data, '..');
    const file = join(folder, 'lamps.csv');
    writeFileSync(file, 'Name,Key\n');
    const refused: readonly (readonly [what: RegExp, ...flags: string[]])[] = [
      [/--failed is the file that is imported/, '--failed', file],
      [/--delimiter is one of/, '--delimiter', 'x'],
      [/--grade is device/, '--grade', 'self'],
      [/--column is FIELD=NAME/, '--column', 'colour=Name'],
    ];
    for (const [what, ...flags] of refused) {
      const { code, stderr } = await runCommand(['device', 'import', file, ...flags, '--api', 'http://127.0.0.1:9']);
      assert.deepEqual([code, what.test(stderr)], [2, true], stderr);
    }
    writeFileSync(file, new Uint8Array([0xff, 0x41]));
    const { code, stderr } = await runCommand(['device', 'import', file, '--api', 'http://127.0.0.1:9']);
    assert.deepEqual([code, /no CSV that can be read/.test(stderr)], [2, true], stderr);
  }));
