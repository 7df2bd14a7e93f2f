/**
 * Carries what devices report of themselves to the ledger, by the account that signs the anchors here: a device has none. The ledger judges
 * each report; a dry run of its own rules goes before, so that what would be refused leaves no trace and costs no block.
 */

import { type Bytes, parseHex, toHex, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { parseDeviceReport } from '@oppidum/formats/device-report';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import type { Registry } from '@oppidum/ledger/action';
import { tryActions } from '@oppidum/ledger/block';
import type { StateReader } from '@oppidum/ledger/city';
import type { NodeClient } from '@oppidum/node/client';
import { type SubmitOutcome, submitActions } from '@oppidum/telemetry/transactions';
import type { ReportBudget } from './report-budget.ts';

/** Reports under way at once. */
const WAITING_COUNT_MAX = 256;
/** Codes of a budget that is used up, of one device or of all. */
const LIMITED: ReadonlySet<string> = new Set(['RATE_LIMITED', 'REPORTS_SPENT']);

type DeskOptions = {
  readonly crypto: Crypto;
  readonly registry: Registry;
  readonly node: NodeClient;
  /** The account that carries reports; null where no key for it is here. */
  readonly carrier: TransactionSigner | null;
  readonly randomBytes: (size: number) => Bytes;
  /** POSIX milliseconds. */
  readonly clock: () => number;
  readonly budget: ReportBudget;
  readonly count: (outcome: ReportOutcome) => void;
};

/** What became of a report: on the ledger, refused for what it says, or beyond a budget. */
export type ReportOutcome = 'carried' | 'refused' | 'limited';

/** On the ledger: the transaction that carried it, and its block. */
export type Reported = { readonly transaction: Bytes; readonly height: number };

/** Takes reports from every door. */
export class ReportDesk {
  readonly #options: DeskOptions;
  /** By the bytes of the report: sent again while it is under way, it has one answer. */
  readonly #waiting = new Map<string, Promise<Reported | Rejection>>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the report is on the ledger, durably. Refuses, in this order: as `parseDeviceReport`; NOT_READY where no account carries
   * reports; OVERLOADED; what the ledger would say of its actions; RATE_LIMITED, REPORTS_SPENT as `ReportBudget`; what the ledger says. What
   * is not the device's own does not count. Never rejects for what comes.
   */
  async take(device: string, message: Bytes): Promise<Reported | Rejection> {
    const taken = await this.#take(device, message);
    const isLimited = 'code' in taken && LIMITED.has(taken.code);
    this.#options.count(isLimited ? 'limited' : 'code' in taken ? 'refused' : 'carried');
    return taken;
  }

  async #take(device: string, message: Bytes): Promise<Reported | Rejection> {
    const actions = openReport(message, parseHex(device));
    if ('code' in actions) return actions;
    const name = toOctets(message);
    const under = this.#waiting.get(name);
    if (under !== undefined) return under;
    const { carrier } = this.#options;
    if (carrier === null) return reject('NOT_READY', { part: 'reports of devices' });
    if (this.#waiting.size >= WAITING_COUNT_MAX) return reject('OVERLOADED', { waiting: this.#waiting.size });
    const refused = this.#wouldRefuse(carrier, actions) ?? this.#spend(device);
    if (refused !== null) return refused;
    const work = this.#carry(carrier, actions).finally(() => this.#waiting.delete(name));
    this.#waiting.set(name, work);
    return work;
  }

  #wouldRefuse({ account, keyNumber }: TransactionSigner, actions: readonly Action[]): Rejection | null {
    const { crypto, registry, node } = this.#options;
    const { height, timeMs } = node.head();
    const signers = [{ account, keyNumber, class: 'everyday' }] as const;
    const rules = { crypto, registry, genesis: node.genesisHash };
    return tryActions(rules, readerOf(node), { height: height + 1, timeMs, signers, actions });
  }

  /** After a dry run: the device is on the ledger. */
  #spend(device: string): Rejection | null {
    const { budget, node } = this.#options;
    const model = node.read(at(deviceKind, parseHex(device)))?.model;
    return budget.take({ device, model: model === undefined ? '' : toHex(model) });
  }

  async #carry(signer: TransactionSigner, actions: readonly Action[]): Promise<Reported | Rejection> {
    const { node, clock, randomBytes } = this.#options;
    const outcome: SubmitOutcome = await submitActions({ client: node, signer, clock, randomBytes }, actions);
    return 'refused' in outcome ? outcome.refused : { transaction: outcome.executed.id, height: outcome.executed.height };
  }
}

function openReport(message: Bytes, device: Bytes): readonly Action[] | Rejection {
  try {
    return parseDeviceReport(message, device);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

/** The committed state as the ledger reads it. */
function readerOf(node: Pick<NodeClient, 'scan'>): StateReader {
  const scan = (lo: Bytes, hi: Bytes) => node.scan({ lo, hi });
  const read = (key: Bytes): Bytes | null => {
    for (const { value } of scan(key, key)) return value;
    return null;
  };
  return { read, scan };
}
