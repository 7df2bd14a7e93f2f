import assert from 'node:assert/strict';
import { test } from 'node:test';
import { p256Signer } from '@oppidum/crypto/signer';
import { deviceIdOf } from '@oppidum/formats/ids';
import { activationChallenge, rotationChallenge } from '@oppidum/formats/possession';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceSigner, makeDeviceCity } from '../../../../test/support/devices.ts';
import { namedId, publicKeyOf } from '../../../../test/support/ledger.ts';

/** Order of P-256, big-endian (NIST SP 800-186 §3.2.1.3). */
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

test('a secure element with a P-256 key proves possession, with the lower s alone, and hands over to Ed25519 and back', () => {
  const city = makeDeviceCity();
  const element = p256Signer(namedId('secure element'));
  const id = deviceIdOf(nodeCrypto, element.publicKey);
  const device = { id, key: publicKeyOf(element), grade: 'device', model: namedId('lamp') };
  assert.equal(city.act('maker', 'device/register', { ...device, key: { ...device.key, algorithm: -8 } }), 'KEY_INVALID');
  assert.equal(city.act('maker', 'device/register', device), 'OK');

  const { registration } = city.read(at(deviceKind, id))!;
  const possession = { genesis: city.rules.genesis, device: id, registration };
  const proof = element.sign(activationChallenge({ ...possession, keyNumber: 0, publicKey: element.publicKey }));
  const s = BigInt(`0x${Buffer.from(proof.subarray(32)).toString('hex')}`);
  const high = new Uint8Array([...proof.subarray(0, 32), ...Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex')]);
  assert.equal(city.act('maker', 'device/activate', { id, proof: high }), 'SIGNATURE_INVALID', 'the higher s');
  assert.equal(city.act('maker', 'device/activate', { id, proof }), 'OK');

  const others = [element, deviceSigner('element', 1), p256Signer(namedId('another element'))] as const;
  for (const keyNumber of [1, 2] as const) {
    const [old, next] = [others[keyNumber - 1]!, others[keyNumber]];
    const challenge = rotationChallenge({ ...possession, keyNumber, publicKey: next.publicKey });
    const body = { id, key: publicKeyOf(next), grade: 'device', oldProof: old.sign(challenge), newProof: next.sign(challenge) };
    assert.equal(city.act('maker', 'device/rotate-key', body), 'OK');
    assert.equal(city.read(at(deviceKeyKind, id, keyNumber))?.algorithm, next.algorithm);
  }
});
