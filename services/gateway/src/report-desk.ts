/**
 * Carries what devices report of themselves to the ledger, by the account that signs the anchors here: a device has none. The ledger judges
 * each report; a dry run of its own rules goes before, so that what would be refused leaves no trace and costs no block.
 */

import { type Bytes, parseHex, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { parseDeviceReport } from '@oppidum/formats/device-report';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import type { Registry } from '@oppidum/ledger/action';
import { tryActions } from '@oppidum/ledger/block';
import type { StateReader } from '@oppidum/ledger/city';
import type { NodeClient } from '@oppidum/node/client';
import { type SubmitOutcome, submitActions } from '@oppidum/telemetry/transactions';

/** Reports under way at once. */
const WAITING_COUNT_MAX = 256;
/** Of one device within a minute: a boot, its attestation, and room for a few mishaps. What is not its own does not count. */
const PER_MINUTE_MAX = 6;
const MINUTE_MS = 60_000;
/** Devices whose last reports are remembered. */
const DEVICE_COUNT_MAX = 65_536;

type DeskOptions = {
  readonly crypto: Crypto;
  readonly registry: Registry;
  readonly node: NodeClient;
  /** The account that carries reports; null where no key for it is here. */
  readonly carrier: TransactionSigner | null;
  readonly randomBytes: (size: number) => Bytes;
  /** POSIX milliseconds, and those of a clock that only rises. */
  readonly clock: () => number;
  readonly now: () => number;
};

/** On the ledger: the transaction that carried it, and its block. */
export type Reported = { readonly transaction: Bytes; readonly height: number };

/** Takes reports from every door. */
export class ReportDesk {
  readonly #options: DeskOptions;
  /** By the bytes of the report: sent again while it is under way, it has one answer. */
  readonly #waiting = new Map<string, Promise<Reported | Rejection>>();
  /** By device (hex): when its last reports came; those heard of last stand last. */
  readonly #recent = new Map<string, readonly number[]>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the report is on the ledger, durably. Refuses, in this order: as `parseDeviceReport`; NOT_READY where no account carries
   * reports; OVERLOADED; what the ledger would say of its actions; RATE_LIMITED; what the ledger says. Never rejects for what comes.
   */
  async take(device: string, message: Bytes): Promise<Reported | Rejection> {
    const actions = openReport(message, parseHex(device));
    if ('code' in actions) return actions;
    const name = toOctets(message);
    const under = this.#waiting.get(name);
    if (under !== undefined) return under;
    const { carrier } = this.#options;
    if (carrier === null) return reject('NOT_READY', { part: 'reports of devices' });
    if (this.#waiting.size >= WAITING_COUNT_MAX) return reject('OVERLOADED', { waiting: this.#waiting.size });
    const refused = this.#wouldRefuse(carrier, actions) ?? this.#checkPace(device);
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

  #checkPace(device: string): Rejection | null {
    const nowMs = this.#options.now();
    const recent = (this.#recent.get(device) ?? []).filter((at) => at > nowMs - MINUTE_MS);
    if (recent.length >= PER_MINUTE_MAX) return reject('RATE_LIMITED', { device, perMinute: PER_MINUTE_MAX });
    this.#recent.delete(device);
    this.#recent.set(device, [...recent, nowMs]);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= DEVICE_COUNT_MAX) break;
      this.#recent.delete(oldest);
    }
    return null;
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
