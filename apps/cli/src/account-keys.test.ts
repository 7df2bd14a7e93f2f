import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import {
  checkInvitation,
  encodeEnrolmentRequest,
  enrolmentChallenge,
  fingerprintOf,
  fingerprintText,
  parseInvitation,
} from '@oppidum/formats/enrolment';
import type { AccountDetailJson, CityJson } from '@oppidum/gateway/api-types';
import { CityProcess } from '../../../test/support/city-process.ts';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { freshBytes } from '../../../test/support/running-city.ts';

type Invited = {
  readonly code: string;
  readonly account: string;
  readonly keyNumber: number;
  readonly class: string;
  readonly fingerprint: string;
  readonly proposal: { readonly isDecided: boolean } | null;
  readonly invitation: string;
  readonly link: string;
};

describe('keys that their holders made elsewhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-account-keys-'));
  const data = join(folder, 'city');
  let city: CityProcess;
  let genesis: Uint8Array;
  let operator: string;

  const run = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand([...args, '--api', city.http, '--data', data], { cwd: folder });
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${city.http}${path}`)).json()) as T;
  const accountOf = (id: string): Promise<AccountDetailJson> => get<AccountDetailJson>(`/api/v1/accounts/${id}`);
  const refused = async (exitCode: number, code: string | null, ...args: readonly string[]): Promise<string> => {
    const { code: found, stderr, stdout } = await run(...args, '--json');
    assert.equal(stdout, '');
    const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string | null; message: string } };
    assert.deepEqual([found, error.code], [exitCode, code], stderr);
    return error.message;
  };

  /** Somebody with a fresh key, who asks; `changes` after signing. */
  const ask = (changes: object = {}, keyClass: 'everyday' | 'full' = 'everyday', to = genesis, seed = freshBytes(32)) => {
    const signer = ed25519Signer(seed);
    const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
    const plain = { city: to, key, class: keyClass, madeMs: Date.now() };
    const text = encodeEnrolmentRequest({ ...plain, proof: signer.sign(enrolmentChallenge(plain)), ...changes });
    const fingerprint = fingerprintText(fingerprintOf(crypto, key));
    return { key, text, fingerprint };
  };

  before(async () => {
    city = await CityProcess.start(data);
    genesis = parseHex((await get<CityJson>('/api/v1/city')).genesis);
    operator = (JSON.parse(readFileSync(join(data, 'keys/accounts.json'), 'utf8')) as { operator: string }).operator;
  });

  after(async () => {
    await city?.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  test('nobody is invited whose fingerprint nobody compared, whose request is not theirs, or not for here', async () => {
    const { text, fingerprint } = ask();
    const [elsewhere, stolen] = [ask({}, 'everyday', freshBytes(32)), ask({ key: ask().key })];
    const [raised, full] = [ask({ class: 'full' }), ask({}, 'full')];
    const none = await refused(2, null, 'account', 'invite', text, '--yes');
    assert.match(none, /--fingerprint/, 'a yes is no comparison');
    const invite = (exitCode: number, code: string | null, request: string, told: string, ...more: readonly string[]) =>
      refused(exitCode, code, 'account', 'invite', request, '--fingerprint', told, ...more);
    await Promise.all([
      invite(3, 'FINGERPRINT_MISMATCH', text, ask().fingerprint),
      invite(3, 'FINGERPRINT_MISMATCH', text, fingerprint.slice(0, 39)),
      invite(1, 'WRONG_CITY', elsewhere.text, elsewhere.fingerprint),
      invite(3, 'SIGNATURE_INVALID', stolen.text, stolen.fingerprint),
      invite(3, 'SIGNATURE_INVALID', raised.text, raised.fingerprint, '--class', 'full'),
      invite(2, null, full.text, full.fingerprint),
      invite(2, null, text, fingerprint, '--name', 'Dora'),
      invite(3, 'TEXT_INVALID', join(data, 'city.policy'), fingerprint),
    ]);
    const shown = await run('account', 'invite', text, '--dry-run');
    assert.equal(shown.code, 0, shown.stderr);
    assert.ok(shown.stderr.includes(fingerprint) && shown.stdout.includes('account/create'));
    assert.equal((await get<{ readonly items: readonly unknown[] }>('/api/v1/accounts')).items.length, 2, 'nothing happened');
  });

  test('an invitation names the key it was asked for; its account has that key, everyday, and the roles the council gave', async () => {
    const seedFile = join(folder, 'person.seed');
    const { key, text, fingerprint } = ask({}, 'everyday', genesis, await readOrMakeSeed(seedFile));
    const file = join(folder, 'request.txt');
    // As letters bring it: broken into lines.
    writeFileSync(file, `${text.replaceAll(/(.{60})/g, '$1\n')}\n`);
    const invited = await run(
      'account',
      'invite',
      file,
      '--fingerprint',
      fingerprint.toUpperCase(),
      '--role',
      'operator',
      '--json',
    );
    assert.equal(invited.code, 0, invited.stderr);
    const answer = JSON.parse(invited.stdout) as Invited;
    assert.equal(answer.proposal?.isDecided, true, 'the council has one member');
    const invitation = parseInvitation(answer.invitation);
    assert.equal(checkInvitation(crypto, invitation, { city: genesis, key }), null);
    assert.equal(answer.link, `${city.http}/#/keys/${answer.invitation}`);
    assert.equal(toHex(invitation.account), answer.account);
    const account = await accountOf(answer.account);
    assert.deepEqual([account.holder, account.name], ['person', null]);
    assert.deepEqual(
      account.keys.map((each) => [each.number, each.class, each.publicKey]),
      [[0, 'everyday', Buffer.from(key.publicKey).toString('base64')]],
    );
    assert.deepEqual(
      account.roles.map(({ role }) => role),
      ['operator'],
    );

    const listed = (await run('account', 'list', '--limit', '100')).stdout
      .split('\n')
      .filter((line) => line.endsWith('unless told otherwise'));
    assert.deepEqual(
      listed.map((line) => line.slice(0, 64)),
      [operator],
      'the operator of this folder is marked, and nobody else',
    );
    const shown = await run('account', 'show', answer.account);
    assert.ok(shown.stdout.includes(`0: ${fingerprint}`), shown.stdout);

    // It may not change keys, nor decide.
    const byIt = ['--key', seedFile, '--account', answer.account, '--yes'];
    await refused(4, 'KEY_CLASS_TOO_LOW', 'account', 'retire-key', answer.account, '0', ...byIt);
    await refused(4, 'NOT_AUTHORIZED', 'account', 'retire-key', operator, '0', ...byIt);

    // Lost: the registrar retires it, once.
    assert.match(await refused(2, null, 'account', 'retire-key', answer.account, '0'), /confirmation/);
    await refused(3, 'KEY_UNKNOWN', 'account', 'retire-key', answer.account, '1', '--yes');
    const retired = await run('account', 'retire-key', answer.account, '0', '--yes');
    assert.equal(retired.code, 0, retired.stderr);
    assert.ok(retired.stderr.includes(fingerprint));
    assert.notEqual((await accountOf(answer.account)).keys[0]?.to, null);
    await refused(3, 'KEY_REVOKED', 'account', 'retire-key', answer.account, '0', '--yes');
    await refused(3, 'KEY_REVOKED', 'account', 'retire-key', operator, '0', ...byIt);
  });

  test('the holder of an account adds a key to it, by a full key', async () => {
    const { text, fingerprint, key } = ask();
    await refused(2, null, 'account', 'add-key', text, '--fingerprint', fingerprint);
    const by = ['--account', operator, '--key', join(data, 'keys/operator.seed')];
    const added = await run('account', 'add-key', text, '--fingerprint', fingerprint, ...by, '--json');
    assert.equal(added.code, 0, added.stderr);
    const { invitation, keyNumber } = JSON.parse(added.stdout) as Invited;
    assert.equal(keyNumber, 1);
    assert.equal(checkInvitation(crypto, parseInvitation(invitation), { city: genesis, key }), null);
    assert.deepEqual(
      (await accountOf(operator)).keys.map((each) => each.class),
      ['full', 'everyday'],
    );
    await refused(1, 'KEY_IN_USE', 'account', 'add-key', text, '--fingerprint', fingerprint, ...by);
  });
});
