/** The worker behind `check-pool.ts`: one message of signed readings in, one of findings out. */

import { parentPort } from 'node:worker_threads';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { checkSigned, encodeFindings, parseSignedJobs } from './signed-check.ts';

parentPort?.on('message', (message: Uint8Array) => {
  const findings = encodeFindings(Array.from(parseSignedJobs(message), (job) => checkSigned(nativeCrypto, job)));
  const { outcomes, contentDigests, latestTimesS } = findings;
  parentPort?.postMessage(findings, [outcomes.buffer, contentDigests.buffer, latestTimesS.buffer]);
});
