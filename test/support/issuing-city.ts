/** Orders as a city issues them: real keys, a real log and cosigned heads, everything from names, so that all runs are alike. */

import { encodeTransactionLeaf } from '@oppidum/formats/block-log';
import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import { compactCheckpoint } from '@oppidum/formats/compact-checkpoint';
import { type CompactOrder, encodeCompactOrder, type Issuance } from '@oppidum/formats/compact-order';
import { cityOrigin, genesisHashOf } from '@oppidum/formats/ids';
import { encodeOrder, type Order, orderId } from '@oppidum/formats/order-statement';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { encodeEvents } from '@oppidum/formats/result';
import type { StatementSignature } from '@oppidum/formats/statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { type Challenged, makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import { nodeCrypto } from './crypto.ts';
import { type TestValidator, testNote, testPolicy, testValidators } from './evidence.ts';
import { namedId } from './ledger.ts';
import { MemoryLog } from './memory-log.ts';
import { newKeySet, newOrder, signAs } from './orders.ts';

/** Who holds the order keys of the test zone: one signs an order, two what is dangerous. */
export const HOLDERS = ['ada', 'bo', 'cy'] as const;

type Changes = {
  readonly order?: Partial<Order>;
  /** Who signs it; the first holder alone unless it says so. */
  readonly by?: readonly string[];
  readonly signatures?: readonly StatementSignature[];
  /** What the ledger said of it instead. */
  readonly events?: Bytes;
  readonly issuance?: Partial<Issuance>;
};

/** A city that issues whatever order it is given, as its validators vouch. */
export class IssuingCity {
  readonly genesis: Bytes;
  readonly policy: Policy;
  readonly keys: KeySet;
  readonly #origin: string;
  readonly #validators: readonly TestValidator[];
  readonly #log = new MemoryLog();

  constructor(validatorCount = 1) {
    this.#origin = cityOrigin('test.example', namedId('issuing city'));
    this.genesis = genesisHashOf(this.#origin);
    this.#validators = testValidators('validator', validatorCount);
    this.policy = testPolicy(this.#origin, this.#validators);
    this.keys = newKeySet(this.genesis, HOLDERS);
    this.#log.entries.push(
      encodeTransactionLeaf({ ...leafOf(0), code: 'OK', eventsDigest: nodeCrypto.sha256(encodeEvents([])) }),
    );
  }

  /** An order for one device, as it reaches it. */
  issue(target: Challenged, changes: Changes = {}): Bytes {
    return this.#deliver(
      { ...changes, order: { target: { device: target.device, challenge: target.challenge }, ...changes.order } },
      null,
    );
  }

  /** An order for many, as it reaches each of them, in the order of the tree. */
  issueForMany(challenges: readonly Challenged[], changes: Changes = {}): Bytes[] {
    const leaves = challenges.toSorted((a, b) => compareBytes(a.device, b.device));
    const tree = makeChallengeTree(nodeCrypto, leaves);
    const order = { target: { root: tree.root, count: tree.count }, ...changes.order };
    return leaves.map(({ challenge }, index) =>
      this.#deliver({ ...changes, order }, { challenge, index, path: tree.pathOf(index) }),
    );
  }

  #deliver({ order: changes, by = [HOLDERS[0]], ...rest }: Changes, place: CompactOrder['place']): Bytes {
    const order = newOrder(this.genesis, changes);
    const statement = encodeOrder(order);
    const signatures = [...(rest.signatures ?? signAs('order', statement, HOLDERS, by))];
    const issuance = order.mode === 'break-glass' ? null : { ...this.#issuance(statement, rest.events), ...rest.issuance };
    return encodeCompactOrder({ statement, signatures, place, issuance });
  }

  #issuance(statement: Bytes, said?: Bytes): Issuance {
    const order = orderId(nodeCrypto, statement);
    const zone = namedId('zone');
    const body = new Map([
      ['order', order],
      ['zone', zone],
    ]);
    const events = said ?? encodeEvents([{ kind: 'order/issued', body }]);
    const index = this.#log.size;
    const { height, position, id } = leafOf(index);
    this.#log.entries.push(encodeTransactionLeaf({ height, position, id, code: 'OK', eventsDigest: nodeCrypto.sha256(events) }));
    const head = { origin: this.#origin, size: this.#log.size, root: this.#log.root() };
    const log = this.#validators[0]?.log;
    if (log === undefined) throw new Error('a city has a validator');
    const checkpoint = compactCheckpoint(nodeCrypto, this.policy, testNote(head, log, this.#validators));
    if ('code' in checkpoint) throw new Error(`the note of the test is refused: ${checkpoint.code}`);
    const policy = nodeCrypto.sha256(encodePolicy(nodeCrypto, this.policy));
    return { transaction: id, height, position, events, ...this.#log.hop(index), checkpoint, policy };
  }
}

function leafOf(index: number): { readonly height: number; readonly position: number; readonly id: Bytes } {
  return { height: index + 1, position: 0, id: namedId(`transaction ${index}`) };
}
