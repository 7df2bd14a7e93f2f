/** The thread behind `account-desk.ts`: what the readings of a zone amount to, counted once, and then it ends. */

import { parentPort, workerData } from 'node:worker_threads';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import type { CabinetAccountJson } from '../api/cabinets.ts';
import type { LightingAccountJson } from '../api/lighting.ts';
import { type Database, openForReading } from '../read-model/database.ts';
import { stepBack } from '../read-model/reading-worker.ts';
import { type AccountSpan, accountZone } from './live-accounts.ts';
import { accountLamps, type LampZone } from './zone-account.ts';

/** Cabinets by their places in the document; `body`: of the document. */
type CabinetTask = { readonly body: Bytes; readonly first: number; readonly end: number; readonly span: AccountSpan };

/** What is counted, by its kind. */
export type AccountTasks = {
  readonly cabinets: { readonly kind: 'cabinets' } & CabinetTask;
  readonly lamps: { readonly kind: 'lamps' } & LampZone;
};
export type Accounts = { readonly cabinets: readonly CabinetAccountJson[]; readonly lamps: LightingAccountJson };

/** What the thread is started with: whoever else imports this file is no such thread. `file`: the read model's. */
export type AccountThread = {
  readonly thread: typeof ACCOUNT_THREAD;
  readonly file: string;
  readonly task: AccountTasks[keyof AccountTasks];
};
export const ACCOUNT_THREAD = 'account for lights';

const started = workerData as Partial<AccountThread> | null;
if (started?.thread === ACCOUNT_THREAD) await work(started as AccountThread);

async function work({ file, task }: AccountThread): Promise<void> {
  stepBack();
  const { database, close } = openForReading(file);
  parentPort?.postMessage(await (task.kind === 'lamps' ? accountLamps(database, task) : accountCabinets(database, task)));
  close();
}

async function accountCabinets(database: Database, { body, first, end, span }: CabinetTask): Promise<Accounts['cabinets']> {
  const document = parseLightingCabinets(body);
  if ('code' in document) throw new Error(`cabinets were set that are refused: ${document.code}`);
  return accountZone(database, { ...document, cabinets: document.cabinets.slice(first, end) }, span);
}
