import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { genesisPolicy } from '@oppidum/formats/genesis';
import { changePolicy } from '../../../test/support/policy-change.ts';
import { foundTestCity, freshBytes, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { openDataFolder } from './data-folder.ts';
import { type LightDoor, openLightDoor } from './light-door.ts';
import { changeNodeSettings } from './node-settings.ts';
import { readSuccessor, successorHeights } from './successor-archive.ts';
import { SuccessorChain, type SuccessorChainOptions } from './successor-chain.ts';

/** A door that says what this folder holds. */
function doorOf(folder: string, lies: Partial<Parameters<typeof openLightDoor>[0]> = {}): Promise<LightDoor> {
  return openLightDoor({
    host: '127.0.0.1',
    port: 0,
    rpc: 'unix:///nowhere',
    join: async () => '',
    checkpoint: () => null,
    successors: () => successorHeights(folder),
    successor: (height) => readSuccessor(folder, height),
    ...lies,
  });
}

describe('evidence of changes of policy that a node missed', () => {
  const scratch = Promise.withResolvers<string>();
  const done = Promise.withResolvers<void>();
  let root: string;
  let kept: string;
  let heights: number[];
  let honest: LightDoor;
  let first: SuccessorChainOptions['first'];
  let finished: Promise<void>;

  before(async () => {
    finished = inTemporaryFolder(async (path) => {
      scratch.resolve(path);
      await done.promise;
    });
    root = await scratch.promise;
    const city = await runCity(await foundTestCity(join(root, 'city')));
    for (const number of [2, 3, 4]) await changePolicy(city, number);
    await city.stop();
    first = genesisPolicy(crypto, city.folder.genesis);
    kept = city.folder.paths.policies;
    heights = await successorHeights(kept);
    assert.equal(heights.length, 3);
    honest = await doorOf(kept);
  });

  after(async () => {
    await honest.close();
    done.resolve();
    await finished;
  });

  /** Lets a chain complete this folder; answers what it said. */
  async function complete(
    folder: string,
    urls: readonly string[],
    options: Partial<SuccessorChainOptions> = {},
  ): Promise<string[]> {
    const said: string[] = [];
    const onFailure = (error: Error): never => assert.fail(error);
    const newest = (): number => heights.at(-1) as number;
    const onNews = (sentence: string): unknown => said.push(sentence);
    const chain = new SuccessorChain({ crypto, folder, urls, first, newest, onNews, onFailure, ...options });
    await chain.news();
    await chain.close();
    return said;
  }

  const assertSame = (folder: string): void => {
    assert.deepEqual(readdirSync(folder).sort(), readdirSync(kept).sort());
    for (const name of readdirSync(kept)) assert.deepEqual(readFileSync(join(folder, name)), readFileSync(join(kept, name)));
  };

  test('all of them, or one between others, come from a neighbour; then nobody is asked', async () => {
    const folder = join(root, 'all');
    assert.deepEqual(await complete(folder, [honest.url]), [
      `evidence of the changes of policy at blocks ${heights.join(', ')} came from neighbours`,
    ]);
    assertSame(folder);
    assert.deepEqual(await complete(folder, []), []);
    rmSync(join(folder, `${heights[1]}.evidence`));
    assert.deepEqual(await complete(folder, ['http://127.0.0.1:1', honest.url]), [
      `evidence of the changes of policy at blocks ${heights[1]} came from neighbours`,
    ]);
    assertSame(folder);
  });

  test('what a neighbour cannot prove is not kept: rubbish, another change, another height, another city', async () => {
    const stranger = await runCity(await foundTestCity(join(root, 'stranger')));
    await changePolicy(stranger, 2);
    await stranger.stop();
    const [foreign] = await successorHeights(stranger.folder.paths.policies);
    const [one, two] = heights as [number, number];
    const lies: readonly Partial<Parameters<typeof openLightDoor>[0]>[] = [
      { successor: async () => freshBytes(500) },
      { successors: async () => [one], successor: () => readSuccessor(kept, two) },
      { successors: async () => [one + 1], successor: () => readSuccessor(kept, one) },
      { successors: async () => [one], successor: () => readSuccessor(stranger.folder.paths.policies, foreign as number) },
      { successors: async () => [0.5] },
      { successors: async () => Array.from({ length: 1_000 }, (_, i) => i + 1), successor: async () => Uint8Array.of(1) },
    ];
    const doors = await Promise.all(lies.map((each) => doorOf(kept, each)));
    const urls = doors.map(({ url }) => url);
    const alone = join(root, 'alone');
    assert.deepEqual(await complete(alone, urls), [
      `evidence of a change of policy after block 0 is missing here and at ${urls.length} neighbours`,
    ]);
    assert.deepEqual(await successorHeights(alone), []);
    const helped = join(root, 'helped');
    assert.equal((await complete(helped, [...urls, honest.url])).length, 1);
    assertSame(helped);
    for (const door of doors) await door.close();
  });

  test('while nobody has it that is said once, and asked again until somebody has', async () => {
    const [folder, late] = [join(root, 'waiting'), join(root, 'late')];
    mkdirSync(late);
    let askedCount = 0;
    const successors = async (): Promise<number[]> => {
      askedCount++;
      return successorHeights(late);
    };
    const door = await doorOf(late, { successors });
    const said: string[] = [];
    const newest = (): number => heights.at(-1) as number;
    const onNews = (sentence: string): unknown => said.push(sentence);
    const onFailure = (error: Error): never => assert.fail(error);
    const chain = new SuccessorChain({ crypto, folder, urls: [door.url], first, newest, onNews, onFailure, retryMs: 10 });
    void chain.news();
    while (askedCount < 3) await sleep(10);
    assert.equal(said.length, 1);
    for (const name of readdirSync(kept)) writeFileSync(join(late, name), readFileSync(join(kept, name)));
    while (said.length < 2) await sleep(10);
    assertSame(folder);
    await chain.close();
    await door.close();
  });

  test('a node that lost them has them again soon after its start', async () => {
    const copy = join(root, 'copy');
    cpSync(join(root, 'city'), copy, { recursive: true });
    chmodSync(join(copy, 'keys'), 0o700);
    rmSync(join(copy, 'policies'), { recursive: true });
    await changeNodeSettings(copy, { neighbours: [honest.url] });
    const said: string[] = [];
    const folder = await openDataFolder({ folder: copy, crypto });
    const city = await runCity(folder, { onSuccessorNews: (sentence) => said.push(sentence) });
    while (said.length === 0) await sleep(10);
    assert.match(said[0] as string, /came from neighbours$/);
    assertSame(folder.paths.policies);
    // It goes on by itself.
    await changePolicy(city, 5);
    assert.equal((await successorHeights(folder.paths.policies)).length, 4);
    await city.stop();
    assert.equal(said.length, 1);
  });
});
