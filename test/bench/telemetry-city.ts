/** A city in a process of its own with enrolled devices, and a process that sends their readings: what the telemetry benches share. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { enrolDevices } from '@oppidum/device/enrol';
import type { Bytes } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { admitMaker, CityProcess } from '../support/city-process.ts';
import { freshBytes } from '../support/running-city.ts';
import type { LoadReport, LoadRequest } from './telemetry-sender.ts';

const SENDER = fileURLToPath(new URL('./telemetry-sender.ts', import.meta.url));

/** The seeds of the devices are known to whoever sends for them. */
export type BenchCity = {
  readonly city: CityProcess;
  /** Its data folder. */
  readonly data: string;
  readonly audience: Bytes;
  readonly seeds: readonly Bytes[];
};

/** Starts a city in a fresh folder, enrols devices, calls `use`, ends and removes everything. */
export async function withBenchCity<T>(deviceCount: number, use: (city: BenchCity) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-bench-'));
  const data = join(folder, 'city');
  const city = await CityProcess.start(data);
  try {
    const { api, records, manufacturer, maker } = await admitMaker(city, data);
    const seeds = Array.from({ length: deviceCount }, () => freshBytes(32));
    const model = { id: freshBytes(32), name: 'Meter 1', deviceType: 'meter', personal: false, simulated: true };
    const devices = seeds.map((seed) => {
      const signer = ed25519Signer(seed);
      return { id: deviceIdOf(nativeCrypto, signer.publicKey), model: model.id, signer, grade: 'device' as const };
    });
    await enrolDevices({ api, records, manufacturer, maker, models: [model], devices });
    return await use({ city, data, audience: records.audience, seeds });
  } finally {
    await city.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Signs everything first, in a process of its own, and sends it from there. */
export async function runLoad(request: LoadRequest, say: (text: string) => void): Promise<LoadReport> {
  const sender = fork(SENDER, [], { serialization: 'advanced', execArgv: ['--expose-gc'] });
  try {
    const ended = once(sender, 'exit').then(([code]) => {
      throw new Error(`the sender ended with ${code}`);
    });
    ended.catch(() => undefined);
    const next = async <R>(): Promise<R> => (await Promise.race([once(sender, 'message'), ended]))[0] as R;
    sender.send(request);
    const { sizeEach } = await next<{ readonly sizeEach: number }>();
    say(`${request.door}: signed, ${Math.round(sizeEach)} bytes each`);
    sender.send('go');
    const report = await next<LoadReport>();
    if (report.refused > 0) throw new Error(`${report.refused} readings were not kept`);
    return report;
  } finally {
    sender.kill();
  }
}

/** Processor time of the city's process until now, its threads included: what a reading costs, whoever else uses the machine. */
export async function cityCpuS({ http }: CityProcess): Promise<number> {
  const metrics = await (await fetch(`${http}/metrics`)).text();
  return Number(/^process_cpu_seconds_total ([0-9.e+]+)/m.exec(metrics)?.[1]);
}

/** Entries of shard 0 as the city says. */
export async function shardSize({ http }: CityProcess): Promise<{ readonly size: number; readonly behindReadings: number }> {
  const city = (await (await fetch(`${http}/api/v1/city`)).json()) as {
    readonly shards: readonly { readonly size: number }[];
    readonly readModel: { readonly behindReadings: number };
  };
  return { size: city.shards[0]?.size ?? 0, behindReadings: city.readModel.behindReadings };
}
