import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inTemporaryFolder } from '../../../test/support/running-city.ts';
import { allowedPeers, allowPeer, isAllowedPeer, refusePeer } from './allowed-peers.ts';

const [first, second] = ['a'.repeat(40), '0123456789'.repeat(4)];

describe('which nodes may be peers', () => {
  test('nobody where no list is; whoever was allowed; nobody who was refused', () =>
    inTemporaryFolder(async (home) => {
      mkdirSync(join(home, 'config'), { recursive: true });
      assert.equal(isAllowedPeer(home, first), false);
      await allowPeer(home, { id: first, note: 'the  harbour\nboard' });
      await allowPeer(home, { id: second, note: '' });
      assert.deepEqual(allowedPeers(home), [
        { id: first, note: 'the harbour board' },
        { id: second, note: '' },
      ]);
      assert.equal(statSync(join(home, 'config', 'allowed_peers')).mode & 0o777, 0o600);
      await allowPeer(home, { id: first, note: 'renamed' });
      assert.equal(allowedPeers(home).length, 2, 'an id stands there once');
      assert.equal(await refusePeer(home, first), true);
      assert.equal(await refusePeer(home, first), false);
      assert.deepEqual([isAllowedPeer(home, first), isAllowedPeer(home, second)], [false, true]);
    }));

  test('what is no node id is refused, and in the file it allows nobody', () =>
    inTemporaryFolder(async (home) => {
      mkdirSync(join(home, 'config'), { recursive: true });
      for (const id of ['', 'A'.repeat(40), 'a'.repeat(39), `${first} ${second}`])
        await assert.rejects(allowPeer(home, { id, note: '' }), { code: 'CONFIG_INVALID' });
      const file = join(home, 'config', 'allowed_peers');
      writeFileSync(file, `# ${second}\n${first}x\n\n  ${first}  by hand\n`);
      assert.deepEqual(allowedPeers(home), [{ id: first, note: 'by hand' }]);
      await allowPeer(home, { id: second, note: '' });
      assert.match(readFileSync(file, 'utf8'), /by hand/);
    }));
});
