import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { encodePolicy } from '@oppidum/formats/policy';
import { parseVerifierKey } from '@oppidum/formats/verifier-key';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { TileLog } from './tile-log.ts';
import { WitnessClient } from './witness-client.ts';

const main = fileURLToPath(new URL('./witness-main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oppidum-witness-main-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const origin = 'log.oppidum.example';
const logKey = namedSigner('log');
const policy = join(folder, 'logs.policy');
const logs = [{ key: { name: origin, algorithm: 'log', publicKey: logKey.publicKey }, url: null }] as const;
writeFileSync(policy, encodePolicy(crypto, { logs, witnesses: [], groups: [], quorum: null }));
const data = join(folder, 'data');

type Outcome = { readonly code: number | null; readonly output: string; readonly errors: string };

function run(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  after(() => child.kill('SIGKILL'));
  let [output, errors] = ['', ''];
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const ended = new Promise<Outcome>((resolve) => child.on('close', (code) => resolve({ code, output, errors })));
  /** The verifier key and the address, once both are said. */
  const ready = new Promise<{ vkey: string; url: string }>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      const [vkey, address] = output.split('\n');
      if (vkey !== undefined && address?.startsWith('listening on ') === true && output.endsWith('\n'))
        resolve({ vkey, url: `http://${address.slice('listening on '.length)}` });
    });
    child.on('close', () => reject(new Error(errors)));
  });
  ready.catch(() => undefined);
  return { child, ended, ready };
}

const usual = ['--policy', policy, '--data', data, '--listen', '127.0.0.1:0'];

test('a witness by its command line: it says its key, cosigns, ends when asked and remembers', async () => {
  const log = TileLog.open({ folder: join(folder, 'log'), crypto });
  log.append(Array.from({ length: 9 }, (_, i) => encodeUtf8(`entry ${i}`)));
  const signed = (size: number): Uint8Array => signCheckpoint(crypto, logKey, { origin, size, root: log.root(size) });

  const first = run(usual);
  const { vkey, url } = await first.ready;
  const key = parseVerifierKey(crypto, vkey);
  assert.ok('line' in (await new WitnessClient({ url, key, crypto }).cosign(signed(5), log)));
  assert.equal(statSync(join(data, 'witness.seed')).mode & 0o777, 0o600);
  const second = await run(usual).ended;
  assert.deepEqual([second.code, second.output], [5, '']);
  assert.match(second.errors, /^oppidum: Another process uses this data folder/);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 0);
  assert.ok(!existsSync(join(data, 'lock')));

  const again = run(usual);
  const restarted = await again.ready;
  assert.equal(restarted.vkey, vkey);
  const client = new WitnessClient({ url: restarted.url, key, crypto });
  const behind = await client.cosign(signed(4), log);
  assert.equal('code' in behind && behind.code, 'WITNESS_REFUSED');
  assert.ok('line' in (await client.cosign(signed(9), log)));
  again.child.kill('SIGINT');
  assert.equal((await again.ended).code, 0);

  const named = run([...usual, '--name', 'witness.example/w1']);
  assert.match((await named.ready).vkey, /^witness\.example\/w1\+/);
  named.child.kill('SIGTERM');
  await named.ended;
});

test('wrong use is 2, what cannot be started has the exit code of the catalogue, both with one clear line', async () => {
  const broken = join(folder, 'broken.policy');
  writeFileSync(broken, 'quorum nobody\n');
  const table: readonly [readonly string[], number, RegExp][] = [
    [[], 2, /^--policy and --data are needed\noppidum witness/],
    [['--policy', policy], 2, /^--policy and --data/],
    [[...usual, '--listen', '80'], 2, /^--listen is HOST:PORT/],
    [[...usual, '--listen', '127.0.0.1:70000'], 2, /^--listen/],
    [[...usual, '--name', 'a b'], 2, /^--name/],
    [[...usual, '--sign-anything'], 2, /sign-anything/],
    [['--policy', broken, '--data', join(folder, 'other')], 3, /^oppidum: The policy has no such name/],
    [['--policy', join(folder, 'none'), '--data', join(folder, 'other')], 1, /ENOENT/],
  ];
  for (const [args, code, errors] of table) {
    const outcome = await run(args).ended;
    assert.equal(outcome.code, code, args.join(' '));
    assert.match(outcome.errors, errors);
    assert.equal(outcome.output, '');
  }
  assert.ok(!existsSync(join(folder, 'other/witness.seed')), 'no key is made for a witness that cannot start');
});
