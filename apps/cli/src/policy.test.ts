import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodePolicy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { changePolicy } from '../../../test/support/policy-change.ts';
import { envelopeOf, execute, foundTestCity, freshAccount, freshBytes } from '../../../test/support/running-city.ts';
import { type RunningDoors, runDoors, withDoors } from '../../../test/support/running-gateway.ts';

type Files = Map<string, (file: Uint8Array) => Uint8Array>;

/** A policy of this city that nobody decided. */
function policyOfNobody(origin: string): Bytes {
  const [logKey, cosignerKey] = [freshBytes(32), freshBytes(32)].map((seed) => ed25519Signer(seed).publicKey) as [Bytes, Bytes];
  return encodePolicy(crypto, policyOfValidators(origin, [{ name: 'validator-9', logKey, cosignerKey }]));
}

/** Stands between: hands on what the city says, altered at some addresses. */
function standBetween(api: string, alter: Files): Promise<{ readonly api: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    void fetch(`${api}${request.url}`, { headers: { accept: String(request.headers.accept) } }).then(async (answer) => {
      const body = new Uint8Array(await answer.arrayBuffer());
      const change = [...alter].find(([path]) => request.url?.startsWith(path))?.[1];
      response.writeHead(answer.status).end(change === undefined ? body : change(body));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server });
    });
  });
}

