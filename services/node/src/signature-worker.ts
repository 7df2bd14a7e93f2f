/** The worker behind `signature-verifier.ts`: one message of jobs in, one byte per job out. */

import { parentPort } from 'node:worker_threads';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseJobs, verifyJob } from './signature-verifier.ts';

parentPort?.on('message', (message: Uint8Array) => {
  const answers = Array.from(parseJobs(message), (job) => (verifyJob(nativeCrypto, job) ? 1 : 0));
  parentPort?.postMessage(Uint8Array.from(answers));
});
