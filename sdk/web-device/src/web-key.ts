/** The key of a device in a browser: made by WebCrypto, never readable, not even by the page that uses it. */

import type { Bytes } from '@oppidum/formats/bytes';
import { EDDSA } from '@oppidum/formats/ids';
import type { DeviceDatabase } from './database.ts';

/** Signs later, as WebCrypto does. */
export type WebSigner = {
  readonly algorithm: typeof EDDSA;
  readonly publicKey: Bytes;
  readonly sign: (message: Bytes) => Promise<Bytes>;
};

const ALGORITHM = 'Ed25519';

/** The key in the database, made at the first call and durable before it is returned. */
export async function readOrMakeWebKey(database: DeviceDatabase): Promise<WebSigner> {
  const known = await database.read<CryptoKeyPair>('facts', 'key');
  const pair = known ?? ((await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])) as CryptoKeyPair);
  if (known === null) await database.write((store) => store('facts').put(pair, 'key'));
  return {
    algorithm: EDDSA,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, pair.privateKey, message as BufferSource)),
  };
}
