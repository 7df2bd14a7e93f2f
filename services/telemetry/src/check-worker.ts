/** The worker behind `check-pool.ts`: one message of envelopes in, one of findings out. */

import { parentPort, workerData } from 'node:worker_threads';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { checkEnvelopes, parseJobs } from './envelope-check.ts';

/** What the thread of a check pool is started with: whoever else imports this file is no such thread. */
export const CHECK_THREAD = 'check envelopes';

if (workerData === CHECK_THREAD) parentPort?.on('message', check);

function check(message: Uint8Array): void {
  const { audience, jobs } = parseJobs(message);
  const findings = checkEnvelopes(nativeCrypto, audience, jobs, jobs.length);
  parentPort?.postMessage(findings, [findings.buffer]);
}
