/**
 * A key in two places sets its device aside at once: the shard proves it to the ledger by both readings (`device/report-clone`), and from
 * that block on nothing of the device is taken. Readings about people never enter the ledger; their device is suspended by the operator's
 * key (`device/suspend`) where that lies here, else the log of the service says that somebody must do it.
 *
 * What was found before, and was looked at since (the device was suspended once), suspends nothing again: the operator resumed it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type ErrorCode, type Rejection, reject } from '@oppidum/formats/errors';
import { cloneKind, deviceKind, suspensionKind } from '@oppidum/formats/state-devices';
import { type AnyKind, at, prefixRange } from '@oppidum/formats/state-layout';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import type { NodeLink } from '@oppidum/node/client';
import { type CloneFinding, findClones } from './clones.ts';
import type { SubjectKeys } from './subject-keys.ts';
import { type Submission, submitAction } from './transactions.ts';
import type { Vault } from './vault.ts';

export type CloneReportsOptions = Omit<Submission, 'signer' | 'client'> & {
  readonly client: NodeLink;
  readonly vault: Pick<Vault, 'clones' | 'entry'>;
  readonly keys: SubjectKeys;
  /** Any account in force. */
  readonly reporter: TransactionSigner;
  /** With the role operator, or null. */
  readonly operator: TransactionSigner | null;
  /** Told of each report that the ledger refused, and of a clone that nobody here may act on. */
  readonly onRefusal: (refusal: Rejection) => void;
  readonly onFailure: (error: Error) => void;
};

const REASON = 'two readings under one sequence number: its key is in two places';
const RETRY_MS = 1_000;
/** The ledger cannot be asked now. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NODE_SILENT', 'OVERLOADED', 'NOT_READY']);
/** Somebody was quicker, or the device may not send anyway. */
const SETTLED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['CLONE_KNOWN', 'DEVICE_SUSPENDED', 'DEVICE_REVOKED', 'DEVICE_NOT_ACTIVE'] as const),
  ...(['KEY_REVOKED', 'MODEL_REVOKED', 'MANUFACTURER_REVOKED'] as const),
]);

/** Reports what the vault holds and the ledger has not heard. */
export class CloneReports {
  readonly #options: CloneReportsOptions;
  readonly #settled = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #hasNews = false;
  #isClosed = false;

  constructor(options: CloneReportsOptions) {
    this.#options = options;
    for (const clone of this.#find()) if (wasSuspended(options.client, clone.device)) this.#settled.add(nameOf(clone));
    this.news();
  }

  /** Says that the vault has a new clone; returns at once. */
  news(): void {
    this.#hasNews = true;
    if (this.#isClosed || this.#running !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    let isDone = true;
    // What one group found is reported in one go.
    await nextTurn();
    try {
      while (this.#hasNews && isDone) {
        this.#hasNews = false;
        for (const clone of this.#find()) isDone = !this.#isClosed && (await this.#settle(clone)) && isDone;
      }
    } catch (error) {
      this.#isClosed = true;
      this.#options.onFailure(error as Error);
    }
    this.#running = null;
    if (!isDone && !this.#isClosed) this.#timer = setTimeout(() => this.news(), RETRY_MS);
  }

  #find(): readonly CloneFinding[] {
    const { vault, keys } = this.#options;
    return findClones(vault, keys).filter((clone) => !this.#settled.has(nameOf(clone)));
  }

  /** False when it must be tried again. */
  async #settle(clone: CloneFinding): Promise<boolean> {
    const refusal = await this.#report(clone);
    if (refusal !== null && PASSING.has(refusal.code)) return false;
    this.#settled.add(nameOf(clone));
    if (refusal !== null && !SETTLED.has(refusal.code)) this.#options.onRefusal(refusal);
    return true;
  }

  /** Why the device is not suspended by this report, or null. */
  async #report({ device, keyNumber, sequence, report }: CloneFinding): Promise<Rejection | null> {
    const { client, reporter, operator } = this.#options;
    if (client.read(at(deviceKind, device))?.status !== 'active') return reject('DEVICE_NOT_ACTIVE');
    if (client.read(at(cloneKind, device, keyNumber, sequence)) !== null) return reject('CLONE_KNOWN');
    const signer = report === null ? operator : reporter;
    if (signer === null)
      return reject('NOT_AUTHORIZED', { role: 'operator', want: 'suspend a device whose key is in two places' });
    const outcome = await submitAction({ ...this.#options, signer }, report ?? suspension(device));
    return 'refused' in outcome ? outcome.refused : null;
  }
}

function suspension(device: Bytes): Action {
  return {
    kind: 'device/suspend',
    body: new Map<string, Bytes | string>([
      ['id', device],
      ['reason', REASON],
    ]),
  };
}

function wasSuspended(client: Pick<NodeLink, 'scan'>, device: Bytes): boolean {
  const range = prefixRange(suspensionKind as unknown as AnyKind, [device]);
  return !client.scan(range)[Symbol.iterator]().next().done;
}

function nameOf({ device, keyNumber, sequence }: CloneFinding): string {
  return `${toHex(device)}/${keyNumber}/${sequence}`;
}
