/** The records of a CSV file with their line numbers, and what cannot be read of it. */

import { createReadStream } from 'node:fs';
import { type Options, parse } from 'csv-parse';

/** A part of the file that is left out, and why. */
export type Issue = { readonly line: number; readonly what: string };
export type CsvRecord = { readonly line: number; readonly cells: readonly string[] };

/** One record of a file cannot be larger. */
const RECORD_SIZE_MAX = 1024 * 1024;
const DELIMITERS: readonly string[] = [',', ';', '\t', '|'];

/** Records in order. `delimiter` null: whichever of comma, semicolon, tab and bar stands most often in the first line. */
export async function* readCsv(
  file: string,
  delimiter: string | null,
  onIssue: (issue: Issue) => void,
): AsyncGenerator<CsvRecord> {
  let line = 0;
  const options: Options = {
    bom: true,
    delimiter: delimiter ?? (await guessDelimiter(file)),
    info: true,
    relax_column_count: true,
    // A stray quote must not swallow the rest of the file: its cell is then judged like any other.
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: RECORD_SIZE_MAX,
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

async function guessDelimiter(file: string): Promise<string> {
  const head = await readHead(file);
  const first = head.split(/\r?\n/, 1)[0] ?? '';
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] as string;
}

async function readHead(file: string): Promise<string> {
  const stream = createReadStream(file, { end: 65_535, encoding: 'utf8' });
  let head = '';
  for await (const part of stream as AsyncIterable<string>) head += part;
  return head;
}
