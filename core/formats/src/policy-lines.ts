/** The line syntax of policy files (C2SP tlog-policy, "Structure" and "Character set"): octets → lines of items. */

import type { Bytes } from './bytes.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { textOfOctets } from './octets.ts';

/** One line that says something: its number in the file, from 1, and its items. */
export type PolicyLine = { readonly number: number; readonly items: readonly string[] };

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const DELETE = 0x7f;

/** Splits a policy file. Blank and comment lines are left out. Throws TOO_LARGE, POLICY_MALFORMED (a control character). */
export function splitPolicy(file: Bytes): readonly PolicyLine[] {
  if (file.length > LIMITS.policySizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.policySizeMax });
  const lines: PolicyLine[] = [];
  let number = 0;
  for (let start = 0; start < file.length; ) {
    const newline = file.indexOf(NEWLINE, start);
    const end = newline < 0 ? file.length : newline;
    number++;
    const items = splitLine(file.subarray(start, end), number);
    if (items.length > 0) lines.push({ number, items });
    start = end + 1;
  }
  return lines;
}

function splitLine(line: Bytes, number: number): readonly string[] {
  const items: string[] = [];
  let start = -1;
  let isComment = false;
  for (let i = 0; i <= line.length; i++) {
    const octet = line[i] ?? SPACE;
    if ((octet < SPACE && octet !== TAB) || octet === DELETE) {
      throw formatError('POLICY_MALFORMED', { line: number, want: 'no control characters but tab and newline' });
    }
    const isSpace = octet === SPACE || octet === TAB;
    // A hash begins a comment only as the first character of a line that is not whitespace.
    if (octet === HASH && items.length === 0 && start < 0) isComment = true;
    if (isSpace && start >= 0 && !isComment) items.push(textOfOctets(line.subarray(start, i)));
    if (isSpace) start = -1;
    else if (start < 0) start = i;
  }
  return items;
}
