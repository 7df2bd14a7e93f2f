/**
 * A node that dies at every named point of a commit, under either engine: between FinalizeBlock and Commit, and before, within and
 * after every durable write that a block causes. It starts again, CometBFT replays what it must to the same app hash, and nothing that
 * was acknowledged is missing. The points are read from the code: a durable write without one fails here.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { NodeStore } from '@oppidum/node/node-store';
import { Dice } from '../../simulator/dice.ts';
import { foundTestCluster } from '../../support/comet.ts';
import { checkFolder } from '../../support/damaged-city.ts';
import { faultPoints } from '../../support/fault-points.ts';
import { skipWithout } from '../../support/programs.ts';
import { foundTestCity } from '../../support/running-city.ts';

const PROGRAM = fileURLToPath(new URL('./commit-run.ts', import.meta.url));
const PRELOAD = fileURLToPath(new URL('../../support/fault-points.ts', import.meta.url));
const NODE = resolve(import.meta.dirname, '../../../services/node/src');
const SEED = Number(process.env['OPPIDUM_FAULT_SEED'] ?? 2026);
/** A point that is passed often kills at one of the first so many times. */
const TIMES_MAX = 5;

/** Points that a block does not pass: what founds a city, what a command sets, what a snapshot is made of or restored to. */
const ELSEWHERE = /^(data-folder|found-city|key-files|node-settings|restored-log|snapshot-keeper|snapshot-writing)\.ts: /;
/** Durable writes that no block causes, by file and how many: they have no point, and must say why here. */
const OUTSIDE: Readonly<Record<string, readonly [count: number, why: string]>> = {
  'allowed-peers.ts': [1, 'a list that a command changes'],
  'comet-home.ts': [2, 'founding: the home of CometBFT; a key of CometBFT’s that is exchanged again where it was not'],
  'folder-lock.ts': [1, 'a lock, which may be lost'],
  'log-signer.ts': [1, 'founding: the record of a key that has signed nothing'],
  'node-store.ts': [2, 'whose city a new store is; a restore'],
  'reset-node.ts': [1, 'a command that makes a node begin again'],
  'snapshot-folder.ts': [3, 'a snapshot written or restored by a command'],
  'witness.ts': [1, 'a witness is a program of its own'],
};
const DURABLE_CALL = /\b(writeFileDurably|writeAndSync|transactionSync|writeFileSync|appendFileSync)\(/;

/** What a life said, in its words; `passed`: the points, in their order. */
type Life = { readonly signal: NodeJS.Signals | null; readonly said: readonly string[][]; readonly passed: readonly string[] };

/** Runs the program to its end or its death. */
async function run(data: string, pointsFile: string, dieAt = ''): Promise<Life> {
  rmSync(pointsFile, { force: true });
  const words = ['--disable-warning=ExperimentalWarning', '--import', PRELOAD, PROGRAM, data];
  const env = { ...process.env, NODE_TEST_CONTEXT: '', OPPIDUM_TEST_POINTS_FILE: pointsFile, OPPIDUM_TEST_DIE_AT: dieAt };
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.on('close', (...how: [number | null, NodeJS.Signals | null]) => done(how)),
  );
  assert.ok(code === 0 || signal === 'SIGKILL', `${dieAt}: exit code ${code}: ${errors.slice(-6_000)}`);
  // The last line may be cut off.
  const said = output.split('\n').slice(0, -1);
  return { signal, said: said.map((line) => line.split(' ')), passed: readFileSync(pointsFile, 'utf8').trimEnd().split('\n') };
}

/** Dies once at every point; answers how many there were. */
async function dieEverywhere(data: string, pointsFile: string, say: (text: string) => void): Promise<void> {
  const dice = new Dice(SEED);
  const lives = [await run(data, pointsFile)];
  const passed = (lives[0] as Life).passed;
  const points = [...new Set(passed)];
  assert.deepEqual(
    new Set(points.map((point) => point.replace(/ \(.*\)$/, ''))),
    new Set(faultPoints().filter((point) => !ELSEWHERE.test(point))),
    'a block passes every point that is not elsewhere',
  );
  for (const point of points) {
    const count = passed.filter((each) => each === point).length;
    const life = await run(data, pointsFile, `${point}#${1 + dice.below(Math.min(count, TIMES_MAX))}`);
    assert.equal(life.signal, 'SIGKILL', `it dies at ${point}`);
    lives.push(life);
  }
  lives.push(await run(data, pointsFile));
  const of = (kind: string): string[][] => lives.flatMap(({ said }) => said.filter(([first]) => first === kind));
  const hashes = new Map<string, Set<string>>();
  for (const [, height, hash] of of('finalized'))
    hashes.set(String(height), (hashes.get(String(height)) ?? new Set()).add(String(hash)));
  const replayed = of('finalized').length - hashes.size;
  for (const [height, some] of hashes)
    assert.equal(some.size, 1, `block ${height} has one app hash, however often it is executed`);
  assert.deepEqual((await checkFolder(data)).damages, []);
  const lost = findLost(data, of('acknowledged'));
  say(
    `points ${points.length}, deaths ${points.length}, blocks replayed ${replayed}, acknowledged ${of('acknowledged').length}, lost ${lost.length}`,
  );
  assert.deepEqual(lost, []);
}

function findLost(data: string, acknowledged: readonly (readonly string[])[]): string[] {
  const store = NodeStore.open({ folder: join(data, 'node'), crypto, readOnly: true });
  const found = store
    .blocks(0, Number.MAX_SAFE_INTEGER)
    .flatMap(({ outcomes, height }) =>
      outcomes.flatMap((outcome) =>
        'executed' in outcome ? [`${toHex(outcome.executed.id)} ${height} ${outcome.executed.index}`] : [],
      ),
    );
  void store.close();
  return acknowledged.flatMap(([, ...words]) =>
    found.filter((each) => each === words.join(' ')).length === 1 ? [] : [words.join(' ')],
  );
}

/** Calls with a folder that is removed afterwards. */
async function withFolder(use: (data: string, pointsFile: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-commit-'));
  try {
    await use(join(root, 'city'), join(root, 'points'));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('a death at every point of a commit', () => {
  test('under the embedded engine', (t) =>
    withFolder(async (data, pointsFile) => {
      (await foundTestCity(data)).release();
      await dieEverywhere(data, pointsFile, (text) => t.diagnostic(`embedded: seed ${SEED}, ${text}`));
    }));

  test('under CometBFT', { skip: skipWithout('cometbft'), timeout: 500_000 }, (t) =>
    withFolder(async (data, pointsFile) => {
      await foundTestCluster([data]);
      await dieEverywhere(data, pointsFile, (text) => t.diagnostic(`cometbft: seed ${SEED}, ${text}`));
    }),
  );

  test('every durable write of a node has a point, or stands in the list of those that no block causes', () => {
    const without: Record<string, number> = {};
    for (const file of globSync('*.ts', { cwd: NODE }).filter((each) => !/\.test\.ts$|^durable-file\.ts$/.test(each))) {
      const lines = readFileSync(join(NODE, file), 'utf8').split('\n');
      for (const [i, line] of lines.entries())
        if (DURABLE_CALL.test(line) && !/^ *\/\/ DURABLE: /.test(lines[i - 1] ?? '')) without[file] = (without[file] ?? 0) + 1;
    }
    assert.deepEqual(without, Object.fromEntries(Object.entries(OUTSIDE).map(([file, [count]]) => [file, count])));
  });
});
