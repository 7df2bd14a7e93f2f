/**
 * Signing apart by the command line: two signers of one transaction on two machines, and a signer who knows the policy of two changes ago.
 * Each machine is a folder that holds what was carried there.
 */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Bytes, compareBytes, toHex } from '@oppidum/formats/bytes';
import { encodeSigningRequest } from '@oppidum/formats/signing-request';
import { type Action, encodePayload } from '@oppidum/formats/transaction';
import { lockKey } from '@oppidum/signing/locked-key';
import { type CommandResult, runCommand } from '../support/command-line.ts';
import { action, type Council, type CouncilMember, makeCouncil, PASSPHRASE, propose } from '../support/council-city.ts';
import { changePolicy } from '../support/policy-change.ts';
import { freshBytes } from '../support/running-city.ts';
import { openDoors, type RunningDoors } from '../support/running-gateway.ts';

describe('signing apart', () => {
  let doors: RunningDoors;
  let council: Council;
  let folder: string;
  let first: Bytes;
  let successors: readonly Bytes[];

  before(async () => {
    doors = await openDoors();
    const data = doors.city.folder.paths.folder;
    folder = join(data, '..', 'carried');
    mkdirSync(folder);
    first = doors.city.client.policyFile();
    await changePolicy(doors.city, 2);
    await changePolicy(doors.city, 3);
    council = await makeCouncil({ http: doors.gateway.http }, data, folder);
    write('passphrase', `${PASSPHRASE}\n`);
    const { items } = JSON.parse(Buffer.from(await bytesOf('/api/v1/policies')).toString()) as {
      readonly items: readonly { readonly height: number }[];
    };
    successors = await Promise.all(items.map(({ height }) => bytesOf(`/api/v1/policies/${height}`)));
    assert.equal(successors.length, 2);
  });

  after(() => doors?.close());

  const write = (name: string, content: Bytes | string): string => {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const bytesOf = async (path: string): Promise<Bytes> => {
    for (;;) {
      const answer = await fetch(`${doors.gateway.http}${path}`);
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
      // Until a checkpoint covers it.
      assert.equal(((await answer.json()) as { readonly code: string }).code, 'NOT_ANCHORED');
      await new Promise((wait) => setTimeout(wait, 50));
    }
  };

  type Parts = { readonly records?: readonly Bytes[]; readonly successors?: readonly Bytes[] };
  const request = (name: string, members: readonly CouncilMember[], actions: readonly Action[], parts: Parts = {}): string => {
    const sorted = [...members].sort((a, b) => compareBytes(a.account, b.account));
    const signers = sorted.map(({ account }) => account);
    const validUntil = Date.now() + 500_000;
    const payload = encodePayload({ city: council.genesis, validUntil, nonce: freshBytes(16), signers, actions: [...actions] });
    const keys = sorted.map(({ account, keyNumber, signer: { algorithm, publicKey } }) => ({
      ...{ account, keyNumber, key: { algorithm, publicKey } },
    }));
    const { records = [], successors: changes = [] } = parts;
    return write(name, encodeSigningRequest({ payload, keys, successors: [...changes], records: [...records] }));
  };

  const sign = (file: string, keyFile: string, out: string): Promise<CommandResult> =>
    runCommand([
      ...['transaction', 'sign', file, '--key', keyFile, '--passphrase-file', join(folder, 'passphrase')],
      ...['--out', join(folder, out), '--yes', '-v'],
    ]);
  const submit = (...answers: readonly string[]): Promise<CommandResult> =>
    runCommand([
      ...['transaction', 'submit', ...answers.map((answer) => join(folder, answer))],
      ...['--api', doors.gateway.http, '--json', '-v'],
    ]);

  test('two signers on two machines: one is not enough, both in any order are, and only of one request', async () => {
    const [operator, ben] = council.members;
    const admit = (name: string): Action => action('manufacturer/create', { id: freshBytes(32), name, account: ben.account });
    const asked = request('both.request', [operator, ben], [admit('Both signed')]);
    const other = request('other.request', [operator, ben], [admit('Another')]);
    for (const [file, { keyFile }, out] of [
      [asked, operator, 'operator.answer'],
      [asked, ben, 'ben.answer'],
      [other, ben, 'other.answer'],
    ] as const) {
      const { code, stderr, stdout } = await sign(file, keyFile, out);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /Admit the manufacturer/);
      assert.match(stderr, /1 more must sign the same request/);
    }
    const alone = await submit('operator.answer');
    assert.notEqual(alone.code, 0);
    assert.match(alone.stderr, /"code":"SIGNATURE_MISSING"/);
    const mixed = await submit('operator.answer', 'other.answer');
    assert.notEqual(mixed.code, 0);
    assert.match(mixed.stderr, /"code":"ANSWER_OTHER"/);
    const both = await submit('ben.answer', 'operator.answer');
    assert.equal(both.code, 0, both.stderr);
    const again = await submit('operator.answer', 'ben.answer');
    assert.equal(again.code, 0, again.stderr);
    const ids = [both, again].map(({ stdout }) => (JSON.parse(stdout) as { readonly id: string }).id);
    assert.equal(ids[0], ids[1], 'a retry gets the first answer');
    const { signers } = JSON.parse(Buffer.from(await bytesOf(`/api/v1/transactions/${ids[0]}`)).toString()) as {
      readonly signers: readonly string[];
    };
    assert.deepEqual(signers, [operator.id, ben.id].sort());
  });

  test('who pinned the policy of two changes ago signs what its successors prove, and nothing else', async () => {
    const [operator, ben, clara] = council.members;
    const proposal = freshBytes(32);
    const grant = action('role/grant', { account: clara.account, role: 'registrar' });
    assert.equal(await council.act([propose(council.body, [grant], proposal)], operator), 'OK');
    const evidence = await bytesOf(`/api/v1/evidence/state?kind=proposal&segments=${toHex(proposal)}`);
    const keyFile = write('old.key', await lockKey({ seed: ben.seed, account: ben.account, policy: first }, PASSPHRASE, 17));
    const approve = [action('proposal/approve', { id: proposal })];
    const [one, two] = successors as [Bytes, Bytes];
    const forged = two.with(two.length >> 1, (two[two.length >> 1] as number) ^ 1);
    for (const [why, changes] of [
      ['no successor', []],
      ['the first alone', [one]],
      ['the last alone', [two]],
      ['in the wrong order', [two, one]],
      ['a forged one', [one, forged]],
    ] as const) {
      const file = request('unproven.request', [ben], approve, { records: [evidence], successors: changes });
      const refused = await sign(file, keyFile, 'never.answer');
      assert.notEqual(refused.code, 0, why);
      assert.match(refused.stderr, /code PROPOSAL_UNPROVEN/, why);
      assert.throws(() => readFileSync(join(folder, 'never.answer')), { code: 'ENOENT' }, why);
    }
    const file = request('proven.request', [ben], approve, { records: [evidence], successors });
    const signed = await sign(file, keyFile, 'approval.answer');
    assert.equal(signed.code, 0, signed.stderr);
    assert.match(signed.stdout, /The proposal holds:\s+Give the role registrar/);
    const submitted = await submit('approval.answer');
    assert.equal(submitted.code, 0, submitted.stderr);
    assert.match(submitted.stdout, /role\/granted/);
  });
});
