/** What each device of an order is given: one common part, and for many devices each one's own place in the tree of challenges. */

import { type Bytes, concatBytes, toHex } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import type { Issuance } from '@oppidum/formats/compact-order';
import type { Order } from '@oppidum/formats/order-statement';
import type { SignedStatement } from '@oppidum/formats/statement';
import { makeCompactOrder } from '@oppidum/proofs/make-order';
import type { Parcel } from './delivery.ts';
import type { KnownTree } from './tree-book.ts';

/**
 * The devices of an order and their bytes; null where it is for a tree that is not known here. Throws FormatError as `makeCompactOrder` where no
 * device could read it.
 */
export function packOrder(
  order: Order,
  signed: SignedStatement,
  issuance: Issuance | null,
  findTree: (root: Bytes) => KnownTree | null,
): Pick<Parcel, 'devices' | 'bytesFor'> | null {
  const { target } = order;
  if ('device' in target) {
    const bytes = makeCompactOrder(signed, null, issuance);
    return { devices: [toHex(target.device)], bytesFor: () => bytes };
  }
  const tree = findTree(target.root);
  return tree === null ? null : packMany(tree, signed, issuance);
}

function packMany(tree: KnownTree, signed: SignedStatement, issuance: Issuance | null): Pick<Parcel, 'devices' | 'bytesFor'> {
  const placeOf = (index: number) => {
    const leaf = tree.leaves[index];
    if (leaf === undefined) throw new Error(`no leaf ${index} of an order's tree`);
    return { challenge: leaf.challenge, index, path: tree.pathOf(index) };
  };
  const encodePlace = ({ challenge, index, path }: ReturnType<typeof placeOf>): Bytes => encodeCbor([challenge, index, path]);
  // The longest path, so that what is too large is too large here.
  const first = placeOf(0);
  const whole = makeCompactOrder(signed, first, issuance);
  const place = encodePlace(first);
  const at = Buffer.from(whole).indexOf(place);
  if (at < 0) throw new Error('a compact order for many holds its place');
  const [head, tail] = [whole.slice(0, at), whole.slice(at + place.length)];
  const indexOf = new Map(tree.leaves.map(({ device }, index) => [toHex(device), index]));
  const bytesFor = (device: string): Bytes => {
    const index = indexOf.get(device);
    if (index === undefined) throw new Error(`device ${device} is not in the order's tree`);
    return concatBytes(head, encodePlace(placeOf(index)), tail);
  };
  return { devices: [...indexOf.keys()], bytesFor };
}
