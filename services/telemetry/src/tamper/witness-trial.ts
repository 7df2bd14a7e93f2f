/** A witness as `oppidum witness` runs it, that saw a log when it was honest and is then asked to cosign what became of it. */

import { mkdirSync } from 'node:fs';
import { ed25519Signer, generateSeed } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import type { Policy } from '@oppidum/formats/policy';
import { parseVerifierKey } from '@oppidum/formats/verifier-key';
import { openWitnessSeed, Witness } from '@oppidum/node/witness';
import { WitnessClient, type WitnessedLog } from '@oppidum/node/witness-client';
import { serveWitness, type WitnessServer } from '@oppidum/node/witness-server';

export type WitnessTrialOptions = {
  /** Of its state. */
  readonly folder: string;
  /** Which logs it watches, and whose quorum must stand on their heads. */
  readonly policy: Policy;
  readonly name: string;
  readonly crypto: Crypto;
};

/** One witness behind its HTTP face, and its client. */
export class WitnessTrial {
  readonly #server: WitnessServer;
  readonly #client: WitnessClient;

  private constructor(server: WitnessServer, client: WitnessClient) {
    this.#server = server;
    this.#client = client;
  }

  /** Starts it on a free port of this machine. */
  static async open({ folder, policy, name, crypto }: WitnessTrialOptions): Promise<WitnessTrial> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const signer = ed25519Signer(await openWitnessSeed(folder, generateSeed));
    const nowS = (): number => Math.floor(Date.now() / 1_000);
    const witness = Witness.open({ folder, policy, crypto, signer, name, nowS });
    const onFault = (error: Error): void => void process.stderr.write(`${error.message}\n`);
    const server = await serveWitness({ witness, host: '127.0.0.1', port: 0, onFault });
    const key = parseVerifierKey(crypto, witness.verifierKey);
    return new WitnessTrial(server, new WitnessClient({ url: `http://127.0.0.1:${server.port}`, key, crypto }));
  }

  /** Asks for a cosignature; null when it gave one. */
  async ask(note: Bytes, log: WitnessedLog): Promise<Rejection | null> {
    const answer = await this.#client.cosign(note, log);
    return 'code' in answer ? answer : null;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
