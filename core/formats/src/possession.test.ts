import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUtf8, toHex } from './bytes.ts';
import { FormatError } from './errors.ts';
import { activationChallenge, type Possession, rotationChallenge } from './possession.ts';

const fill = (byte: number, size = 32) => new Uint8Array(size).fill(byte);
const possession: Possession = {
  genesis: fill(1),
  device: fill(2),
  registration: fill(3),
  keyNumber: 258,
  publicKey: fill(4),
};

test('a challenge is label, city, device, registration, key number and key, each in its place', () => {
  const bytes = activationChallenge(possession);
  const label = 'oppidum/device-activation/v1\n';
  assert.equal(parseUtf8(bytes.slice(0, label.length)), label);
  const rest = `${'01'.repeat(32)}${'02'.repeat(32)}${'03'.repeat(32)}0000010220${'04'.repeat(32)}`;
  assert.equal(toHex(bytes.slice(label.length)), rest);
});

test('no two challenges are alike: every part counts, and activation is not rotation', () => {
  const changed: Possession[] = [
    possession,
    { ...possession, genesis: fill(9) },
    { ...possession, device: fill(9) },
    { ...possession, registration: fill(9) },
    { ...possession, keyNumber: 0 },
    { ...possession, publicKey: fill(9) },
    { ...possession, publicKey: fill(4, 33) },
  ];
  const all = changed.flatMap((one) => [activationChallenge(one), rotationChallenge(one)]).map(toHex);
  assert.equal(new Set(all).size, all.length);
});

test('an id of another size is refused', () => {
  for (const name of ['genesis', 'device', 'registration']) {
    assert.throws(
      () => activationChallenge({ ...possession, [name]: fill(1, 31) }),
      (error) => error instanceof FormatError && error.code === 'LENGTH_WRONG',
    );
  }
});
