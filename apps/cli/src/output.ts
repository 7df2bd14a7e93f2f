/** What a command says: data on standard output, everything else on standard error; in color only where a person reads it. */

import { describeFailure } from './failure.ts';

export type OutputOptions = {
  /** JSON for programs: one document on standard output, stable in its names. */
  readonly json: boolean;
  /** One record per line, tabs between fields, no header: for grep, cut and awk. */
  readonly plain: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
};

/** A column of a table: its heading and the text of a row. */
export type Column<T> = { readonly heading: string; readonly text: (row: T) => string };

type Style = 'green' | 'amber' | 'red' | 'bold' | 'dim';

/** SGR parameters (ECMA-48 §8.3.117). */
const SGR: Readonly<Record<Style, string>> = { green: '32', amber: '33', red: '31', bold: '1', dim: '2' };

/** Where a command writes. */
export class Output {
  readonly options: OutputOptions;

  constructor(options: OutputOptions) {
    this.options = options;
  }

  /** A line of data. */
  line(text = ''): void {
    process.stdout.write(`${text}\n`);
  }

  /** The whole answer as JSON: two-space indent, one newline at the end. */
  json(value: unknown): void {
    process.stdout.write(`${escapeUnseen(JSON.stringify(value, null, 2))}\n`);
  }

  /** A record of a list as one line of JSON, for programs that read while it grows. */
  jsonLine(value: unknown): void {
    process.stdout.write(`${escapeUnseen(JSON.stringify(value))}\n`);
  }

  /** Something to know that is no data: on standard error, silent with --quiet. */
  note(text: string): void {
    if (!this.options.quiet) process.stderr.write(`${printableLines(text)}\n`);
  }

  /** Details for whoever asked for them with --verbose. */
  detail(text: string): void {
    if (this.options.verbose) process.stderr.write(`${printableLines(text)}\n`);
  }

  /** Rows under headings, aligned; with --plain tab-separated and without headings. */
  table<T>(rows: readonly T[], columns: readonly Column<T>[]): void {
    const cells = rows.map((row) => columns.map(({ text }) => printable(text(row))));
    if (this.options.plain) {
      for (const row of cells) this.line(row.join('\t'));
      return;
    }
    const headings = columns.map(({ heading }) => heading);
    const widths = headings.map((heading, i) => Math.max(heading.length, ...cells.map((row) => (row[i] as string).length)));
    const align = (row: readonly string[]): string =>
      row
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd();
    this.line(this.paint('dim', align(headings)));
    for (const row of cells) this.line(align(row));
  }

  /** Names and values, one pair per line; null and undefined are left out. */
  fields(pairs: readonly (readonly [name: string, value: string | number | boolean | null | undefined])[], indent = ''): void {
    const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
    const width = Math.max(0, ...shown.map(([name]) => name.length));
    for (const [name, value] of shown) {
      const text = printable(String(value));
      this.line(this.options.plain ? `${name}\t${text}` : `${indent}${name.padEnd(width)}  ${text}`);
    }
  }

  /** The text in a style, where standard output is a terminal that wants it. */
  paint(style: Style, text: string): string {
    return this.options.plain || !wantsColor(process.stdout) ? text : `\u001b[${SGR[style]}m${text}\u001b[0m`;
  }
}

/** NO_COLOR (no-color.org), FORCE_COLOR, and terminals that can show nothing but text. */
function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== '') return true;
  return stream.isTTY === true && TERM !== 'dumb';
}

/**
 * Beyond ASCII: C1 controls, separators of lines, what turns the direction of the text around it (Unicode UAX #9 §2), so that a label
 * could make a line read as its opposite, and whatever else leaves no mark, by which two names could look the same.
 */
const UNSEEN = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** The text with these as escapes; in JSON the value stays the same (RFC 8259 §7). */
function escapeUnseen(text: string): string {
  return text.replaceAll(UNSEEN, (character) => character.split('').map(escapeUnit).join(''));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Characters from outside that would move the cursor of whoever reads, or turn the text around, are shown as escapes. */
export function printable(text: string): string {
  return escapeUnseen(Array.from(text, (character) => (character < ' ' ? escapeUnit(character) : character)).join(''));
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Tells standard error how a command failed and returns the exit code. With --json as one JSON line. */
export function printFailure(error: unknown, options: { readonly json: boolean; readonly verbose: boolean }): number {
  const { exitCode, code, text, traceId } = describeFailure(error);
  if (options.json) {
    process.stderr.write(`${escapeUnseen(JSON.stringify({ error: { code, message: text, exitCode, traceId } }))}\n`);
    return exitCode;
  }
  process.stderr.write(`oppidum: ${printable(text)}\n`);
  if (options.verbose) {
    if (code !== null)
      process.stderr.write(`code ${printable(code)}${traceId === null ? '' : `, trace ${printable(traceId)}`}\n`);
    if (error instanceof Error && code === null && error.stack !== undefined)
      process.stderr.write(`${printableLines(error.stack)}\n`);
  }
  return exitCode;
}
