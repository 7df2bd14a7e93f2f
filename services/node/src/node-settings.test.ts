import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import { changeNodeSettings, parseDoor, parseNeighbour, readNodeSettings } from './node-settings.ts';

describe('settings of a node', () => {
  test('without a file: no door, a snapshot every 1,000 heights, all blocks kept; changes stay', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder);
      const { lightDoor, snapshotInterval, retainBlocks } = readNodeSettings(folder);
      assert.deepEqual([lightDoor, snapshotInterval, retainBlocks], [null, 1_000, 0]);
      await changeNodeSettings(folder, { lightDoor: '127.0.0.1:26700' });
      await changeNodeSettings(folder, { neighbours: ['http://a.example:26700/'], retainBlocks: 5 });
      const read = readNodeSettings(folder);
      assert.deepEqual([read.lightDoor, read.neighbours, read.retainBlocks], ['127.0.0.1:26700', ['http://a.example:26700'], 5]);
    }));

  test('what cannot be meant is refused with the setting, by flag and in the file', () =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(folder);
      const wrong = [
        { lightDoor: 'nowhere' },
        { lightDoor: '127.0.0.1:70000' },
        { neighbours: ['http://a.example/api'] },
        { neighbours: ['ftp://a.example'] },
        { neighbours: ['http://user@a.example'] },
        { snapshotInterval: -1 },
        { retainBlocks: 1.5 },
      ];
      for (const changes of wrong)
        await assert.rejects(changeNodeSettings(folder, changes), { code: 'CONFIG_INVALID' }, JSON.stringify(changes));
      for (const text of ['{', '[]', '{"lightDor":null}', '{"joined":"yes"}', '{"neighbours":"http://a.example"}']) {
        writeFileSync(join(folder, 'node.json'), text);
        assert.throws(() => readNodeSettings(folder), { code: 'CONFIG_INVALID' }, text);
      }
    }));

  test('addresses of either family', () => {
    assert.deepEqual(parseDoor('[::1]:26700'), { host: '::1', port: 26_700 });
    assert.deepEqual(parseDoor('node.example:1'), { host: 'node.example', port: 1 });
    assert.equal(parseNeighbour('https://node.example'), 'https://node.example');
  });
});
