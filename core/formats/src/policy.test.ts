import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedSigner } from '../../../test/support/signers.ts';
import { concatBytes, encodeUtf8, parseUtf8 } from './bytes.ts';
import { encodeCheckpoint, signCheckpoint } from './checkpoint.ts';
import {
  checkCityPolicy,
  checkCityPolicyFile,
  originOf,
  parseCityPolicy,
  policyOfValidators,
  validatorThreshold,
} from './city-policy.ts';
import { addSignatures, cosignCheckpoint } from './cosignature.ts';
import { LIMITS } from './limits.ts';
import { checkMinimalNote, minimizeNote } from './minimal-note.ts';
import { nobleCrypto as crypto } from './noble-crypto.ts';
import { octetsOfText, textOfOctets } from './octets.ts';
import { chooseCosigners, encodePolicy, evaluatePolicy, type Policy, parsePolicy, refusalOf } from './policy.ts';
import { parseSignedNote } from './signed-note.ts';

function readVectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../../vectors/policy/${file}`, import.meta.url), 'utf8'));
}

const parse = (text: string): Policy => parsePolicy(crypto, encodeUtf8(text));

for (const { why, text, canonical } of readVectors<{ why: string; text: string; canonical: string }[]>('good.json')) {
  test(`policy: ${why}`, () => {
    const policy = parse(text);
    assert.equal(parseUtf8(encodePolicy(crypto, policy)), canonical);
    assert.deepEqual(parse(canonical), policy);
  });
}

for (const { why, text, code } of readVectors<{ why: string; text: string; code: string }[]>('refused.json')) {
  test(`refuses a policy with ${code}: ${why}`, () => assert.throws(() => parse(text), { code }));
}

for (const { why, text, rule } of readVectors<{ why: string; text: string; rule: string | null }[]>('city.json')) {
  test(`city policy, ${rule === null ? 'accepted' : `needs ${rule}`}: ${why}`, () => {
    const policy = parse(text);
    const want = rule === null ? null : { code: 'POLICY_INVALID', details: { rule } };
    assert.deepEqual(checkCityPolicy(policy), want);
    assert.deepEqual(checkCityPolicyFile(crypto, encodeUtf8(text), policy), want);
    const other = encodeUtf8(`# a comment\n${text}`);
    assert.equal(checkCityPolicyFile(crypto, other, parsePolicy(crypto, other))?.code, 'NOT_CANONICAL');
  });
}

type Evaluation = { why: string; note: string; group: string | null; code: string | null; minimal?: boolean };
const { policy: policyText, evaluations } = readVectors<{ policy: string; evaluations: Evaluation[] }>('evaluations.json');
const policy = parse(policyText);

for (const { why, note: text, group, code, minimal } of evaluations) {
  test(`checkpoint ${code ?? 'believed'}: ${why}`, () => {
    const note = encodeUtf8(text);
    const report = evaluatePolicy(crypto, policy, note, group === null ? {} : { group });
    assert.equal(refusalOf(report)?.code ?? null, code);
    if (group !== null) return;
    const minimized = minimizeNote(crypto, policy, note);
    assert.equal('code' in minimized ? minimized.code : null, code);
    assert.equal(checkMinimalNote(crypto, policy, note)?.code ?? null, minimal === false ? 'NOT_CANONICAL' : code);
    if (!('code' in minimized)) assert.equal(checkMinimalNote(crypto, policy, minimized.note), null);
  });
}

test('every line of a minimal note is needed', () => {
  const minimized = minimizeNote(crypto, policy, encodeUtf8(evaluations[1]!.note));
  assert.ok('note' in minimized);
  const lines = parseUtf8(minimized.note).split('\n');
  const signatures = lines.filter((line) => line.startsWith('\u2014'));
  assert.equal(signatures.length, 6);
  for (const line of signatures) {
    const without = encodeUtf8(lines.filter((other) => other !== line).join('\n'));
    assert.notEqual(refusalOf(evaluatePolicy(crypto, policy, without)), null, line);
  }
});

test('a report says who signed and when they say it was', () => {
  const report = evaluatePolicy(crypto, policy, encodeUtf8(evaluations[3]!.note));
  assert.equal(originOf(policy), report.checkpoint.origin);
  assert.equal(report.logSignatures.length, 1);
  assert.equal(report.unknownCount, 1);
  assert.deepEqual(
    report.cosignatures.map(({ witness, timeS }) => [witness.name, timeS]),
    ['v0', 'v1', 'v2', 'x0', 'x2'].map((name) => [name, 1_790_000_000]),
  );
});

test('asking for a group that the policy has not', () => {
  assert.throws(() => evaluatePolicy(crypto, policy, encodeUtf8(evaluations[0]!.note), { group: 'nobody' }), {
    code: 'POLICY_NAME_UNKNOWN',
  });
});

test('more than two thirds of the validators', () => {
  assert.deepEqual([1, 3, 4, 5, 6, 7, 10, 15].map(validatorThreshold), [1, 3, 3, 4, 5, 5, 7, 11]);
  for (let n = 1; n <= 15; n++) assert.ok(3 * validatorThreshold(n) > 2 * n && 3 * (validatorThreshold(n) - 1) <= 2 * n);
});

