/** A city as its own process, as people run it, in a folder of the test: started, killed, started again on the same ports. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { readSeed } from '@oppidum/device/key-file';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, parseHex } from '@oppidum/formats/bytes';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { SERVICE_NODE_FLAGS } from '@oppidum/gateway/node-flags';
import { freshBytes } from './running-city.ts';

const GATEWAY = fileURLToPath(import.meta.resolve('@oppidum/gateway/main'));

/** A running process of a city with its addresses. */
export class CityProcess {
  readonly http: string;
  readonly mqtt: string;
  readonly #child: ChildProcess;
  readonly #log: readonly string[];

  private constructor(child: ChildProcess, log: readonly string[], http: string, mqtt: string) {
    this.#child = child;
    this.#log = log;
    this.http = http;
    this.mqtt = mqtt;
  }

  /** Starts the city of a folder, founding it where the folder is empty; port 0 takes any; `before` goes before its command line. Rejects with its log when it does not come up. */
  static async start(
    data: string,
    ports: { readonly http: number; readonly mqtt: number } = { http: 0, mqtt: 0 },
    flags: readonly string[] = [],
    before: { readonly command: readonly string[]; readonly environment: NodeJS.ProcessEnv } = { command: [], environment: {} },
  ): Promise<CityProcess> {
    const args = [
      '--data',
      data,
      '--found',
      'test.oppidum.example',
      '--port',
      String(ports.http),
      '--mqtt-port',
      String(ports.mqtt),
      // Never the port behind, which somebody else may have.
      '--mqtts-port',
      '0',
      ...flags,
    ];
    const node = [process.execPath, ...SERVICE_NODE_FLAGS];
    const [program, ...words] = [...before.command, ...node, GATEWAY, ...args] as [string, ...string[]];
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...before.environment } });
    const log: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
    for await (const line of createInterface({ input: child.stdout })) {
      const { http, mqtt } = JSON.parse(line) as { readonly http: string; readonly mqtt: string };
      return new CityProcess(child, log, http, mqtt);
    }
    throw new Error(`the city did not start: ${log.join('')}`);
  }

  /** Of the process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote to standard error. */
  get log(): string {
    return this.#log.join('');
  }

  /** Its exit code when it ended by itself, else null. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Ends the process, by SIGKILL as a power cut would or by SIGTERM as a person does, and waits until it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }

  /** Starts it again on the same ports. */
  again(data: string): Promise<CityProcess> {
    return CityProcess.start(data, { http: Number(new URL(this.http).port), mqtt: Number(new URL(this.mqtt).port) });
  }
}

/** A maker of devices on the ledger of a running city, with what a device needs to trust it. */
export type TestMaker = {
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly manufacturer: Bytes;
  readonly maker: TransactionSigner;
};

/** Admits a manufacturer with the keys of the operator in the data folder; the operator's account acts for it. */
export async function admitMaker(city: CityProcess, data: string): Promise<TestMaker> {
  const api = new CityApi(city.http);
  const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(join(data, 'city.policy'))), api);
  const { operator } = JSON.parse(readFileSync(join(data, 'keys', 'accounts.json'), 'utf8')) as { readonly operator: string };
  const signer = ed25519Signer(readSeed(join(data, 'keys', 'operator.seed')));
  const maker = { account: parseHex(operator, 32), keyNumber: 0, signer };
  const manufacturer = freshBytes(32);
  const { code } = await api.submit(
    makeTransaction(records.audience, [createManufacturer(manufacturer, 'Test maker', maker.account)], [maker]),
  );
  if (code !== 'OK') throw new Error(`the manufacturer was refused: ${code}`);
  return { api, records, manufacturer, maker };
}

/** A reading as the city lists it; `id` is the digest. */
export type ListedReading = {
  readonly id: string;
  readonly device: string;
  readonly sequence: number;
  readonly recordCount: number;
  readonly anchored: boolean;
};

/** Every reading that the city lists, through all pages. */
export async function listReadings(http: string): Promise<ListedReading[]> {
  const found: ListedReading[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${http}/api/v1/readings?limit=500${query}`);
    const page = (await answer.json()) as { readonly items: ListedReading[]; readonly next: string | null };
    found.push(...page.items);
    cursor = page.next;
  }
  return found;
}

/** Asks until it is so; throws after two minutes, with what `explain` says. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, explain = (): string => ''): Promise<void> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > 120_000) throw new Error(`waited too long until ${what} ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
