/**
 * The bridge that follows a CSV file: each whole line that comes becomes a reading. How far it has read is durable with the reading, so that
 * a restart reports nothing twice and leaves nothing out; a file that became shorter is a new one, and is read from its begin.
 */

import { open } from 'node:fs/promises';
import { FormatError } from '@oppidum/formats/errors';
import type { Bridge } from './bridge.ts';
import { type CsvRow, csvReader } from './csv-rows.ts';
import type { CsvSettings } from './csv-settings.ts';

const CHUNK_SIZE = 1024 * 1024;
const POLL_MS = 500;
const NEWLINE = 0x0a;

/** Follows the file, or standard input, until it ends or is stopped. `done` rejects with CSV_COLUMN_MISSING, and as `open` does. */
export function startCsv(
  bridge: Bridge,
  settings: CsvSettings,
): { readonly done: Promise<void>; readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const work = { bridge, settings, signal };
  const done = settings.file === '-' ? followInput(work) : followFile(work);
  return {
    done,
    stop: async () => {
      stopping.abort();
      await done.catch(() => undefined);
    },
  };
}

type Work = { readonly bridge: Bridge; readonly settings: CsvSettings; readonly signal: AbortSignal };

async function followFile(work: Work): Promise<void> {
  const { bridge, settings, signal } = work;
  const devices = settings.devices.map(({ name }) => bridge.device(name));
  let position = Math.max(0, ...devices.map(({ cursor }) => cursor));
  let read: ((line: string) => CsvRow) | null = null;
  while (!signal.aborted) {
    const file = await openIfThere(settings.file);
    if (file === null) {
      await sleep(signal);
      continue;
    }
    try {
      const { size } = await file.stat();
      if (size < position) {
        bridge.log('trouble', { code: 'CSV_TRUNCATED', size, position });
        position = 0;
        read = null;
      }
      if (read === null) {
        const [header] = await readLines(file, 0);
        if (header !== undefined) read = csvReader(header.text, settings);
        position = Math.max(position, header?.end ?? 0);
      }
      while (read !== null && !signal.aborted) {
        const lines = await readLines(file, position);
        const last = lines.at(-1);
        if (last === undefined) break;
        await report(work, read, lines);
        position = last.end;
      }
    } finally {
      await file.close();
    }
    await sleep(signal);
  }
}

/** A file that is to come is waited for. */
async function openIfThere(path: string): Promise<OpenFile | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

type Line = { readonly text: string; readonly end: number };
type OpenFile = Awaited<ReturnType<typeof open>>;

/** Whole lines from a place on, of one chunk; a line longer than a chunk is cut there, and its parts are no rows. */
async function readLines(file: OpenFile, position: number): Promise<readonly Line[]> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_SIZE), 0, CHUNK_SIZE, position);
  const lines: Line[] = [];
  let at = 0;
  for (let end = buffer.indexOf(NEWLINE, at); end >= 0 && end < bytesRead; end = buffer.indexOf(NEWLINE, at)) {
    lines.push({ text: buffer.toString('utf8', at, end).replace(/\r$/, ''), end: position + end + 1 });
    at = end + 1;
  }
  if (lines.length === 0 && bytesRead === CHUNK_SIZE) lines.push({ text: buffer.toString('utf8'), end: position + CHUNK_SIZE });
  return lines;
}

/** Row by row, each durable before the next: the newest durable cursor has nothing undone before it. A full outbox is waited for. */
async function report(work: Work, read: (line: string) => CsvRow, lines: readonly Line[]): Promise<void> {
  const { bridge, signal } = work;
  for (const { text, end } of lines) {
    for (let isDone = text.trim() === ''; !isDone; ) {
      try {
        await reportRow(work, read(text), end);
        isDone = true;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        bridge.log('trouble', { code: error.code, byte: end });
        isDone = error.code !== 'OUTBOX_FULL';
        if (!isDone) await sleep(signal);
        if (!isDone && signal.aborted) throw error;
      }
    }
  }
}

async function reportRow({ bridge, settings }: Work, { device, timeMs, values }: CsvRow, cursor: number): Promise<void> {
  if (values.length === 0) return;
  const sender = bridge.device(device);
  if (timeMs === null) await sender.measure(values, { cursor });
  else {
    const clockErrorMs = settings.time?.errorMs ?? 0;
    const records = values.map((value) => ({ ...value, timeMs }));
    await sender.report(records, { clockErrorMs, cursor });
  }
}

async function followInput(work: Work): Promise<void> {
  const { settings, signal } = work;
  let read: ((line: string) => CsvRow) | null = null;
  let rest = '';
  signal.addEventListener('abort', () => process.stdin.destroy());
  for await (const part of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const text = line.replace(/\r$/, '');
      if (read === null) read = csvReader(text, settings);
      else await report(work, read, [{ text, end: 0 }]);
    }
    if (rest.length > CHUNK_SIZE) rest = '';
  }
  if (read !== null && rest.trim() !== '') await report(work, read, [{ text: rest, end: 0 }]);
}

function sleep(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, POLL_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