test('names are opaque octets, also where they are no UTF-8', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), (octets) => assert.deepEqual(octetsOfText(textOfOctets(octets)), octets)),
  );
  const latin = concatBytes(
    encodeUtf8('group '),
    Uint8Array.of(0xe9),
    encodeUtf8(' all v0\nquorum '),
    Uint8Array.of(0xe9),
    encodeUtf8('\n'),
  );
  const head = encodeUtf8(policyText.replace(/^group .*\n|^quorum .*\n/gm, ''));
  const parsed = parsePolicy(crypto, concatBytes(head, latin));
  assert.deepEqual(parsePolicy(crypto, encodePolicy(crypto, parsed)), parsed);
  const comment = concatBytes(encodeUtf8('# '), Uint8Array.of(0xff, 0x80), encodeUtf8('\nquorum none\n'));
  assert.equal(parsePolicy(crypto, comment).quorum, null);
});

test('64 of a kind and not one more; the size of a file ends too', () => {
  const logs = (count: number): Policy => ({
    logs: Array.from({ length: count }, (_, i) => ({
      key: { name: `o${i}`, algorithm: 'log', publicKey: namedSigner(`many ${i}`).publicKey },
      url: null,
    })),
    witnesses: [],
    groups: [],
    quorum: null,
  });
  const most = logs(LIMITS.policyEntryCountMax);
  assert.deepEqual(parsePolicy(crypto, encodePolicy(crypto, most)), most);
  const more = encodePolicy(crypto, logs(LIMITS.policyEntryCountMax + 1));
  assert.throws(() => parsePolicy(crypto, more), { code: 'TOO_LARGE' });
  const long = (size: number) => encodeUtf8(`#${'x'.repeat(size - 'quorum none\n#\n'.length)}\nquorum none\n`);
  assert.equal(parsePolicy(crypto, long(LIMITS.policySizeMax)).quorum, null);
  assert.throws(() => parsePolicy(crypto, long(LIMITS.policySizeMax + 1)), { code: 'TOO_LARGE' });
});

test('the quorum of a validator set is met by exactly the sets of k and more', () => {
  const count = 4;
  const validators = Array.from({ length: count }, (_, i) => ({
    name: `v${i}`,
    logKey: namedSigner(`log ${i}`).publicKey,
    cosignerKey: namedSigner(`cosigner ${i}`).publicKey,
  }));
  const made = policyOfValidators('demo.example', validators);
  assert.equal(checkCityPolicy(made), null);
  const head = { origin: 'demo.example', size: 1, root: new Uint8Array(32) };
  const cosignatures = validators.map(({ name }, i) =>
    cosignCheckpoint(crypto, namedSigner(`cosigner ${i}`), name, encodeCheckpoint(head), 1),
  );
  const signed = signCheckpoint(crypto, namedSigner('log 2'), head);
  for (let subset = 0; subset < 2 ** count; subset++) {
    const chosen = cosignatures.filter((_, i) => (subset >> i) & 1);
    const refusal = refusalOf(evaluatePolicy(crypto, made, addSignatures(signed, chosen)));
    assert.equal(refusal?.code ?? null, chosen.length >= 3 ? null : 'QUORUM_MISSING');
  }
});

test('the cheapest choice of cosigners wins, ties by the order of the file', () => {
  const key = { name: 'n', algorithm: 'cosignature', publicKey: new Uint8Array(32) } as const;
  const witnesses = ['a', 'b', 'c', 'd'].map((name) => ({ name, key, url: null }));
  const groups = [
    { name: 'pair', threshold: 2, members: ['a', 'b'] },
    { name: 'top', threshold: 1, members: ['pair', 'c', 'd'] },
  ];
  const made: Policy = { logs: [], witnesses, groups, quorum: 'top' };
  assert.deepEqual(chooseCosigners(made, 'top', new Set(['a', 'b', 'c', 'd'])), ['c']);
  assert.deepEqual(chooseCosigners(made, 'top', new Set(['a', 'b'])), ['a', 'b']);
  assert.equal(chooseCosigners(made, 'top', new Set(['a'])), null);
  assert.throws(() => chooseCosigners(made, 'none', new Set()), { code: 'POLICY_NAME_UNKNOWN' });
});

test('adding signatures keeps those there are', () => {
  const note = encodeUtf8(evaluations[0]!.note);
  assert.deepEqual(parseSignedNote(addSignatures(note, [])), parseSignedNote(note));
});

test('a city policy is read in its canonical rendering only', () => {
  const validators = [{ name: 'v0', logKey: namedSigner('log 0').publicKey, cosignerKey: namedSigner('cosigner 0').publicKey }];
  const made = policyOfValidators(`demo.example/${'ab'.repeat(32)}`, validators);
  const file = encodePolicy(crypto, made);
  assert.deepEqual(parseCityPolicy(crypto, file), made);
  assert.throws(() => parseCityPolicy(crypto, encodeUtf8(`# ours\n${parseUtf8(file)}`)), { code: 'NOT_CANONICAL' });
  assert.throws(() => parseCityPolicy(crypto, encodeUtf8('quorum none\n')), { code: 'POLICY_INVALID' });
  assert.throws(() => parseCityPolicy(crypto, encodeUtf8('quorum nobody\n')), { code: 'POLICY_NAME_UNKNOWN' });
});
