import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import fc from 'fast-check';
import {
  actionOf,
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  freshBytes,
  inTemporaryFolder,
  type RunningCity,
  runCity,
} from '../../../test/support/running-city.ts';
import { Application } from './application.ts';
import type { CommittedBlock, SubmitAnswer } from './client.ts';
import { openDataFolder } from './data-folder.ts';
import { NodeStore } from './node-store.ts';
import type { CityOptions } from './open-city.ts';

const withCity = (use: (city: RunningCity, path: string) => Promise<void>, options: Partial<CityOptions> = {}): Promise<void> =>
  inTemporaryFolder(async (path) => {
    const city = await runCity(await foundTestCity(path), options);
    await use(city, path);
    await city.stop();
  });

const codeOf = (answer: SubmitAnswer): string => ('executed' in answer ? answer.executed.code : answer.refused.code);

describe('embedded engine', () => {
  test('one envelope sent many times at once is one transaction with one answer', () =>
    withCity(async ({ client, operator }) => {
      const envelope = envelopeOf(client, operator, [freshAccount().action]);
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.submit(envelope)));
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.equal(client.head().logSize, 3);
      assert.deepEqual(await client.submit(envelope), answers[0]);
    }));

  test('what cannot be admitted is refused with its code and leaves no trace', () =>
    withCity(async ({ client, operator, telemetry }) => {
      const good = envelopeOf(client, operator, [freshAccount().action]);
      const stranger = { ...operator, signer: telemetry.signer };
      const table: readonly (readonly [string, Bytes])[] = [
        ['TRUNCATED', good.slice(0, -1)],
        ['TRAILING_BYTES', Uint8Array.of(...good, 0)],
        ['SIGNATURE_INVALID', good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1)],
        ['SIGNATURE_INVALID', envelopeOf(client, stranger, [freshAccount().action])],
        ['EXPIRED', envelopeOf(client, operator, [freshAccount().action], 1)],
        ['NOT_YET_VALID', envelopeOf(client, operator, [freshAccount().action], Date.now() + 700_000)],
        ['ACTION_UNKNOWN', envelopeOf(client, operator, [{ kind: 'no/such', body: new Map() }])],
        ['ACCOUNT_UNKNOWN', envelopeOf(client, freshAccount().signer, [freshAccount().action])],
      ];
      for (const [code, envelope] of table) assert.equal(codeOf(await client.submit(envelope)), code);
      assert.equal(client.head().height, 0);
      // The envelope with the broken signature had the same id: it must not stand in the way.
      assert.equal(codeOf(await client.submit(good)), 'OK');
    }));

  test('the sender may reuse its buffer at once', () =>
    withCity(async ({ client, operator }) => {
      const envelope = envelopeOf(client, operator, [freshAccount().action]);
      const sent = client.submit(envelope);
      envelope.fill(0);
      assert.equal(codeOf(await sent), 'OK');
    }));

  test('one block carries what succeeds and what the contract refuses, each with its leaf', () =>
    withCity(async ({ client, operator, telemetry }) => {
      const answers = await Promise.all([
        client.submit(envelopeOf(client, operator, [freshAccount().action])),
        client.submit(envelopeOf(client, telemetry, [freshAccount().action])),
      ]);
      assert.deepEqual(answers.map(codeOf), ['OK', 'NOT_AUTHORIZED']);
      assert.equal(client.head().height, 1, 'both in one block');
      assert.equal(client.head().logSize, 4);
    }));

  test('too many at once are told so, and nothing that waits is lost', () =>
    withCity(
      async ({ client, operator }) => {
        const envelopes = Array.from({ length: 9 }, () => envelopeOf(client, operator, [freshAccount().action]));
        const settled = await Promise.allSettled(envelopes.map((envelope) => client.submit(envelope)));
        const overloaded = settled.filter((each) => each.status === 'rejected').map(({ reason }) => reason.code);
        assert.deepEqual(
          overloaded,
          Array.from({ length: 4 }, () => 'OVERLOADED'),
        );
        for (const envelope of envelopes) assert.equal((await execute(client, envelope)).code, 'OK');
      },
      { waitingCountMax: 5 },
    ));

  test('time never stands still and never goes back, whatever the clock says', () => {
    const times = [5, 5, 4, 1_000, 3];
    const nowMs = 1_800_000_000_000;
    return inTemporaryFolder(async (path) => {
      const clock = (): number => nowMs + (times.shift() ?? 0);
      const { client, operator, stop } = await runCity(await foundTestCity(path, nowMs), { clock });
      const blocks: CommittedBlock[] = [];
      client.onBlock((block) => blocks.push(block));
      for (let i = 0; i < 12; i++) await execute(client, envelopeOf(client, operator, [freshAccount().action]));
      for (const [i, { timeMs }] of blocks.entries()) assert.ok(timeMs > (blocks[i - 1]?.timeMs ?? nowMs));
      await stop();
    });
  });

  test('a node that stops refuses whoever waits, and says that it is not alive', () =>
    inTemporaryFolder(async (path) => {
      const { client, operator, stop } = await runCity(await foundTestCity(path));
      const waiting = client.submit(envelopeOf(client, operator, [freshAccount().action]));
      const refused = assert.rejects(waiting, { code: 'OVERLOADED' });
      await stop();
      await refused;
      assert.equal(client.isAlive(), false);
      await assert.rejects(client.submit(new Uint8Array(1)), { code: 'OVERLOADED' });
    }));

  test('a fault ends the node once and for all: nobody is answered on its word', () =>
    inTemporaryFolder(async (path) => {
      const failures: Error[] = [];
      const { client, operator, stop } = await runCity(await foundTestCity(path), { onFailure: (error) => failures.push(error) });
      client.onBlock(() => {
        throw new Error('a listener broke');
      });
      // Its block is durable, so its answer is true.
      await execute(client, envelopeOf(client, operator, [freshAccount().action]));
      await new Promise(setImmediate);
      assert.deepEqual(
        failures.map(({ message }) => message),
        ['a listener broke'],
      );
      assert.equal(client.isAlive(), false);
      await assert.rejects(client.submit(envelopeOf(client, operator, [freshAccount().action])), /a listener broke/);
      await stop();
    }));
});

