/** The places of the page, by their ids. Everything shown is text, never markup. */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, type ErrorCode } from '@oppidum/formats/errors';

const READING_COUNT_MAX = 50;

/** The element of an id that the page has. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
}

/** Replaces the text of a place. */
export function show(id: string, text: string): void {
  element(id).textContent = text;
}

/** What is to be done next, with the command for it; null when nothing is. */
export function showNext(text: string | null, command: string): void {
  element('next').hidden = text === null;
  show('next-text', text ?? '');
  show('command', command);
}

/** What is in the way, by its code where it is one of the catalogue, or null. */
export function showTrouble(problem: string | null): void {
  element('problem').hidden = problem === null;
  const isOurs = problem !== null && Object.hasOwn(ERRORS, problem);
  show('problem', isOurs ? `${problem}: ${describeError(problem as ErrorCode)}` : (problem ?? ''));
}

/** A reading by its digest and what became of it; the newest first, some of them. */
export function showReading(digest: string, what: string): void {
  const rows = element<HTMLTableSectionElement>('readings');
  const known = document.getElementById(digest) as HTMLTableRowElement | null;
  const row = known ?? rows.insertRow(0);
  if (known === null) {
    row.id = digest;
    row.insertCell().append(Object.assign(document.createElement('code'), { textContent: digest }));
    row.insertCell();
  }
  const cell = row.cells[1];
  if (cell !== undefined) cell.textContent = what;
  while (rows.rows.length > READING_COUNT_MAX) rows.deleteRow(-1);
}
