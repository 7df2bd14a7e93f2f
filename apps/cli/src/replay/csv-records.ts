/** The records of a CSV file with their line numbers, and what cannot be read of it. */

import { createReadStream } from 'node:fs';
import { CSV_FORM, guessDelimiter } from '@oppidum/onboarding/csv-table';
import { type Options, parse } from 'csv-parse';

/** A part of the file that is left out, and why. */
export type Issue = { readonly line: number; readonly what: string };
export type CsvRecord = { readonly line: number; readonly cells: readonly string[] };

/** Records in order. `delimiter` null: whichever of comma, semicolon, tab and bar stands most often in the first line. */
export async function* readCsv(
  file: string,
  delimiter: string | null,
  onIssue: (issue: Issue) => void,
): AsyncGenerator<CsvRecord> {
  let line = 0;
  const options: Options = {
    bom: true,
    delimiter: delimiter ?? guessDelimiter(await readHead(file)),
    ...CSV_FORM,
    on_skip: (error) => {
      // The parser reads ahead of us and knows better where it is.
      const { lines = line + 1, message = 'no CSV' } = (error ?? {}) as { readonly lines?: number; readonly message?: string };
      onIssue({ line: lines, what: `cannot be read: ${message}` });
      return undefined;
    },
  };
  const parser = createReadStream(file)
    .on('error', (error) => parser.destroy(error))
    .pipe(parse(options));
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
    line = info.lines;
    yield { line, cells: record.map((cell) => cell.trim()) };
  }
}

async function readHead(file: string): Promise<string> {
  const stream = createReadStream(file, { end: 65_535, encoding: 'utf8' });
  let head = '';
  for await (const part of stream as AsyncIterable<string>) head += part;
  return head;
}
