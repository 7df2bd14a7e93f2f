import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBase64 } from '@oppidum/formats/bytes';
import { deviceUrnPrefix } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { decodeEnvelope } from './decode-envelope.ts';

const device = namedId('lamp');
const header = { audience: namedId('city'), device, keyNumber: 3, sequence: 17, nonce: new Uint8Array(16), clockErrorMs: 250 };
const payload = encodeSenmlCbor([{ bn: deviceUrnPrefix(device), bt: 1_767_225_600, n: 'level', u: 'm', v: 3.5 }]);
const envelope = signReading(namedSigner('lamp'), header, payload);

test('header, records and sizes are what was signed', () => {
  const decoded = decodeEnvelope(encodeBase64(envelope));
  assert.ok(!('code' in decoded), JSON.stringify(decoded));
  const values = Object.fromEntries(decoded.headers.map(([name, , value]) => [name, value]));
  assert.deepEqual([values['keyNumber'], values['sequence'], values['clockError']], ['3', '17', '250']);
  assert.match(decoded.records[0] ?? '', /"n":"level".*"v":3.5/);
  const { sizes } = decoded;
  assert.deepEqual([sizes.envelope, sizes.payload, sizes.signature], [envelope.length, payload.length, 64]);
});

test('what no device signs has its code', () => {
  assert.deepEqual(decodeEnvelope('!'), { code: 'TEXT_INVALID' });
  const cut = decodeEnvelope(encodeBase64(envelope.subarray(0, 40)));
  assert.ok('code' in cut);
});