describe('many signatures at once', () => {
  test('go to a worker, and each wrong one is refused by itself', () =>
    withCity(async ({ client, operator, telemetry }) => {
      const stranger = { ...operator, signer: telemetry.signer };
      const isWrong = (i: number): boolean => i % 7 === 3;
      const envelopes = Array.from({ length: 60 }, (_, i) =>
        envelopeOf(client, isWrong(i) ? stranger : operator, [freshAccount().action]),
      );
      const answers = await Promise.all(envelopes.map((envelope) => client.submit(envelope)));
      for (const [i, answer] of answers.entries()) assert.equal(codeOf(answer), isWrong(i) ? 'SIGNATURE_INVALID' : 'OK');
      assert.equal(client.head().logSize, 1 + 51 + 1);
    }));

  test('a wrong signature in one envelope does not harm another of the same id', () =>
    withCity(async ({ client, operator }) => {
      const good = envelopeOf(client, operator, [freshAccount().action]);
      const bad = good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1);
      const sent = [bad, good, bad, good, ...Array.from({ length: 9 }, () => bad)];
      const answers = (await Promise.all(sent.map((envelope) => client.submit(envelope)))).map(codeOf);
      assert.deepEqual(
        answers,
        sent.map((envelope) => (envelope === good ? 'OK' : 'SIGNATURE_INVALID')),
      );
    }));

  test('a key retired between check and block signs nothing in it', () =>
    withCity(async ({ client, operator }) => {
      const account = freshAccount();
      await execute(client, envelopeOf(client, operator, [account.action]));
      const second = ed25519Signer(freshBytes(32));
      const key = { algorithm: second.algorithm, publicKey: second.publicKey };
      await execute(
        client,
        envelopeOf(client, account.signer, [actionOf('account/add-key', { account: account.id, key, class: 'full' })]),
      );
      const bySecond = { account: account.id, keyNumber: 1, signer: second };
      const retire = envelopeOf(client, bySecond, [actionOf('account/retire-key', { account: account.id, keyNumber: 0 })]);
      const late = envelopeOf(client, account.signer, [actionOf('account/retire-key', { account: account.id, keyNumber: 1 })]);
      const answers = await Promise.all([client.submit(retire), client.submit(late)]);
      // One block: admission saw both keys in force; authority is asked of the running state.
      assert.deepEqual(answers.map(codeOf), ['OK', 'NOT_AUTHORIZED']);
      const refused = await client.submit(envelopeOf(client, account.signer, [freshAccount().action]));
      assert.equal(codeOf(refused), 'KEY_REVOKED');
    }));
});

describe('order of calls', () => {
  test('clean start, load and recovery are sentences of the grammar', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom('good', 'broken', 'again'), { minLength: 1, maxLength: 6 }), {
          minLength: 1,
          maxLength: 5,
        }),
        (loads) =>
          inTemporaryFolder(async (path) => {
            (await foundTestCity(path)).release();
            for (const load of loads) {
              const calls: RecordedCall[] = [];
              const folder = await openDataFolder({ folder: path, crypto });
              const { client, operator, stop } = await runCity(folder, { onCall: (call) => calls.push(call) });
              let envelope = envelopeOf(client, operator, [freshAccount().action]);
              const answers = load.map((kind) => {
                if (kind === 'good') envelope = envelopeOf(client, operator, [freshAccount().action]);
                return client.submit(kind === 'broken' ? envelope.slice(1) : envelope);
              });
              await Promise.all(answers);
              await stop();
              assert.equal(checkRecording(calls), null);
              assert.equal(
                calls.some(({ call }) => call === 'initChain'),
                load === loads[0],
              );
              assert.equal(calls.filter(({ call }) => call === 'commit').length, load.some((kind) => kind !== 'broken') ? 1 : 0);
            }
          }),
      ),
      { numRuns: 8 },
    ));

  test('an application that is called out of order stops', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path);
      const { genesis, genesisHash, paths } = folder;
      const store = NodeStore.open({ folder: paths.node, crypto, genesisHash });
      const application = new Application({ store, rules: { crypto, registry: cityRegistry, genesis: genesisHash }, genesis });
      assert.throws(() => application.commit(), /the engine called commit while started/);
      application.info();
      application.initChain();
      assert.throws(() => application.finalizeBlock({ height: 2, timeMs: Date.now(), transactions: [] }), /does not follow/);
      await store.close();
      folder.release();
    }));
});
