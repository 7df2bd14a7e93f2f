/** How the links of an ownership voucher hang together: each names the digest of the one before, from the maker to whoever owns now. */

import { type Bytes, concatBytes, encodeUint32, encodeUtf8 } from './bytes.ts';
import type { Crypto } from './crypto.ts';

const LABEL = encodeUtf8('oppidum/voucher-link/v1\n');

/** A link: number `number` of this device's voucher, by which `seller` made `owner` its owner. */
export type VoucherLink = {
  readonly genesis: Bytes;
  readonly device: Bytes;
  readonly number: number;
  readonly previous: Bytes;
  readonly seller: Bytes;
  readonly owner: Bytes;
};

/** What stands before the first link. */
export const NO_LINK: Bytes = new Uint8Array(32);

/** SHA-256(label ‖ genesis ‖ device ‖ number:u32 ‖ previous ‖ seller ‖ owner). */
export function voucherLinkDigest(crypto: Crypto, { genesis, device, number, previous, seller, owner }: VoucherLink): Bytes {
  return crypto.sha256(concatBytes(LABEL, genesis, device, encodeUint32(number), previous, seller, owner));
}
