/** What the ledger would say of each row, asked of the city before anybody signs: POST /api/v1/devices:import?dryRun=true (NDJSON). */

import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { DeviceRow, FailedRow } from './device-rows.ts';
import { rowProblem } from './row-problems.ts';

export const CHECK_PATH = '/api/v1/devices:import?dryRun=true';
export const NDJSON_TYPE = 'application/x-ndjson';
/** Rows of one question. */
const CHECK_COUNT = 1_000;

/** Sends NDJSON to `CHECK_PATH`; its answer. */
type AskCity = (body: Uint8Array) => Promise<string>;

export type CheckedRows = {
  /** The ledger would take them now. */
  readonly fresh: readonly DeviceRow[];
  /** On the ledger before, with the same model. */
  readonly known: readonly DeviceRow[];
  readonly failed: readonly FailedRow[];
};

/** Asks of all rows, so many at a time; `onDone` after each time, and an end where `isStopped` says so. Throws CITY_ANSWER_INVALID, and as `ask` does. */
export async function checkRows(
  rows: readonly DeviceRow[],
  ask: AskCity,
  onDone: (count: number) => void = () => undefined,
): Promise<CheckedRows> {
  const [fresh, known, failed]: [DeviceRow[], DeviceRow[], FailedRow[]] = [[], [], []];
  for (let at = 0; at < rows.length; at += CHECK_COUNT) {
    const part = rows.slice(at, at + CHECK_COUNT);
    const answers = readAnswers(await ask(questionOf(part)), part.length);
    for (const [i, row] of part.entries()) {
      const { state, code } = answers[i] as Answer;
      if (state === 'new') fresh.push(row);
      else if (state === 'registered') known.push(row);
      else failed.push(refusedRow(row, code));
    }
    onDone(at + part.length);
  }
  return { fresh, known, failed };
}

/** The row with the code that the ledger has for it. */
export function refusedRow({ line, cells, id }: DeviceRow, code: string): FailedRow {
  const problem = code === 'DEVICE_EXISTS' ? rowProblem('otherModel') : rowProblem('refused', { code });
  return { line, cells, id, problem };
}

function questionOf(rows: readonly DeviceRow[]): Uint8Array {
  const lines = rows.map(({ device: { signer, model, grade, label } }) =>
    JSON.stringify({
      publicKey: toHex(signer.publicKey),
      model: toHex(model),
      grade,
      ...(label === undefined ? {} : { label }),
    }),
  );
  return encodeUtf8(`${lines.join('\n')}\n`);
}

type Answer = { readonly state: 'new' | 'registered' | 'refused'; readonly code: string };

function readAnswers(text: string, count: number): readonly Answer[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const answers = lines.map(readAnswer);
  if (answers.length !== count) throw formatError('CITY_ANSWER_INVALID', { want: count, got: answers.length });
  return answers;
}

function readAnswer(line: string): Answer {
  const { state, code } = parseObject(line);
  if (state !== 'new' && state !== 'registered' && state !== 'refused')
    throw formatError('CITY_ANSWER_INVALID', { want: 'a state' });
  return { state, code: typeof code === 'string' && /^[A-Z_]{3,64}$/.test(code) ? code : 'UNKNOWN' };
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw formatError('CITY_ANSWER_INVALID', { want: 'NDJSON' });
}
