import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCoseSign1Suite } from '@oppidum/cli/conformance/cose-sign1';
import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import { sign1ToBeSigned, signSign1 } from '@oppidum/formats/cose';
import { inFolder } from '../support/folder.ts';
import { sharedPath, skipReason } from '../support/shared.ts';
import { namedSigner } from '../support/signers.ts';

test('cose-wg/Examples: COSE_Sign1 messages', { skip: skipReason() }, async () => {
  for (const below of ['data/cose', 'data/cose/sign1-tests']) {
    const result = await runCoseSign1Suite(sharedPath(below));
    assert.deepEqual(result.failures, []);
    assert.equal(result.passed, 4);
    assert.ok(result.skips.every(({ reason }) => reason === 'not a JSON file'));
  }
});

const signer = namedSigner('cose example');
const plaintext = 'This is the content.';
const toBeSigned = sign1ToBeSigned(encodeCbor(new Map([[1, -8]])), new Uint8Array(0), encodeUtf8(plaintext));
const output = toHex(signSign1(signer, { payload: encodeUtf8(plaintext) }));
const key = { kty: 'OKP', kid: '11', crv: 'Ed25519', x_hex: toHex(signer.publicKey).toUpperCase() };

type Example = { title: string; fail?: boolean; input: Record<string, unknown>; intermediates?: object; output: object };

function example(
  title: string,
  cbor: string,
  changes: { sign0?: object; input?: object; fail?: true; signed?: string } = {},
): Example {
  return {
    title,
    ...(changes.fail === true ? { fail: true } : {}),
    input: { plaintext, sign0: { key, protected: { alg: 'EdDSA' }, alg: 'EdDSA', ...changes.sign0 }, ...changes.input },
    intermediates: { ToBeSign_hex: changes.signed ?? toHex(toBeSigned) },
    output: { cbor: cbor.toUpperCase() },
  };
}

async function runOver(examples: readonly Example[]) {
  const files = examples.map((content, i) => [`folder/${String(i).padStart(2, '0')}.json`, JSON.stringify(content)] as const);
  return await inFolder(Object.fromEntries(files), runCoseSign1Suite);
}

test('other spellings of a good message pass', async () => {
  const external = Uint8Array.of(0x11, 0xaa);
  const withExternal = signSign1(signer, { payload: encodeUtf8(plaintext), externalAad: external });
  const detached = signSign1(signer, { payload: encodeUtf8(plaintext), detached: true });
  const unprotected = signer.sign(sign1ToBeSigned(new Uint8Array(0), new Uint8Array(0), encodeUtf8(plaintext)));
  const content = `54${toHex(encodeUtf8(plaintext))}`;
  const signed = toHex(sign1ToBeSigned(new Uint8Array(0), new Uint8Array(0), encodeUtf8(plaintext)));
  const result = await runOver([
    example('as it is', output),
    example('without a tag', output.slice(2)),
    example('key in base64url', output, {
      sign0: { key: { crv: 'Ed25519', x: `${Buffer.from(signer.publicKey).toString('base64url')}=` } },
    }),
    example('external data', toHex(withExternal), {
      sign0: { external: '11AA' },
      signed: toHex(sign1ToBeSigned(encodeCbor(new Map([[1, -8]])), external, encodeUtf8(plaintext))),
    }),
    example('detached', toHex(detached)),
    example('payload in hex', output, { input: { plaintext: undefined, plaintext_hex: toHex(encodeUtf8(plaintext)) } }),
    example('empty protected map', `d28441a0a10127${content}5840${toHex(unprotected)}`, { signed }),
    example('empty protected string', `d28440a10127${content}5840${toHex(unprotected)}`, { signed }),
    example('long lengths', `d2845803a10127a0${content}5840${output.slice(-128)}`),
    example('indefinite length', `d29f43a10127a0${content}5840${output.slice(-128)}ff`),
  ]);
  assert.deepEqual([result.passed, result.failures, result.skips], [10, [], []]);
});

test('whatever is changed passes as a failing example and fails as a good one', async () => {
  const changed: Readonly<Record<string, string>> = {
    'another tag': `d9${'03e6'}${output.slice(2)}`,
    'another signature': `${output.slice(0, -2)}${output.endsWith('00') ? '01' : '00'}`,
    'another content': output.replace('636f6e74656e742e', '636f6e74656e742f'),
    'another algorithm': output.replace('43a10127', '43a10126'),
    'another protected label': output.replace('43a10127', '45a201270300'),
    'no protected label': output.replace('43a10127', '40'),
    'a critical label nobody knows': output.replace('43a10127', '4ca3012702811904d11904d100'),
    'a label in both headers': output.replace('43a10127a0', '43a10127a10127'),
    'cut short': output.slice(0, -2),
    'more after it': `${output}00`,
  };
  const cases = Object.entries(changed);
  for (const [name, cbor] of cases) assert.notEqual(cbor, output, name);
  const failing = await runOver(cases.map(([name, cbor]) => example(name, cbor, { fail: true })));
  assert.deepEqual([failing.passed, failing.failures], [cases.length, []]);
  const passing = await runOver(cases.map(([name, cbor]) => example(name, cbor)));
  assert.equal(passing.failed, cases.length);
});

test('failures and skips say why', async () => {
  const es512 = { key: { ...key, crv: 'P-521' }, alg: 'ES512' };
  const result = await runOver([
    example('good', output, { fail: true }),
    example('signed bytes', output, { signed: '00' }),
    example('payload', output, { input: { plaintext: 'another' } }),
    example('short key', output, { sign0: { key: { crv: 'Ed25519' } } }),
    { ...example('no output', output), output: {} },
    example('P-521', output, { sign0: es512 }),
    { title: 'COSE_Sign', input: { sign: {} }, output: {} },
  ]);
  assert.deepEqual(
    result.failures.map(({ reason }) => reason),
    [
      'a false signature was accepted by native, node, noble, page',
      'the bytes to be signed differ',
      'the payload differs',
      'unreadable: KEY_INVALID',
      'output.cbor is missing',
    ],
  );
  assert.deepEqual(
    result.skips.map(({ name, reason }) => [name, reason]),
    [
      ['P-521', 'not verified here: ES512, P-521'],
      ['COSE_Sign', 'not a COSE_Sign1 example'],
    ],
  );
});
