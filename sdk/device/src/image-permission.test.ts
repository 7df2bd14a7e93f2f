import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import type { FormatError } from '@oppidum/formats/errors';
import { firmwareKind } from '@oppidum/formats/state-trust';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../test/support/running-city.ts';
import { enrolDevice, eventually, openDoors, type RunningDoors } from '../../../test/support/running-gateway.ts';
import { CityApi } from './city-api.ts';
import { type KnownPermission, openPermission } from './image-permission.ts';
import { ProvenRecords } from './proven-records.ts';

const [OLD, NEW, EVIL] = ['lampd 1', 'lampd 2', 'lampd 666'].map(encodeUtf8) as [Bytes, Bytes, Bytes];

describe('whether a device may take an image, judged offline', () => {
  let doors: RunningDoors;
  let api: CityApi;
  let model: Bytes;
  before(async () => {
    doors = await openDoors();
    api = new CityApi(doors.gateway.http);
    ({ model } = await enrolDevice(doors.city));
  });
  after(async () => {
    api.close();
    await doors.close();
  });
  const act = async (kind: string, body: object): Promise<void> => {
    const { client, operator } = doors.city;
    const { code } = await execute(client, envelopeOf(client, operator, [actionOf(kind, body)]));
    assert.equal(code, 'OK');
  };
  const permit = (image: Bytes, version: string): Promise<void> => {
    const digest = nativeCrypto.sha256(image);
    return act('model/permit-firmware', {
      id: model,
      digest,
      name: 'lampd',
      version,
      size: image.length,
      metadata: freshBytes(32),
    });
  };
  /** Evidence of a record under a checkpoint of now. */
  const proof = async (image: Bytes): Promise<Bytes> => {
    const { height } = doors.city.client.head();
    const records = new ProvenRecords(nativeCrypto, doors.city.client.policyFile(), api);
    const fetch = (): Promise<Bytes> => records.fetch(firmwareKind, [model, nativeCrypto.sha256(image)]);
    return eventually(fetch, (file) => heightOf(file) >= height);
  };
  const heightOf = (file: Bytes): number => {
    try {
      return openPermission(
        nativeCrypto,
        { open: () => ({ from: 0 }) as never },
        { model, image: OLD, evidence: file, known: null },
      ).height;
    } catch {
      return -1;
    }
  };
  /** With the policy pinned and no way to anybody. */
  const judge = (image: Bytes, evidence: Bytes, known: KnownPermission | null = null) =>
    openPermission(nativeCrypto, new ProvenRecords(nativeCrypto, doors.city.client.policyFile(), null), {
      ...{ model, image, evidence, known },
    });
  const codeOf = (...given: Parameters<typeof judge>): string => {
    try {
      judge(...given);
      return 'OK';
    } catch (error) {
      return (error as FormatError).code;
    }
  };

  test('what its maker permitted and nobody withdrew, and neither an older image nor an older proof', async () => {
    await permit(OLD, '1');
    const early = await proof(NEW);
    assert.equal(codeOf(NEW, early), 'FIRMWARE_UNKNOWN');
    const first = await proof(OLD);
    const running = judge(OLD, first);
    assert.deepEqual([running.name, running.version], ['lampd', '1']);
    await permit(NEW, '2');
    const second = await proof(NEW);
    const next = judge(NEW, second, running);
    assert.ok(next.from > running.from && next.height >= running.height);
    assert.equal(codeOf(OLD, await proof(OLD), next), 'FIRMWARE_OLDER');
    assert.equal(codeOf(OLD, first, { ...running, height: next.height }), 'FIRMWARE_PROOF_OLD');
    assert.equal(codeOf(EVIL, second, running), 'EVIDENCE_REFUSED', 'a proof about other bytes');
    assert.equal(codeOf(EVIL, await proof(EVIL), running), 'FIRMWARE_UNKNOWN');
    await act('model/withdraw-firmware', { id: model, digest: nativeCrypto.sha256(NEW), reason: 'hangs' });
    assert.equal(codeOf(NEW, await proof(NEW), running), 'FIRMWARE_WITHDRAWN');
    assert.equal(codeOf(NEW, second, next), 'OK', 'who saw nothing newer cannot know');
    const later = await proof(OLD);
    assert.equal(codeOf(NEW, second, { ...next, height: judge(OLD, later).height }), 'FIRMWARE_PROOF_OLD', 'who did refuses it');
    const bent = second.slice();
    bent.set([(bent[bent.length - 1] as number) ^ 1], bent.length - 1);
    assert.equal(codeOf(NEW, bent, running), 'EVIDENCE_REFUSED');
    assert.equal(codeOf(NEW, new Uint8Array(3), running), 'EVIDENCE_REFUSED');
  });
});
