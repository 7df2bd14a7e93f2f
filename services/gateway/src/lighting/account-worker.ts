/** The thread behind `account-desk.ts`: what the readings of a zone's cabinets amount to, counted once, and then it ends. */

import { parentPort, workerData } from 'node:worker_threads';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { openForReading } from '../read-model/database.ts';
import { stepBack } from '../read-model/reading-worker.ts';
import { type AccountSpan, accountZone } from './live-accounts.ts';

/** What the thread is started with: whoever else imports this file is no such thread. `file`: the read model's; `body`: of the document. */
export type AccountThread = {
  readonly thread: typeof ACCOUNT_THREAD;
  readonly file: string;
  readonly body: Bytes;
  /** Cabinets by their places in the document. */
  readonly first: number;
  readonly end: number;
  readonly span: AccountSpan;
};
export const ACCOUNT_THREAD = 'account for cabinets';

const started = workerData as Partial<AccountThread> | null;
if (started?.thread === ACCOUNT_THREAD) await work(started as AccountThread);

async function work({ file, body, first, end, span }: AccountThread): Promise<void> {
  stepBack();
  const document = parseLightingCabinets(body);
  if ('code' in document) throw new Error(`cabinets were set that are refused: ${document.code}`);
  const { database, close } = openForReading(file);
  const cabinets = document.cabinets.slice(first, end);
  parentPort?.postMessage(await accountZone(database, { ...document, cabinets }, span));
  close();
}
