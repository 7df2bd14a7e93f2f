/** What else a device needs of a browser: a counter and a clock, a way to the city, a place for evidence. */

import type { Exchange } from '@oppidum/device/city-client';
import type { Monotonic, TimeSource } from '@oppidum/device/clock';
import type { EvidenceStore } from '@oppidum/device/key-book';
import type { Bytes } from '@oppidum/formats/bytes';
import type { DeviceDatabase } from './database.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_SIZE_MAX = 16 * 1024 * 1024;
/** Browsers coarsen it against attacks on timing (High Resolution Time §9). */
const RESOLUTION_MS = 1;
const SLEEP_MS = 1_000;

/** The counter of this page. It may stand still while the machine sleeps: `sleepWatch` notices. */
export function webMonotonic(): Monotonic {
  return { boot: crypto.randomUUID(), nowMs: () => performance.now(), resolutionMs: RESOLUTION_MS };
}

/** Tells at each call whether the machine seems to have slept, or its clock was set, since the call before: then ask for the time again. */
export function sleepWatch(): () => boolean {
  let offsetMs = Date.now() - performance.now();
  return () => {
    const nowMs = Date.now() - performance.now();
    const hasSlept = Math.abs(nowMs - offsetMs) > SLEEP_MS;
    if (hasSlept) offsetMs = nowMs;
    return hasSlept;
  };
}

/** The machine's own clock, for those who vouch for it. */
export function webTime(errorMs: number): TimeSource {
  return { name: 'machine', ask: () => Promise.resolve({ timeMs: Date.now(), errorMs }) };
}

/** Carries requests by `fetch`, to where the page came from or to who lets it in (CORS). */
export const webExchange: Exchange = async (url, call) => {
  const headers = { accept: call.accept, ...(call.body === undefined ? {} : { 'content-type': call.type }) };
  const body = call.body === undefined ? {} : { body: call.body as BodyInit };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: call.method, headers, signal, credentials: 'omit', redirect: 'error', ...body });
  const parts: Bytes[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
    size += next.value.length;
    if (size > ANSWER_SIZE_MAX) throw new Error(`an answer of more than ${ANSWER_SIZE_MAX} bytes`);
    parts.push(next.value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return { status: response.status, body: whole };
};

/** Keeps evidence of receipt keys in the database. */
export function evidenceStore(database: DeviceDatabase): EvidenceStore {
  return {
    list: async () => (await database.list<Bytes>('evidence')).map(({ key, value }) => ({ name: String(key), evidence: value })),
    write: (name, evidence) => database.write((store) => store('evidence').put(evidence, name)),
  };
}
