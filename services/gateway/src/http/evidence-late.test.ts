import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { parsePolicy } from '@oppidum/formats/policy';
import type { NodeClient } from '@oppidum/node/client';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { envelopeOf, execute, freshAccount, inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { runDoors, runGateway } from '../../../../test/support/running-gateway.ts';

test('while cosigners are away records are proven as of the last checkpoint, and what is newer is refused with a code', () =>
  inTemporaryFolder(async (folder) => {
    const doors = await runDoors(folder);
    const { client, operator } = doors.city;
    const make = async (): Promise<{ readonly account: string; readonly transaction: string }> => {
      const { id, action } = freshAccount();
      const { id: transaction } = await execute(client, envelopeOf(client, operator, [action]));
      return { account: toHex(id), transaction: toHex(transaction) };
    };
    const before = await make();
    const last = await client.checkpointOf(client.head().logSize);
    let isFirst = false;
    const node: NodeClient = {
      ...client,
      checkpoint: () => (isFirst ? null : last),
      checkpointOf: (size) => (size <= last.size ? Promise.resolve(last) : new Promise(() => undefined)),
    };
    const gateway = await runGateway({ ...doors.city, client: node }, { evidenceWaitMs: 20 });
    const ask = (path: string): Promise<Response> =>
      fetch(`${gateway.http}/api/v1/evidence/${path}`, { headers: { accept: 'application/cbor' } });
    const after = await make();
    const policy = parsePolicy(crypto, client.policyFile());
    for (const [account, answer] of [
      [before.account, 'account is present'],
      [after.account, 'account is absent'],
    ] as const) {
      const response = await ask(`state?kind=account&segments=${account}`);
      assert.equal(response.status, 200);
      const { verdict, facts } = verifyEvidence(crypto, new Uint8Array(await response.arrayBuffer()), { policy });
      assert.equal(verdict, 'OK');
      assert.equal(facts['answer'], answer);
      assert.ok((facts['height'] as number) < client.head().height, 'and says as of which block');
    }
    assert.equal((await ask(before.transaction)).status, 200);
    isFirst = true;
    for (const path of [after.transaction, `state?kind=account&segments=${after.account}`]) {
      const response = await ask(path);
      assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '10']);
      assert.equal(((await response.json()) as { readonly code: string }).code, 'CHECKPOINT_LATE');
    }
    await gateway.close();
    await doors.close();
  }));
