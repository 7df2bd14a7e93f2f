/**
 * Hands orders over. What the ledger issued is proven by evidence and goes to its devices as soon as a checkpoint covers it; what goes in a
 * safe direction by break-glass needs no ledger. Which orders are under way follows from the ledger and the read model, so a restart
 * goes on where it was.
 */

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { type Order, parseOrder } from '@oppidum/formats/order-statement';
import { parsePolicy } from '@oppidum/formats/policy';
import { at, parseState } from '@oppidum/formats/state-layout';
import { orderKind } from '@oppidum/formats/state-orders';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { SignedStatement } from '@oppidum/formats/statement';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { transactionEvidence } from '@oppidum/node/evidence';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { makeIssuance } from '@oppidum/proofs/make-order';
import type { Logger } from 'pino';
import { issuedBy } from '../read-model/order-rows.ts';
import { Delivery, type Parcel, type Ways } from './delivery.ts';
import { packOrder } from './parcels.ts';
import type { TreeBook } from './tree-book.ts';

export type DelivererOptions = Omit<Ways, 'onTrouble'> & {
  readonly crypto: Crypto;
  readonly node: NodeClient;
  readonly trees: TreeBook;
  /** Of break-glass orders under way. */
  readonly folder: string;
  /** Issued orders whose time is not over; resolves when the rows are level with the ledger. */
  readonly issued: () => Promise<readonly { readonly order: string; readonly transaction: string }[]>;
  /** An order for this device (hex) and challenge is given. */
  readonly onSpent: (device: string, challenge: Bytes) => void;
  readonly logger: Logger;
};

/** A break-glass order under way: JSON, one file each. */
const GLASS_SUFFIX = '.glass';
const UNDER_WAY_COUNT_MAX = 4_096;
/** Between two looks at what is issued, where one fails. */
const ISSUED_RETRY_MS = 1_000;

/** The orders under way. */
export class Deliverer {
  readonly #options: DelivererOptions;
  /** By the order's id, in hex. */
  readonly #deliveries = new Map<string, Delivery>();
  #forget: () => void = () => undefined;
  #isStopped = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Follows the ledger from now on, and takes up what was under way. */
  start(): void {
    this.#forget = this.#options.node.onBlock((block) => this.#follow(block));
    this.#recover().catch((error: Error) => this.#failed(error));
  }

