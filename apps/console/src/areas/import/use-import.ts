/** The work of an import: the file read, its rows judged here and by the city, and registered by whoever may sign. */

import type { Grade } from '@oppidum/device/actions';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import type { Action } from '@oppidum/formats/transaction';
import type { ModelJson } from '@oppidum/gateway/api-types';
import { type CsvTable, readCsvTable } from '@oppidum/onboarding/csv-table';
import { type Columns, type Field, guessColumns } from '@oppidum/onboarding/device-columns';
import { type DeviceRow, type FailedRow, readDeviceRows } from '@oppidum/onboarding/device-rows';
import { CHECK_PATH, checkRows, NDJSON_TYPE } from '@oppidum/onboarding/ledger-check';
import { registerRows, type Submitted } from '@oppidum/onboarding/registration';
import { useMemo, useRef, useState } from 'react';
import { type ApiProblem, problemOf } from '../../api.ts';
import type { Job } from '../maker/job-progress.tsx';
import { postBytes } from '../maker/post.ts';

export type ChosenFile = { readonly name: string; readonly bytes: Uint8Array };

/** How a file is read; null where the guess stands. */
export type Reading = {
  readonly delimiter: string | null;
  /** −1: no column. */
  readonly columns: Readonly<Partial<Record<Field, number>>>;
  readonly model: string | null;
  readonly grade: Grade;
};

export const FIRST_READING: Reading = { delimiter: null, columns: {}, model: null, grade: 'device' };

export type ReadFile = { readonly table: CsvTable; readonly columns: Columns } | FormatError | null;

/** The table of a file and its columns, or why it is none. */
export function useReadFile(file: ChosenFile | null, { delimiter, columns }: Reading): ReadFile {
  const table = useMemo((): CsvTable | FormatError | null => {
    try {
      return file === null ? null : readCsvTable(file.bytes, delimiter);
    } catch (error) {
      if (error instanceof FormatError) return error;
      throw error;
    }
  }, [file, delimiter]);
  return useMemo(() => {
    if (table === null || table instanceof FormatError) return table;
    const merged = { ...guessColumns(table.header, table.rows), ...columns };
    const said = Object.entries(merged).filter(([, at]) => at >= 0 && at < table.header.length);
    return { table, columns: Object.fromEntries(said) as Columns };
  }, [table, columns]);
}

/** What became of the rows so far. */
export type Outcomes = {
  readonly fresh: readonly DeviceRow[];
  readonly known: readonly DeviceRow[];
  readonly registered: readonly DeviceRow[];
  readonly failed: readonly FailedRow[];
};

export type Work = {
  readonly outcomes: Outcomes | null;
  readonly job: (Job & { readonly kind: 'checking' | 'registering' }) | null;
  readonly end: 'done' | 'stopped' | null;
  readonly problem: ApiProblem | null;
};

const NO_WORK: Work = { outcomes: null, job: null, end: null, problem: null };

export type Importing = Work & {
  readonly forget: () => void;
  readonly check: (table: CsvTable, columns: Columns, how: Reading, models: readonly ModelJson[]) => Promise<void>;
  readonly register: (submit: (actions: readonly Action[]) => Promise<Submitted>) => Promise<void>;
  readonly stop: () => void;
};

/** The state of the work and what can be done. */
export function useImport(): Importing {
  const [work, setWork] = useState<Work>(NO_WORK);
  const isStopped = useRef(false);
  const turn = useRef(0);
  const begin = (kind: 'checking' | 'registering', total: number): ((done: number) => void) => {
    const startMs = performance.now();
    const mine = ++turn.current;
    isStopped.current = false;
    const set = (done: number): void => {
      if (turn.current === mine)
        setWork((before) => ({ ...before, job: { kind, done, total, startMs, nowMs: performance.now(), doneBefore: 0 } }));
    };
    setWork((before) => ({ ...before, end: null, problem: null }));
    set(0);
    return set;
  };
  const check: Importing['check'] = async (table, columns, how, models) => {
    const read = readDeviceRows(nobleCrypto, table, columns, how, models);
    const onDone = begin('checking', read.rows.length);
    const mine = turn.current;
    try {
      const checked = await checkRows(
        read.rows,
        (body) => postBytes(CHECK_PATH, { type: NDJSON_TYPE, accept: NDJSON_TYPE, body }),
        onDone,
      );
      if (turn.current !== mine) return;
      const failed = [...read.failed, ...checked.failed];
      setWork({ ...NO_WORK, outcomes: { fresh: checked.fresh, known: checked.known, registered: [], failed } });
    } catch (error) {
      if (turn.current === mine) setWork({ ...NO_WORK, problem: problemOf(error) });
    }
  };
  const register: Importing['register'] = async (submit) => {
    const rows = work.outcomes?.fresh ?? [];
    const onDone = begin('registering', rows.length);
    let done = 0;
    const move = (count: number, change: (before: Outcomes) => Outcomes): void => {
      done += count;
      setWork((before) => (before.outcomes === null ? before : { ...before, outcomes: change(before.outcomes) }));
      onDone(done);
    };
    try {
      await registerRows(rows, {
        submit,
        onRegistered: (taken) =>
          move(taken.length, (before) => ({ ...leave(before, taken), registered: [...before.registered, ...taken] })),
        onFailed: (refused) =>
          move(refused.length, (before) => ({ ...leave(before, refused), failed: [...before.failed, ...refused] })),
        isStopped: () => isStopped.current,
      });
      setWork((before) => ({ ...before, job: null, end: isStopped.current && done < rows.length ? 'stopped' : 'done' }));
    } catch (error) {
      setWork((before) => ({ ...before, job: null, end: 'stopped', problem: problemOf(error) }));
    }
  };
  return {
    ...work,
    check,
    register,
    forget: () => {
      turn.current++;
      setWork(NO_WORK);
    },
    stop: () => {
      isStopped.current = true;
    },
  };
}

/** Rows that are settled are no longer fresh. */
function leave(before: Outcomes, gone: readonly { readonly line: number }[]): Outcomes {
  const lines = new Set(gone.map(({ line }) => line));
  return { ...before, fresh: before.fresh.filter(({ line }) => !lines.has(line)) };
}
