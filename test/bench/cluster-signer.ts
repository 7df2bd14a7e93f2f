/** A worker of the cluster's bench: signs one job of `cluster-envelopes.ts`, then ends. */

import { workerData } from 'node:worker_threads';
import { type SigningJob, signEnvelopes } from './cluster-envelopes.ts';

signEnvelopes(workerData as SigningJob);
