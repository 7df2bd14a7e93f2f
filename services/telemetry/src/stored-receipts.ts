/** Receipts that were given, again: each follows from its group as it lies in the vault. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { ReceiptRange } from './client.ts';
import { type ReceiptIssuer, type ReceiptMaker, receiptMaker } from './receipt-group.ts';
import type { Decision } from './stored-group.ts';
import type { Vault } from './vault.ts';

/** The receipt of the entry with this digest, or null; also of one that is erased: it holds nothing that was. */
export function storedReceipt(vault: Vault, issuer: ReceiptIssuer, digest: Bytes): Bytes | null {
  const index = vault.indexOf(digest);
  return index === null ? null : (makeReceipts(vault, issuer, [vault.decisionOf(index)])[0] ?? null);
}

/** Receipts of a device key from a sequence number on, ascending. */
export function storedReceipts(vault: Vault, issuer: ReceiptIssuer, { limit, ...place }: ReceiptRange): Bytes[] {
  return makeReceipts(vault, issuer, vault.decisionsFrom(place, limit));
}

/** The tree of a group is hashed once for all of its receipts. */
function makeReceipts(vault: Vault, issuer: ReceiptIssuer, decisions: readonly Decision[]): Bytes[] {
  const makers = new Map<number, ReceiptMaker>();
  return decisions.map((said) => {
    const make = makers.get(said.group) ?? receiptMaker(issuer, vault.group(said.group));
    makers.set(said.group, make);
    return make(said);
  });
}
