/** What the kit knows of the city and of the device: addresses, proven receipt keys, and what has become of the device so far. */

import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import type { Policy } from '@oppidum/formats/policy';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { CityJson, DeviceDetailJson, DeviceJson } from '@oppidum/gateway/api-types';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { useEffect, useState } from 'react';
import { ApiProblem, fetchBytes, fetchJson, type Page, problemOf } from '../../api.ts';
import { pinnedPolicy, readPolicy } from '../../pinned-policy.ts';

/** `receiptKeys` null: they could not be proven. `mqtt`: port in the clear, or null. */
export type CityFacts = {
  readonly genesis: string;
  readonly height: number;
  readonly mqttPort: number | null;
  readonly policySha256: string;
  readonly receiptKeys: readonly string[] | null;
};

export type LoadedCity = { readonly facts: CityFacts | null; readonly problem: ApiProblem | null };

const POLL_MS = 2_000;
const FOUND_COUNT = 200;

/** Asks once. */
export function useCityFacts(): LoadedCity {
  const [loaded, setLoaded] = useState<LoadedCity>({ facts: null, problem: null });
  useEffect(() => {
    const stop = new AbortController();
    loadFacts(stop.signal).then(
      (facts) => setLoaded({ facts, problem: null }),
      (error: unknown) => {
        if (!stop.signal.aborted) setLoaded({ facts: null, problem: problemOf(error) });
      },
    );
    return () => stop.abort();
  }, []);
  return loaded;
}

async function loadFacts(signal: AbortSignal): Promise<CityFacts> {
  const city = await fetchJson<CityJson>('/api/v1/city', signal);
  const served = await fetchBytes('/city.policy', 'text/plain', signal);
  const given = pinnedPolicy() ?? readPolicy(new TextDecoder().decode(served));
  if (given === null) throw new ApiProblem('UNREADABLE', 'the policy of this city cannot be read');
  return {
    genesis: city.genesis,
    height: city.height,
    mqttPort: city.mqtt?.port ?? null,
    policySha256: given.sha256,
    receiptKeys: await proveReceiptKeys(given.policy, signal),
  };
}

/** The receipt keys of the shards at work, by evidence under the policy that the device will trust; null where it does not hold. */
async function proveReceiptKeys(policy: Policy, signal: AbortSignal): Promise<readonly string[] | null> {
  const file = await fetchBytes('/api/v1/evidence/state?kind=shard', 'application/cbor', signal);
  const { verdict, facts } = verifyEvidence(nobleCrypto, file, { policy });
  if (verdict !== 'OK' || facts['fact'] !== 'state' || facts['kind'] !== 'shard') return null;
  const records = facts['records'] as unknown as readonly {
    readonly key: readonly string[];
    readonly value: Readonly<Record<string, unknown>>;
  }[];
  const lines = records
    .filter(({ value }) => value['status'] === 'active')
    .map(({ key, value }) => `${key[0]} ${String(value['receiptKey'])}`);
  return lines.length > 0 && lines.every((line) => /^[0-9a-f]{64} [0-9a-f]{64}$/.test(line)) ? lines : null;
}

/** What is looked for: a device by its id, or by its name and type where it came after a height. */
export type Wanted = { readonly id: string } | { readonly label: string; readonly type: string; readonly sinceHeight: number };

export type Found = { readonly device: DeviceDetailJson | null; readonly reading: string | null };

/** The device and its first reading, asked again and again while the page is looked at. Null asks nothing. */
export function useFoundDevice(wanted: Wanted | null): Found {
  const [found, setFound] = useState<Found>({ device: null, reading: null });
  const key = JSON.stringify(wanted);
  useEffect(() => {
    setFound({ device: null, reading: null });
    const asked = JSON.parse(key) as Wanted | null;
    if (asked === null) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const next = document.hidden ? null : await findDevice(asked, stop.signal).catch(() => null);
      if (stop.signal.aborted) return;
      if (next !== null) setFound(next);
      if (next?.reading !== undefined && next.reading !== null) return;
      timer = setTimeout(() => void look(), POLL_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key]);
  return found;
}

async function findDevice(wanted: Wanted, signal: AbortSignal): Promise<Found> {
  const id = 'id' in wanted ? wanted.id : await findId(wanted, signal);
  const device = id === null ? null : await readDevice(id, signal);
  if (device === null) return { device: null, reading: null };
  const { items } = await fetchJson<Page<Pick<ReadingJson, 'id'>>>(`/api/v1/readings?device=${device.id}&limit=1`, signal);
  return { device, reading: items[0]?.id ?? null };
}

async function findId(
  { label, type, sinceHeight }: Exclude<Wanted, { readonly id: string }>,
  signal: AbortSignal,
): Promise<string | null> {
  const query = new URLSearchParams({ type, limit: String(FOUND_COUNT) });
  const { items } = await fetchJson<Page<DeviceJson>>(`/api/v1/devices?${query}`, signal);
  const [newest] = items.filter((device) => device.label === label && device.from > sinceHeight).sort((a, b) => b.from - a.from);
  return newest?.id ?? null;
}

async function readDevice(id: string, signal: AbortSignal): Promise<DeviceDetailJson | null> {
  try {
    return await fetchJson<DeviceDetailJson>(`/api/v1/devices/${id}`, signal);
  } catch (error) {
    if (error instanceof ApiProblem && (error.code === 'DEVICE_UNKNOWN' || error.code === 'NOT_READY')) return null;
    throw error;
  }
}
