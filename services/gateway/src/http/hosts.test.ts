import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkHost, ownHosts } from './hosts.ts';

describe('hosts', () => {
  const own = ownHosts('127.0.0.1', ['City.Example']);

  for (const host of ['127.0.0.1:8420', '127.0.0.1', 'localhost:8420', 'LOCALHOST', '[::1]:8420', 'city.example:443']) {
    test(`answers to ${host}`, () => {
      assert.equal(checkHost(own, { host }), null);
      assert.equal(checkHost(own, { host, origin: `http://${host.toLowerCase()}` }), null, 'and to its own pages');
    });
  }

  const foreign = [
    '',
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.',
    'localhost:8420:1',
    '127.1',
    '[::ffff:7f00:1]',
    'a b',
  ];
  for (const host of foreign) {
    test(`not to ${host === '' ? 'no host' : host}`, () => assert.equal(checkHost(own, { host })?.code, 'HOST_FOREIGN'));
  }

  for (const origin of ['http://evil.example', 'null', '', 'http://localhost:8421', 'http://127.0.0.1:8420', 'file://']) {
    test(`not to pages of ${origin === '' ? 'an empty origin' : origin}`, () => {
      assert.deepEqual(checkHost(own, { host: 'localhost:8420', origin }), {
        code: 'HOST_FOREIGN',
        details: { header: 'origin' },
      });
    });
  }

  test('a service for everybody still answers only to names it was given', () => {
    const open = ownHosts('0.0.0.0', []);
    assert.equal(checkHost(open, { host: 'localhost' }), null);
    assert.equal(checkHost(open, { host: '192.0.2.7' })?.code, 'HOST_FOREIGN');
    assert.equal(checkHost(ownHosts('192.0.2.7', []), { host: '192.0.2.7:8420' }), null);
    assert.equal(checkHost(ownHosts('2001:db8::7', []), { host: '[2001:db8::7]:8420' }), null);
  });
});
