/** The worker behind `check-pool.ts`: one message of envelopes in, one of findings out. */

import { parentPort } from 'node:worker_threads';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { checkEnvelopes, parseJobs } from './envelope-check.ts';

parentPort?.on('message', (message: Uint8Array) => {
  const { audience, jobs } = parseJobs(message);
  const findings = checkEnvelopes(nativeCrypto, audience, jobs, jobs.length);
  parentPort?.postMessage(findings, [findings.buffer]);
});
