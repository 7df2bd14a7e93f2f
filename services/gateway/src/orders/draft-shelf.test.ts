import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { envelopeSchema } from '@oppidum/formats/envelope';
import type { StateRef } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind, zoneKeysKind, zoneKind } from '@oppidum/formats/state-orders';
import { encodeKeySet, encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { makeEnvelope } from '../../../../test/support/envelopes.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { newKeySet, signAs } from '../../../../test/support/orders.ts';
import { DraftShelf } from './draft-shelf.ts';

const HOLDERS = ['ada', 'bo'] as const;

test('whoever lists drafts has no signature verified again, and new keys have all of them looked at', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-shelf-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [city, zone] = [namedId('city'), namedId('zone')];
  let holders: readonly string[] = HOLDERS;
  let keys = 1;
  const records = (): Readonly<Record<string, object>> => ({
    [zoneKind.name]: { keys, envelope: 1, name: 'Old town', domain: 'signals' },
    [zoneKeysKind.name]: { statement: encodeKeySet(newKeySet(city, holders, { version: keys })) },
    [zoneEnvelopeKind.name]: { statement: encodeBy(envelopeSchema, makeEnvelope()) },
  });
  const read = <V>({ kind }: StateRef<V>): V | null => (records()[kind.name] ?? null) as V | null;
  let verified = 0;
  const crypto = {
    ...nodeCrypto,
    verifyEd25519: (...given: Parameters<typeof nodeCrypto.verifyEd25519>) => {
      verified++;
      return nodeCrypto.verifyEd25519(...given);
    },
  };
  const shelf = new DraftShelf({ crypto, node: { genesisHash: city, read }, folder: join(folder, 'orders'), clock: () => 1 });
  const statement = encodeZoneDocument({ city, zone, name: 'plans', version: 1, body: Uint8Array.of(1) });
  const draft = { use: 'document' as const, statement, envelopeSignatures: [], records: [] };
  const taken = await shelf.offer({ ...draft, signatures: signAs('document', statement, HOLDERS, ['ada']) });
  assert.ok(!('code' in taken));
  assert.equal(shelf.list(null).length, 1);
  verified = 0;
  for (let i = 0; i < 100; i++) assert.equal(shelf.list(null).length, 1);
  assert.equal(verified, 0);
  const both = await shelf.offer({ ...draft, signatures: signAs('document', statement, HOLDERS, ['bo']) });
  assert.deepEqual('code' in both ? both : both.draft.signatures.map(({ key }) => key), [0, 1]);
  [holders, keys] = [['cy', 'dora'], 2];
  assert.deepEqual(shelf.list(null), [], 'those keys are in force no more');
});
