/** What a running city counts, from two looks at its metrics: rates are of now, totals since its process began. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { CityCalls } from './api.ts';

/** Since the start of the process, and per second between the two looks. */
export type Counters = {
  readonly perSecond: number;
  readonly kept: number;
  readonly refused: number;
  /** Not taken for now: they come again. */
  readonly passing: number;
  /** Requests and packets refused, by code, the most frequent first. */
  readonly refusedByCode: readonly (readonly [code: string, count: number])[];
  /** Bytes of memory, connections of devices. */
  readonly memorySize: number;
  readonly connections: number;
  /** Whether the broker is there that was named; null without one. */
  readonly broker: boolean | null;
  /** Readings whose key was destroyed, of all time. */
  readonly erased: number;
};

const LOOK_MS = 1_000;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (\S+)/;

/** Looks twice, a second apart; null where this caller may not see metrics. */
export async function readCounters(calls: CityCalls): Promise<Counters | null> {
  try {
    const first = parseMetrics(await readText(calls));
    const begunMs = performance.now();
    await sleep(LOOK_MS);
    const second = parseMetrics(await readText(calls));
    return count(first, second, (performance.now() - begunMs) / 1_000);
  } catch {
    return null;
  }
}

async function readText(calls: CityCalls): Promise<string> {
  return new TextDecoder().decode(await calls.bytes('/metrics', 'text/plain'));
}

type Sample = { readonly name: string; readonly labels: string; readonly value: number };

/** The samples of a Prometheus text. */
export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value: Number(value) }];
  });
}

/** What two looks say, so many seconds apart. */
export function count(first: readonly Sample[], second: readonly Sample[], seconds: number): Counters {
  const total = (samples: readonly Sample[], metric: string, label = ''): number =>
    samples.filter(({ name, labels }) => name === metric && labels.includes(label)).reduce((sum, { value }) => sum + value, 0);
  const readings = (outcome: string): number => total(second, 'oppidum_readings_total', `outcome="${outcome}"`);
  const came = total(second, 'oppidum_readings_total') - total(first, 'oppidum_readings_total');
  const refusedByCode = second
    .filter(({ name, value }) => name === 'oppidum_requests_refused_total' && value > 0)
    .map(({ labels, value }) => [/code="([^"]*)"/.exec(labels)?.[1] ?? '', value] as const)
    .sort((a, b) => b[1] - a[1]);
  const broker = second.find(({ name }) => name === 'oppidum_mqtt_broker_connected');
  return {
    perSecond: Math.max(0, Math.round(came / seconds)),
    kept: readings('kept'),
    refused: readings('refused'),
    passing: readings('passing'),
    refusedByCode,
    memorySize: total(second, 'process_resident_memory_bytes'),
    connections: total(second, 'oppidum_mqtt_connections'),
    broker: broker === undefined ? null : broker.value === 1,
    erased: total(second, 'oppidum_readings_erased_total'),
  };
}
