/**
 * Orders as devices get them, from a small city with validators: issued by its contracts, proven by its log.
 *
 *   const zone = new OrderedZone(4);
 *   const order = zone.order();
 *   assert.equal(verifyOrder(crypto, parseCompactOrder(zone.compact(order)), zone.pins()), null);
 */

import { type Bytes, compareBytes, equalBytes } from '@oppidum/formats/bytes';
import { type CompactOrder, encodeCompactOrder, type Issuance, parseCompactOrder } from '@oppidum/formats/compact-order';
import { parseEnvelope } from '@oppidum/formats/envelope';
import { encodeOrder, type Order } from '@oppidum/formats/order-statement';
import { encodePolicy } from '@oppidum/formats/policy';
import { parseKeySet } from '@oppidum/formats/zone-statements';
import type { Executed } from '@oppidum/ledger/block';
import { makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import { makeIssuance } from '@oppidum/proofs/make-order';
import type { OrderPins } from '@oppidum/proofs/verify-order';
import { nodeCrypto } from './crypto.ts';
import { deviceId } from './devices.ts';
import { EvidenceCity } from './evidence.ts';
import { namedId, type TestCity } from './ledger.ts';
import { gateOrder, makeZoneCity, newZone, signedOrder } from './zones.ts';

/** The devices of the zone with the challenges of test orders for many, as a tree has them. */
const CHALLENGED = ['lamp', 'gate']
  .map((name) => ({ device: deviceId(name), challenge: namedId(`challenge of ${name}`) }))
  .sort((a, b) => compareBytes(a.device, b.device));

/** The zone of gates in a city of so many validators. */
export class OrderedZone {
  readonly city: TestCity;
  readonly proven: EvidenceCity;

  constructor(validatorCount: number) {
    this.city = makeZoneCity(validatorCount);
    this.proven = new EvidenceCity({ city: this.city });
  }

  /** What the device has pinned, by default the gate. */
  pins(changes: Partial<OrderPins> = {}): OrderPins {
    const { keySet, envelope } = newZone(this.city);
    const digest = nodeCrypto.sha256(encodePolicy(nodeCrypto, this.proven.policy));
    return {
      device: deviceId('gate'),
      keySet: parseKeySet(keySet),
      envelope: parseEnvelope(envelope),
      policyOf: (asked) => (equalBytes(asked, digest) ? this.proven.policy : null),
      ...changes,
    };
  }

  /** An order to the gate, as `gateOrder`. */
  order(changes: Partial<Order> = {}): Order {
    return gateOrder(this.city, changes);
  }

  /** An order to the devices of the zone at once. */
  orderForAll(changes: Partial<Order> = {}): Order {
    const { root, count } = makeChallengeTree(nodeCrypto, CHALLENGED);
    return this.order({ target: { root, count }, ...changes });
  }

  /** Where a device stands in `orderForAll`. */
  placeOf(device: Bytes): NonNullable<CompactOrder['place']> {
    const index = CHALLENGED.findIndex((entry) => equalBytes(entry.device, device));
    const path = makeChallengeTree(nodeCrypto, CHALLENGED).pathOf(index);
    return { challenge: CHALLENGED[index]?.challenge ?? namedId('nobody'), index, path };
  }

  /** Sends the order alone in a transaction. */
  send(order: Order, names: readonly string[] = ['anna']): Executed {
    const envelope = this.city.transaction('operator', [this.city.action('order/issue', signedOrder(order, names))]);
    const [outcome] = this.city.block([envelope]).outcomes;
    if (outcome === undefined || !('executed' in outcome)) throw new Error('the order was not admitted');
    return outcome.executed;
  }

  /** The proof of an order that was issued by this transaction. */
  issuance(order: Order, executed: Executed): Issuance {
    const evidence = this.proven.proveTransaction(executed);
    const issuance = makeIssuance(nodeCrypto, { order, statement: encodeOrder(order) }, evidence, this.proven.policy);
    if ('code' in issuance) throw new Error(issuance.code);
    return issuance;
  }

  /** Issues an order and gives what the device gets, by default the gate; break-glass orders are issued by nobody. */
  compact(order: Order, names: readonly string[] = ['anna'], device = deviceId('gate')): Bytes {
    const { statement, signatures } = signedOrder(order, names);
    const place = 'root' in order.target ? this.placeOf(device) : null;
    const issuance = order.mode === 'ordinary' ? this.issuance(order, this.send(order, names)) : null;
    return encodeCompactOrder({ statement, signatures, place, issuance });
  }

  /** As `compact`, parsed. */
  parsed(order: Order, names?: readonly string[], device?: Bytes): CompactOrder {
    return parseCompactOrder(this.compact(order, names, device));
  }
}
