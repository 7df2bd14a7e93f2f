/**
 * A city with one validator that does everything that a block may cause, says on standard output what is durable, and may die at any
 * point of it (`test/support/fault-points.ts`).
 *
 *   node --import …/fault-points.ts commit-run.ts DATA     `embedded`, or `cometbft` where the folder has a home for it
 */

import type { AbciApplication } from '@oppidum/abci/connection';
import { recordCalls } from '@oppidum/abci/recording';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { encodePolicy, parsePolicy } from '@oppidum/formats/policy';
import type { NodeClient } from '@oppidum/node/client';
import type { CometLine } from '@oppidum/node/comet-log';
import { folderEngine } from '@oppidum/node/comet-process';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import { openCity } from '@oppidum/node/open-city';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, operatorOf } from '../../support/running-city.ts';

const ROUND_COUNT = 2;
const TOGETHER = 3;
const VALID_MS = 300_000;

function say(...words: readonly (string | number)[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

/** Says what CometBFT was answered for each block, before it hears it. */
function telling(application: AbciApplication): AbciApplication {
  return {
    ...recordCalls(application, () => undefined),
    finalizeBlock: async (request) => {
      const answer = await application.finalizeBlock(request);
      say('finalized', String(request.height), toHex(answer.appHash));
      return answer;
    },
  };
}

/** The council changes the policy, to one with another address of the log. */
function policyChange(
  client: NodeClient,
  { genesis }: DataFolder,
): { readonly file: Bytes; readonly propose: ReturnType<typeof actionOf> } {
  const policy = parsePolicy(crypto, client.policyFile());
  const logs = policy.logs.map((log) => ({ ...log, url: `https://${toHex(freshBytes(4))}.example/log` }));
  const file = encodePolicy(crypto, { ...policy, logs });
  const actions = [actionOf('policy/change', { policy: file })];
  const body = { id: freshBytes(32), body: genesis.council, actions, expiresMs: Date.now() + 3_600_000 };
  return { file, propose: actionOf('proposal/create', body) };
}

async function live(path: string): Promise<void> {
  const folder = await openDataFolder({ folder: path, crypto });
  const onLine = ({ text }: CometLine): void => void process.stderr.write(`cometbft: ${text}\n`);
  const startEngine = folderEngine({ folder, crypto, onLine, wrap: telling });
  const engine = startEngine === undefined ? {} : { startEngine };
  const city = await openCity({ folder, crypto, registry: cityRegistry, publishIntervalMs: 10, ...engine });
  const { client } = city;
  const { height, appHash } = client.head();
  say('open', height, toHex(appHash));
  const operator = operatorOf(folder);
  const submit = async (action: ReturnType<typeof actionOf>): Promise<void> => {
    const { id, height: at, index } = await execute(client, envelopeOf(client, operator, [action], Date.now() + VALID_MS));
    say('acknowledged', toHex(id), at, index);
  };
  for (let round = 0; round < ROUND_COUNT; round++) {
    await Promise.all(Array.from({ length: TOGETHER }, () => submit(freshAccount().action)));
    await client.checkpointOf(client.head().logSize);
  }
  const { file, propose } = policyChange(client, folder);
  await submit(propose);
  // The block after it is the first under the new policy; the checkpoint over that puts it in force.
  while (toHex(client.policyFile()) !== toHex(file)) await submit(freshAccount().action);
  const { size } = await client.checkpointOf(client.head().logSize);
  say('published', size);
  await city.close();
  folder.release();
}

const [data] = process.argv.slice(2);
if (data !== undefined) await live(data);
