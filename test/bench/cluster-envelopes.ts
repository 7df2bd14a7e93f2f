/**
 * Envelopes for the bench of a cluster: accounts that follow from one secret, so that whoever has it can sign for any of them, and files
 * of envelopes, (size: u32 ‖ envelope)*, which validators read while they send, so that what waits to be sent takes none of their memory.
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, concatBytes, encodeUint32, readUint32 } from '@oppidum/formats/bytes';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { actionOf, envelopeOf, freshBytes } from '../support/running-city.ts';

/** What a signer signs: `count` envelopes of `actionCount` actions each, into `file`. */
export type SigningJob = {
  readonly file: string;
  readonly genesisHash: Bytes;
  readonly validUntilMs: number;
  /** From which all accounts follow. */
  readonly secret: Bytes;
  readonly accountCount: number;
  /** Number of the first envelope: others sign the rest. */
  readonly from: number;
  readonly count: number;
  readonly actionCount: number;
  /** Creates accounts by this account; without it, accounts add keys to themselves. */
  readonly founder?: { readonly account: Bytes; readonly seed: Bytes };
};

/** So many envelopes lie between two accounts of one key, and neighbours are strangers. */
const STRIDE = 7_919;
const READ_SIZE = 256 * 2 ** 10;
const HEADER_SIZE = 4;

/** Signs a job. */
export function signEnvelopes(job: SigningJob): void {
  const file = openSync(job.file, 'w', 0o600);
  try {
    for (let i = job.from; i < job.from + job.count; i++) {
      const envelope = job.founder === undefined ? addKeys(job, i) : createAccounts(job, job.founder, i);
      writeSync(file, concatBytes(encodeUint32(envelope.length), envelope));
    }
  } finally {
    closeSync(file);
  }
}

/** The envelopes of a file, in order, a little of it in memory at a time. */
export function* readEnvelopes(path: string): Generator<Bytes> {
  const file = openSync(path, 'r');
  try {
    let rest: Bytes = new Uint8Array(0);
    for (;;) {
      const chunk = new Uint8Array(READ_SIZE);
      const size = readSync(file, chunk);
      if (size === 0) return;
      rest = concatBytes(rest, chunk.subarray(0, size));
      let at = 0;
      while (rest.length - at >= HEADER_SIZE) {
        const end = at + HEADER_SIZE + readUint32(rest, at);
        if (end > rest.length) break;
        yield rest.slice(at + HEADER_SIZE, end);
        at = end;
      }
      rest = rest.subarray(at);
    }
  } finally {
    closeSync(file);
  }
}

/** Account number `i`. */
function accountOf(secret: Bytes, i: number): TransactionSigner {
  const follow = (purpose: number): Bytes => nativeCrypto.sha256(concatBytes(secret, Uint8Array.of(purpose), encodeUint32(i)));
  return { account: follow(0), keyNumber: 0, signer: ed25519Signer(follow(1)) };
}

function createAccounts(job: SigningJob, founder: NonNullable<SigningJob['founder']>, i: number): Bytes {
  const first = i * job.actionCount;
  const count = Math.min(job.actionCount, job.accountCount - first);
  const actions = Array.from({ length: count }, (_, j) => {
    const { account, signer } = accountOf(job.secret, first + j);
    const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
    return actionOf('account/create', { id: account, holder: 'person', key, class: 'full' });
  });
  return seal(job, { account: founder.account, keyNumber: 0, signer: ed25519Signer(founder.seed) }, actions);
}

/** Further keys of an account of its own; two records each. */
function addKeys(job: SigningJob, i: number): Bytes {
  const by = accountOf(job.secret, (i * STRIDE) % job.accountCount);
  const actions = Array.from({ length: job.actionCount }, () => {
    const key = { algorithm: -8 as const, publicKey: concatBytes(freshBytes(8), by.signer.publicKey.subarray(8)) };
    return actionOf('account/add-key', { account: by.account, key, class: 'full' });
  });
  return seal(job, by, actions);
}

function seal(job: SigningJob, by: TransactionSigner, actions: readonly ReturnType<typeof actionOf>[]): Bytes {
  const client = { genesisHash: job.genesisHash, head: () => ({ height: 0, timeMs: 0, logSize: 0, appHash: job.genesisHash }) };
  return envelopeOf(client, by, actions, job.validUntilMs);
}
