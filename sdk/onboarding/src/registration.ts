/** Registers the devices of many rows, hundreds in one signed transaction; whoever signs is its caller's matter. */

import { registerDevices } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { ErrorDetails } from '@oppidum/formats/errors';
import type { Action } from '@oppidum/formats/transaction';
import type { DeviceRow, FailedRow } from './device-rows.ts';
import { refusedRow } from './ledger-check.ts';

/** Devices in one transaction: with the longest labels it stays below the size of one. */
const BATCH_COUNT = 500;

/** How the ledger ended a transaction. */
export type Submitted = { readonly code: string; readonly details: ErrorDetails };

export type RegistrationHost = {
  /** Signs the actions as one transaction and submits it. What it throws ends the registration. */
  readonly submit: (actions: readonly Action[]) => Promise<Submitted>;
  /** After each answer. */
  readonly onRegistered: (rows: readonly DeviceRow[]) => void;
  readonly onFailed: (rows: readonly FailedRow[]) => void;
  /** Asked before each transaction: true ends it there, and what is done stays done. */
  readonly isStopped: () => boolean;
};

/** Batch by batch, all rows of a model together, until done or stopped. */
export async function registerRows(rows: readonly DeviceRow[], host: RegistrationHost): Promise<void> {
  for (const group of Map.groupBy(rows, ({ device }) => toHex(device.model)).values()) {
    for (let at = 0; at < group.length; at += BATCH_COUNT) {
      const left = await registerBatch(group.slice(at, at + BATCH_COUNT), host);
      if (left === 'stopped') return;
      // What is refused for no row of its own is refused for all of this model: nobody asks twenty times.
      if (left !== 'done') {
        host.onFailed([...left.rows, ...group.slice(at + BATCH_COUNT)].map((row) => refusedRow(row, left.code)));
        break;
      }
    }
  }
}

type Left = 'done' | 'stopped' | { readonly rows: readonly DeviceRow[]; readonly code: string };

/** A row that the ledger names in its refusal is taken out, and the rest is sent again. */
async function registerBatch(batch: readonly DeviceRow[], host: RegistrationHost): Promise<Left> {
  let rows = batch;
  while (rows.length > 0) {
    if (host.isStopped()) return 'stopped';
    const [first] = rows as readonly [DeviceRow];
    const { code, details } = await host.submit([
      registerDevices(
        first.device.model,
        rows.map(({ device }) => device),
      ),
    ]);
    if (code === 'OK') {
      host.onRegistered(rows);
      return 'done';
    }
    const position = details['position'];
    const refused = typeof position === 'number' ? rows[position] : undefined;
    if (refused === undefined) return { rows, code };
    host.onFailed([refusedRow(refused, code)]);
    rows = rows.filter((row) => row !== refused);
  }
  return 'done';
}
