/**
 * The maker of the simulated devices: an account and a manufacturer on the ledger, admitted by the operator as any maker would be. Ids
 * follow from its key, so that an attempt that was cut short is found again and not made twice.
 *
 *   demo/manufacturer.seed   its key, 0600      demo/manufacturer.json   {"manufacturer", "account"}, written last
 */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer } from '@oppidum/device/actions';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { type Bytes, concatBytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import type { Cli } from '../cli.ts';
import { actionOf, keyOf, refusal, submit } from '../transactions.ts';

const ACCOUNT_LABEL = encodeUtf8('oppidum/demo-account/v1\n');
const MANUFACTURER_LABEL = encodeUtf8('oppidum/demo-manufacturer/v1\n');
const NAME = 'Simulated devices';

/** Makes sure that the maker is on the ledger and known to the simulated city. Throws what the ledger refuses. */
export async function admitDemoMaker(cli: Cli, folder: string): Promise<void> {
  const file = join(folder, 'manufacturer.json');
  const { publicKey } = ed25519Signer(await readOrMakeSeed(join(folder, 'manufacturer.seed')));
  const idOf = (label: Bytes): Bytes => nativeCrypto.sha256(concatBytes(label, publicKey));
  const [account, manufacturer] = [idOf(ACCOUNT_LABEL), idOf(MANUFACTURER_LABEL)];
  const create = { id: account, holder: 'organisation', name: NAME, key: keyOf(publicKey), class: 'full' };
  const actions = [actionOf('account/create', create), createManufacturer(manufacturer, NAME, account)];
  const result = await submit(cli, actions, { keyNumber: 0 });
  // All or nothing: where the account exists, so does the manufacturer.
  if (result.code !== 'OK' && result.code !== 'ACCOUNT_EXISTS') throw refusal(result);
  await writeFileDurably(file, encodeUtf8(`${JSON.stringify({ manufacturer: toHex(manufacturer), account: toHex(account) })}\n`));
}
