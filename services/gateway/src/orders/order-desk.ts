/** Orders to machines, as far as they pass the gateway: whose challenge is known, what is drafted, and what is on its way to whom. */

import { join } from 'node:path';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type Order, orderId } from '@oppidum/formats/order-statement';
import type { OrderNames } from '@oppidum/formats/order-words';
import { deviceKeyKind, deviceKind, modelCommandsKind } from '@oppidum/formats/state-devices';
import { at, parseKey, parseState } from '@oppidum/formats/state-layout';
import { deviceZoneKind, zoneKind } from '@oppidum/formats/state-orders';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { SignedStatement } from '@oppidum/formats/statement';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import type { Logger } from 'pino';
import { findAnswered, findIssued } from '../read-model/order-queries.ts';
import type { ReadModel } from '../read-model/read-model.ts';
import { ChallengeBook } from './challenge-book.ts';
import { checkBreakGlass } from './check-break-glass.ts';
import { Deliverer } from './deliverer.ts';
import { draftOrder, type Wish } from './draft.ts';
import { DraftShelf } from './draft-shelf.ts';
import { type OrderLine, OrderLines } from './order-lines.ts';
import { TreeBook } from './tree-book.ts';
import { ZoneDesk } from './zone-desk.ts';
import { ZoneTrees } from './zone-trees.ts';

/** Between two looks whether the read model is level, at the start. */
const LEVEL_WAIT_MS = 100;

type DeskOptions = {
  readonly crypto: Crypto;
  readonly node: NodeClient;
  readonly readModel: Pick<ReadModel, 'database' | 'isCaughtUp' | 'hasFailed'>;
  /** `gateway/` of the data folder. */
  readonly folder: string;
  readonly logger: Logger;
  /** Milliseconds since 1970, and of a clock that only rises. */
  readonly clock: () => number;
  readonly now: () => number;
};

/** What the doors ask of the part that carries orders. */
export class OrderDesk {
  readonly challenges: ChallengeBook;
  /** Changes of zones that wait for further signatures. */
  readonly drafts: DraftShelf;
  /** What was signed for zones, on its way to their devices. */
  readonly zones: ZoneDesk;
  readonly #options: DeskOptions;
  readonly #lines = new OrderLines();
  readonly #trees: TreeBook;
  readonly #zoneTrees: ZoneTrees;
  readonly #deliverer: Deliverer;
  readonly #forget: () => void;
  #isStopped = false;

  constructor(options: DeskOptions) {
    const { crypto, node, readModel, logger, clock } = options;
    const folder = join(options.folder, 'orders');
    this.#options = options;
    this.challenges = new ChallengeBook(options);
    this.drafts = new DraftShelf({ crypto, node, folder, clock });
    this.zones = new ZoneDesk({ crypto, node });
    this.#trees = new TreeBook({ crypto, folder });
    this.#zoneTrees = new ZoneTrees({ crypto, node, trees: this.#trees, challenges: this.challenges, now: options.now });
    this.#deliverer = new Deliverer({
      ...{ crypto, node, logger, clock, folder, trees: this.#trees },
      send: (device, bytes) => this.#lines.send(device, bytes),
      answered: (order) => findAnswered(readModel.database, order),
      issued: () => this.#issued(),
      onSpent: (device, challenge) => this.challenges.spend(device, challenge),
    });
    // From the first challenge on, before anything is handed over.
    this.#forget = node.onBlock((block) => this.#follow(block));
    this.#lines.onOpen = (device) => this.#deliverer.reach(device);
  }

  /** Hands over what is issued from now on, and what was under way. */
  start(): void {
    this.#deliverer.start();
  }

  /** Hands nothing over any more. */
  stop(): void {
    this.#isStopped = true;
    this.#forget();
    this.zones.stop();
    this.#deliverer.stop();
  }

  /** As `ChallengeBook.take`. */
  takeChallenge(device: string, message: Bytes, by: string | null = null): Rejection | null {
    return this.challenges.take(device, message, by);
  }

  /** How old the newest challenge of a device is here, or null. */
  challengeAgeMs(device: string): number | null {
    const known = this.challenges.newest(device);
    return known === null ? null : Math.round(this.#options.now() - known.receivedMs);
  }

  /** This device can be reached this way until the answer is called. */
  listen(device: string, line: OrderLine): () => void {
    return this.#lines.open(device, line);
  }

  /** Sends by every way there is to this device; false where there is none. */
  send(device: string, order: Bytes): boolean {
    return this.#lines.send(device, order);
  }

  /** As `draftOrder`. `by`: whose draft it is, as budgets are counted. */
  draft(wish: Wish, by: string): ReturnType<typeof draftOrder> {
    const { node, clock } = this.#options;
    return draftOrder({ node, challenges: this.challenges, zoneTrees: this.#zoneTrees, clock, by }, wish);
  }

  /**
   * Hands over an order that needs no quorum; resolves when it survives a restart. Refuses as `checkBreakGlass`, then CHALLENGE_UNKNOWN for
   * a tree that was not drafted here.
   */
  async breakGlass(
    order: Order,
    signed: SignedStatement,
  ): Promise<{ readonly deviceCount: number; readonly sentCount: number } | Rejection> {
    const { crypto, node } = this.#options;
    const refused = checkBreakGlass(crypto, node, order, signed, this.#options.clock());
    if (refused !== null) return refused;
    const id = toHex(orderId(crypto, signed.statement));
    const deviceCount = await this.#deliverer.breakGlass(id, order, signed);
    if (deviceCount === null) return reject('CHALLENGE_UNKNOWN', { order: id });
    return { deviceCount, sentCount: this.sentCount(id) };
  }

  isSent(order: string, device: string): boolean {
    return this.#deliverer.isSent(order, device);
  }

  /** Devices that an order was handed to since this process was started. */
  sentCount(order: string): number {
    return this.#deliverer.sentCount(order);
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return this.#options.clock();
  }

  /** What the ledger calls the parts of an order. */
  namesOf(order: Order): OrderNames {
    const { node } = this.#options;
    const zone = node.read(at(zoneKind, order.zone))?.name ?? null;
    if (!('device' in order.target)) return { zone };
    const device = node.read(at(deviceKind, order.target.device));
    const commands = device === null ? null : node.read(at(modelCommandsKind, device.model));
    const parameters = commands?.commands.find(({ name }) => name === order.command)?.parameters;
    return { zone, device: device?.label ?? null, ...(parameters === undefined ? {} : { parameters }) };
  }

  /** Devices come to zones and leave them, and keys of theirs end. */
  #follow({ changes }: CommittedBlock): void {
    for (const { key, value } of changes) {
      const kind = kindOfKey(key)?.name;
      if (kind === deviceKeyKind.name && value !== null && parseState(deviceKeyKind, value).to !== undefined) {
        const [device, keyNumber] = parseKey(deviceKeyKind, key);
        this.challenges.keyEnded(toHex(device), keyNumber);
      }
      if (kind !== deviceZoneKind.name) continue;
      const zone = value === null ? null : toHex(parseState(deviceZoneKind, value).zone);
      this.challenges.moved(toHex(key.subarray(2, 34)), zone);
    }
  }

  async #issued(): ReturnType<typeof findIssued> {
    const { readModel, clock } = this.#options;
    while (!readModel.isCaughtUp && !readModel.hasFailed && !this.#isStopped)
      await new Promise((resolve) => setTimeout(resolve, LEVEL_WAIT_MS));
    return this.#isStopped ? [] : findIssued(readModel.database, clock());
  }
}
