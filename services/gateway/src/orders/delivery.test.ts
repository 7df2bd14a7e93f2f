import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { eventually } from '../../../../test/support/running-gateway.ts';
import { Deliverer, type DelivererOptions } from './deliverer.ts';
import { Delivery } from './delivery.ts';
import { TreeBook } from './tree-book.ts';

test('a look at the answers that fails does not end the delivery: the next round looks again', async () => {
  const [sent, troubles]: [string[], string[]] = [[], []];
  const looks = [
    () => Promise.reject(new Error('the database is locked')),
    () => Promise.resolve(new Set<string>()),
    () => Promise.resolve(new Set(['lamp'])),
  ];
  const delivery = new Delivery(
    { id: 'order', endsMs: 3_600_000, devices: ['lamp'], bytesFor: () => Uint8Array.of(1) },
    {
      send: (device) => sent.push(device) > 0,
      answered: () => (looks.shift() as (typeof looks)[number])(),
      clock: () => 0,
      onTrouble: ({ message }) => troubles.push(message),
    },
  );
  await delivery.run();
  assert.deepEqual([sent, troubles, looks.length], [['lamp', 'lamp', 'lamp'], ['the database is locked'], 0]);
});

test('what is issued is asked for again where a start could not read it', () =>
  inTemporaryFolder(async (folder) => {
    const [asked, told]: [string[], string[]] = [[], []];
    const deliverer = new Deliverer({
      ...{ crypto: nodeCrypto, folder, trees: new TreeBook({ crypto: nodeCrypto, folder }) },
      ...{ send: () => false, answered: async () => new Set<string>(), clock: () => 0, onSpent: () => undefined },
      node: { onBlock: () => () => undefined } as unknown as DelivererOptions['node'],
      logger: { error: (_: object, words: string) => told.push(words) } as unknown as DelivererOptions['logger'],
      issued: async () => {
        if (asked.push('once more') === 1) throw new Error('the database is locked');
        return [];
      },
    });
    deliverer.start();
    await eventually(
      async () => asked.length,
      (count) => count === 2,
    );
    assert.deepEqual(told, ['an order was not handed over']);
    deliverer.stop();
  }));