describe('a policy that the city has replaced, twice, by the first version of the rules', () => {
  let root: string;
  let doors: RunningDoors;
  let policies: readonly [Bytes, Bytes, Bytes];
  let folder: string;
  let api: string;
  let followedAtOnce: CommandResult;
  let tooEarly: readonly CommandResult[];
  let notOurs: CommandResult;
  let refreshedAtOnce: CommandResult;
  const alterations: Files = new Map();
  let between: { readonly api: string; readonly server: Server };

  const run = (args: readonly string[], from = api): Promise<CommandResult> =>
    runCommand([...args, '--api', from], { cwd: folder });
  const verdictOf = async (args: readonly string[]): Promise<readonly [string, number | null]> => {
    const { code, stdout, stderr } = await run(['verify', ...args, '--json']);
    assert.notEqual(stdout, '', stderr);
    return [(JSON.parse(stdout) as { readonly verdict: string }).verdict, code];
  };
  const write = (name: string, file: Bytes): void => writeFileSync(join(folder, name), file);
  const read = (name: string): Bytes => new Uint8Array(readFileSync(join(folder, name)));

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'oppidum-policies-'));
    (await foundTestCity(join(root, 'city'), Date.now(), FIRST_VERSION)).release();
    doors = await runDoors(join(root, 'city'), false);
    api = doors.gateway.http;
    folder = join(root, 'user');
    mkdirSync(folder);
    const { client, operator } = doors.city;
    const first = client.policyFile();
    write('first.policy', first);
    const { id } = await execute(client, envelopeOf(client, operator, [freshAccount().action]));
    const made = await run(['evidence', toHex(id), '--policy', 'first.policy', '--out', 'old.evidence']);
    assert.equal(made.code, 0, made.stderr);
    const second = await changePolicy(doors.city, 2);
    const third = await changePolicy(doors.city, 3, async () => {
      await client.checkpointOf(client.head().logSize);
      followedAtOnce = await run(['policy', 'follow', '--policy', 'first.policy', '--out', 'early.policy']);
      tooEarly = await Promise.all([
        run(['policy', 'follow', '--policy', 'early.policy', '-v']),
        run(['upgrade', 'show', '--policy', 'early.policy', '-v']),
        run(['evidence', toHex(id), '--policy', 'early.policy', '--out', 'early.evidence', '-v']),
      ]);
      write('second.policy', second);
      write('another.policy', policyOfNobody(client.origin));
      notOurs = await run(['upgrade', 'show', '--policy', 'another.policy', '-v']);
      refreshedAtOnce = await run([
        'evidence',
        'refresh',
        'old.evidence',
        '--policy',
        'first.policy',
        '--out',
        'at-once.evidence',
      ]);
    });
    policies = [first, second, third];
    write('newest.policy', policies[2]);
    between = await standBetween(api, alterations);
  });
  after(async () => {
    between.server.close();
    await doors.close();
    rmSync(root, { recursive: true });
  });

  test('the changes are listed, the oldest first, in pages, and served as evidence', async () => {
    type Page = { readonly items: readonly { height: number; sha256: string; size: number }[]; readonly next: string | null };
    const get = async (path: string): Promise<Page> => (await (await fetch(`${api}${path}`)).json()) as Page;
    const { items, next } = await get('/api/v1/policies');
    assert.deepEqual([items.length, next], [2, null]);
    assert.ok(items[0]!.height < items[1]!.height);
    for (const { height, sha256, size } of items) {
      const answer = await fetch(`${api}/api/v1/policies/${height}`);
      assert.equal(answer.headers.get('content-type'), 'application/cbor');
      const file = new Uint8Array(await answer.arrayBuffer());
      assert.deepEqual([toHex(crypto.sha256(file)), file.length], [sha256, size]);
    }
    const page = await get('/api/v1/policies?limit=1');
    assert.deepEqual(page.items, items.slice(0, 1));
    const rest = await get(`/api/v1/policies?limit=1&cursor=${page.next}`);
    assert.deepEqual([rest.items, rest.next], [items.slice(1), null]);
    const refusals = [
      ['/api/v1/policies/1', 'SUCCESSOR_UNKNOWN'],
      ['/api/v1/policies/..%2Fgenesis', 'REQUEST_INVALID'],
      ['/api/v1/policies/007', 'REQUEST_INVALID'],
      ['/api/v1/policies?cursor=x', 'CURSOR_INVALID'],
    ] as const;
    for (const [path, code] of refusals)
      assert.equal(((await (await fetch(`${api}${path}`)).json()) as { code: string }).code, code, path);
  });

  test('old evidence verifies under the old policy, is stale under the newest, and is refreshed with the old policy alone', async () => {
    assert.deepEqual(await verdictOf(['old.evidence', '--policy', 'first.policy']), ['OK', 0]);
    assert.deepEqual(await verdictOf(['old.evidence', '--policy', 'newest.policy', '--former', 'first.policy']), [
      'POLICY_STALE',
      3,
    ]);
    const refreshed = await run(['evidence', 'refresh', 'old.evidence', '--policy', 'first.policy', '--out', 'new.evidence']);
    assert.equal(refreshed.code, 0, refreshed.stderr);
    assert.match(refreshed.stderr, new RegExp(toHex(crypto.sha256(policies[2]))));
    assert.deepEqual(await verdictOf(['new.evidence', '--policy', 'newest.policy']), ['OK', 0]);
  });

  test('is followed while nothing has happened since the change, and that is said', () => {
    assert.equal(followedAtOnce.code, 0, followedAtOnce.stderr);
    assert.match(
      followedAtOnce.stderr,
      /Nothing happened since that change: its validators cosign in a moment, or, by version 1 of the rules, with the next transaction\./,
    );
    assert.deepEqual(read('early.policy'), policies[2]);
  });

  test('whoever has the newest alone is told that nothing verifies under it yet, and of no forger', () => {
    for (const { code, stderr } of tooEarly) {
      assert.equal(code, 5, stderr);
      assert.match(
        stderr,
        /nothing happened since block \d+ put your policy into force.*Try again in a moment, or, by version 1 of the rules, after the next/,
      );
      assert.doesNotMatch(stderr, /do not trust/);
    }
    // A policy that the city does not name is no newer one.
    assert.equal(notOurs.code, 3);
    assert.match(notOurs.stderr, /QUORUM_MISSING.*otherwise do not trust this address/);
  });

  test('evidence is refreshed meanwhile under the policy whose validators cosigned last', async () => {
    assert.equal(refreshedAtOnce.code, 0, refreshedAtOnce.stderr);
    assert.match(refreshedAtOnce.stderr, new RegExp(toHex(crypto.sha256(policies[1]))));
    assert.deepEqual(await verdictOf(['at-once.evidence', '--policy', 'second.policy']), ['OK', 0]);
  });

  test('is followed to the newest from wherever one stands, and nobody is led back', async () => {
    for (const [i, file] of policies.entries()) {
      write('mine.policy', file);
      const { code, stdout, stderr } = await run(['policy', 'follow', '--policy', 'mine.policy', '--json']);
      assert.equal(code, 0, stderr);
      const { changes, newest } = JSON.parse(stdout) as {
        readonly changes: readonly { readonly sha256: string }[];
        readonly newest: { readonly sha256: string; readonly written: boolean };
      };
      assert.deepEqual(
        changes.map(({ sha256 }) => sha256),
        policies.slice(i + 1).map((policy) => toHex(crypto.sha256(policy))),
      );
      assert.deepEqual([newest.sha256, newest.written], [toHex(crypto.sha256(policies[2])), i < 2]);
      assert.deepEqual(read('mine.policy'), policies[2]);
    }
    // A city that hides the last change leads nowhere; what is newer than the walk is not replaced.
    alterations.set('/api/v1/policies?', (body) => {
      const { items } = JSON.parse(new TextDecoder().decode(body)) as { readonly items: readonly object[] };
      return new TextEncoder().encode(JSON.stringify({ items: items.slice(0, 1), next: null }));
    });
    const hidden = await run(['policy', 'follow', '--policy', 'first.policy', '--out', 'mine.policy', '-v'], between.api);
    assert.equal(hidden.code, 3, hidden.stderr);
    assert.match(hidden.stderr, /code EVIDENCE_REFUSED/);
    alterations.clear();
    write('other.policy', freshBytes(10));
    const replaced = await run(['policy', 'follow', '--policy', 'first.policy', '--out', 'other.policy']);
    assert.equal(replaced.code, 1);
    assert.match(replaced.stderr, /did not lead to the newest policy/);
    assert.equal(read('other.policy').length, 10);
  });

  test('a forged successor is refused wherever it is altered, and nothing is written', async () => {
    const { items } = (await (await fetch(`${api}/api/v1/policies`)).json()) as {
      readonly items: readonly { height: number; size: number }[];
    };
    const [{ height, size }] = items as [{ readonly height: number; readonly size: number }];
    write('mine.policy', policies[0]);
    for (const place of [0, 40, Math.floor(size / 2), size - 70, size - 1]) {
      alterations.set(`/api/v1/policies/${height}`, (body) => body.with(place, body[place]! ^ 1));
      const forged = await run(['policy', 'follow', '--policy', 'mine.policy', '-v'], between.api);
      assert.equal(forged.code, 3, `byte ${place}: ${forged.stderr}`);
      assert.match(forged.stderr, /code EVIDENCE_REFUSED/);
      assert.deepEqual(read('mine.policy'), policies[0]);
    }
    const refresh = ['evidence', 'refresh', 'old.evidence', '--policy', 'first.policy', '--out', 'forged.evidence'];
    assert.equal((await run(refresh, between.api)).code, 3);
    assert.throws(() => read('forged.evidence'), { code: 'ENOENT' });
    alterations.clear();
  });

  test('a policy is shown with what there is to compare', async () => {
    const { code, stdout } = await run(['policy', 'show', 'newest.policy', '--json']);
    assert.equal(code, 0);
    const shown = JSON.parse(stdout) as {
      sha256: string;
      origin: string;
      threshold: number;
      validators: { name: string }[];
      witnesses: object[];
    };
    assert.deepEqual(
      [shown.sha256, shown.origin, shown.threshold, shown.validators.map(({ name }) => name), shown.witnesses],
      [toHex(crypto.sha256(policies[2])), doors.city.client.origin, 1, ['validator-3'], []],
    );
    const words = await run(['policy', 'show', 'newest.policy']);
    assert.match(words.stdout, /1 of 1 validators must cosign/);
    assert.equal((await run(['policy', 'show', 'old.evidence'])).code, 3);
  });
});

test('by the newest rules whoever has the new policy alone verifies under it, though nothing has happened since the change', () =>
  withDoors(async ({ city, gateway }) => {
    const { client, folder } = city;
    const user = join(folder.paths.folder, '..', 'user');
    mkdirSync(user);
    writeFileSync(join(user, 'mine.policy'), client.policyFile());
    const run = (...args: readonly string[]): Promise<CommandResult> =>
      runCommand([...args, '--policy', 'mine.policy', '--api', gateway.http], { cwd: user });
    await changePolicy(city, 2, async () => {
      const from = client.read(at(policyEffectiveKind))?.from ?? assert.fail();
      while (client.head().height <= from) await new Promise(setImmediate);
      await client.checkpointOf(client.head().logSize);
      const followed = await run('policy', 'follow');
      assert.equal(followed.code, 0, followed.stderr);
      assert.doesNotMatch(followed.stderr, /Nothing happened since/);
      assert.deepEqual(new Uint8Array(readFileSync(join(user, 'mine.policy'))), client.policyFile());
      const shown = await run('upgrade', 'show');
      assert.equal(shown.code, 0, shown.stderr);
      assert.equal(client.head().height, from + 1);
    });
  }));