  /** Hands nothing over any more. */
  stop(): void {
    this.#isStopped = true;
    this.#forget();
    for (const delivery of this.#deliveries.values()) delivery.end();
  }

  /** Whether an order is under way to this device, or was, as far as this process knows. */
  isSent(order: string, device: string): boolean {
    return this.#deliveries.get(order)?.isSent(device) === true;
  }

  /** Devices that the order was handed to by this process. */
  sentCount(order: string): number {
    return this.#deliveries.get(order)?.sentCount ?? 0;
  }

  /** This device can be reached by a new way. */
  reach(device: string): void {
    for (const delivery of this.#deliveries.values()) delivery.reach(device);
  }

  /** Hands over what needs no quorum; resolves when it survives a restart. It was checked before. Throws as `packOrder`. */
  async breakGlass(id: string, order: Order, signed: SignedStatement): Promise<number | null> {
    const underWay = this.#deliveries.get(id);
    if (underWay !== undefined) return underWay.parcel.devices.length;
    const packed = packOrder(order, signed, null, (root) => this.#options.trees.find(root));
    if (packed === null) return null;
    const endsMs = this.#options.clock() + order.lifetimeMs;
    this.#spend(order);
    if ('root' in order.target) await this.#options.trees.keep(order.target.root);
    await this.#keepGlass(id, endsMs, signed);
    this.#begin({ id, endsMs, ...packed });
    return packed.devices.length;
  }

  #follow({ transactions, changes }: CommittedBlock): void {
    for (const { key, value } of changes) {
      if (value === null || kindOfKey(key)?.name !== orderKind.name) continue;
      const { status, statement } = parseState(orderKind, value);
      const { target } = parseOrder(statement);
      if ('root' in target) void this.#options.trees.keep(target.root).catch((error: Error) => this.#failed(error));
      if (status === 'issued') this.#spend(parseOrder(statement));
      if (status === 'cancelled' || status === 'superseded') this.#deliveries.get(toHex(key.subarray(2, 34)))?.end();
    }
    for (const transaction of transactions)
      for (const order of issuedBy(transaction))
        this.#take(order, transaction.id, this.#options.clock()).catch((error: Error) => this.#failed(error));
  }

  #spend({ target }: Order): void {
    const tree = 'root' in target ? this.#options.trees.find(target.root) : null;
    const spent = 'device' in target ? [target] : (tree?.leaves ?? []);
    for (const { device, challenge } of spent) this.#options.onSpent(toHex(device), challenge);
  }

  async #recover(): Promise<void> {
    this.#recoverGlass();
    for (const { order, transaction } of await this.#issued())
      await this.#take(order, parseHex(transaction)).catch((error: Error) => this.#failed(error));
  }

  /** Asks until it is told: what is issued must not wait for the next start. */
  async #issued(): ReturnType<DelivererOptions['issued']> {
    for (;;)
      try {
        return await this.#options.issued();
      } catch (error) {
        if (this.#isStopped) return [];
        this.#failed(error as Error);
        await new Promise((resolve) => setTimeout(resolve, ISSUED_RETRY_MS));
      }
  }

  #recoverGlass(): void {
    const { folder, clock, trees } = this.#options;
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(GLASS_SUFFIX)) : [];
    for (const name of files) {
      const kept = readGlass(join(folder, name));
      const packed =
        kept === null || kept.endsMs <= clock() ? null : packOrder(kept.order, kept.signed, null, (root) => trees.find(root));
      if (kept === null || packed === null) rmSync(join(folder, name), { force: true });
      else this.#begin({ id: name.slice(0, -GLASS_SUFFIX.length), endsMs: kept.endsMs, ...packed });
    }
  }

  /** `fromMs`: where it was just issued, by our clock; else by block time, which may be behind. */
  async #take(id: string, transaction: Bytes, fromMs?: number): Promise<void> {
    const { crypto, node, trees, clock, logger } = this.#options;
    const record = node.read(at(orderKind, parseHex(id)));
    if (record === null || record.status !== 'issued' || this.#deliveries.has(id)) return;
    const { statement, signatures, issuedMs = record.atMs } = record;
    const order = parseOrder(statement);
    const endsMs = (fromMs ?? issuedMs) + order.lifetimeMs;
    if (endsMs <= clock()) return;
    const evidence = await transactionEvidence(node, crypto, transaction);
    const { checkpoint } = parseCheckpointNote(evidence.checkpoint);
    const policy = parsePolicy(crypto, node.policyFileOf(checkpoint.size));
    const issuance = makeIssuance(crypto, { order, statement }, evidence, policy);
    if ('code' in issuance) throw new Error(`what the ledger issued is refused by its own proof: ${issuance.code}`);
    const packed = packOrder(order, { statement, signatures }, issuance, (root) => trees.find(root));
    // It may have been cancelled while the checkpoint was waited for.
    if (node.read(at(orderKind, parseHex(id)))?.status !== 'issued') return;
    if (packed === null)
      return logger.info({ order: id }, 'an order for many devices was drafted at another gateway, which hands it over');
    this.#begin({ id, endsMs, ...packed });
  }

  #begin(parcel: Parcel): void {
    if (this.#isStopped || this.#deliveries.has(parcel.id)) return;
    const delivery = new Delivery(parcel, { ...this.#options, onTrouble: (error) => this.#failed(error) });
    this.#deliveries.set(parcel.id, delivery);
    delivery.run().then(
      () => this.#end(parcel),
      (error: Error) => this.#failed(error),
    );
  }

  /** What ended while this process ends goes on in the next. Whom an order was handed to is remembered for a while. */
  #end({ id }: Parcel): void {
    if (this.#isStopped) return;
    rmSync(join(this.#options.folder, `${id}${GLASS_SUFFIX}`), { force: true });
    for (const [oldest, delivery] of this.#deliveries) {
      if (this.#deliveries.size <= UNDER_WAY_COUNT_MAX) break;
      if (delivery.isOver) this.#deliveries.delete(oldest);
    }
  }

  async #keepGlass(id: string, endsMs: number, { statement, signatures }: SignedStatement): Promise<void> {
    const text = JSON.stringify({
      endsMs,
      statement: toHex(statement),
      signatures: signatures.map(({ key, signature }) => [key, toHex(signature)]),
    });
    await makeSecretFolder(this.#options.folder);
    await writeFileDurably(join(this.#options.folder, `${id}${GLASS_SUFFIX}`), new TextEncoder().encode(text));
  }

  /** An order that cannot be handed over stops nothing else. */
  #failed(error: Error): void {
    if (this.#isStopped) return;
    const code = error instanceof FormatError ? { code: error.code } : {};
    this.#options.logger.error(
      { ...code, error: { message: error.message, stack: error.stack } },
      'an order was not handed over',
    );
  }
}

type Glass = { readonly endsMs: number; readonly order: Order; readonly signed: SignedStatement };

/** Null for a file that cannot be read: the order was handed over once, and can be given again. */
function readGlass(path: string): Glass | null {
  try {
    const json = JSON.parse(readFileSync(path, 'utf8')) as { endsMs: number; statement: string; signatures: [number, string][] };
    const statement = parseHex(json.statement);
    const signatures = json.signatures.map(([key, signature]) => ({ key, signature: parseHex(signature) }));
    return { endsMs: json.endsMs, order: parseOrder(statement), signed: { statement, signatures } };
  } catch (error) {
    if (error instanceof FormatError || error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
