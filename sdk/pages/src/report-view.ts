/** A report as people read it: the verdict in one sentence, what to do, the steps, what is proven, and last the bytes. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Report, Step } from '@oppidum/proofs/report';
import type { RangeFindings } from '@oppidum/proofs/verify-complete-range';
import { element, quoted } from './elements.ts';
import type { Language } from './languages.ts';
import type { FactName, StepName, Words } from './words/words.ts';

type Facts = Report['facts'];
type Json = Facts[string];
type Gap = RangeFindings['gaps'][number];

/** Rows of records that are shown; a pack may hold thousands. */
const RECORDS_SHOWN_MAX = 200;
const BYTES_A_LINE = 16;
/** Of the bytes, so much is shown. */
const BYTES_SHOWN_MAX = 65_536;
const MARKS = { passed: '✓', failed: '✗', noted: '•' } as const;
const ICONS = { green: '✓', amber: '!', red: '✗' } as const;

/** A verdict in words. `action` is null where there is nothing to do. */
type Said = { readonly color: Report['color']; readonly code: string; readonly means: string; readonly action: string | null };

/** What is said of a report; of a proven range, whether it leaves something open. The command line has the same codes. */
function verdictOf(report: Report, words: Words, range: RangeFindings | null = null): Said {
  const { verdict, color } = report;
  if (range === null || color !== 'green')
    return { color, code: verdict, ...words.verdicts[verdict], ...(verdict === 'OK' ? { action: null } : {}) };
  if (range.isComplete) return { color, code: 'COMPLETE', means: words.range.complete, action: null };
  return { color: 'amber', code: 'INCOMPLETE', means: words.range.incomplete, action: words.range.action };
}

/** The verdict, its steps and its facts; `range`: what was found of a range of readings, null where the file is none. */
export function reportView(report: Report, { words, tag }: Language, range: RangeFindings | null = null): HTMLElement {
  const { color, code, means, action } = verdictOf(report, words, range);
  const head = element(
    'div',
    { class: `verdict ${color}` },
    element('span', { class: 'icon', 'aria-hidden': 'true' }, ICONS[color]),
    element(
      'div',
      {},
      element('p', { class: 'word' }, element('strong', {}, words.colors[color]), ' ', element('code', {}, code)),
      element('p', { class: 'means' }, stop(means, tag)),
      ...(action === null ? [] : [element('p', {}, `${words.whatToDo} `, ...withCode(stop(action, tag)))]),
    ),
  );
  const parts = [head, stepsView(report.steps, words)];
  if (Object.keys(report.facts).length > 0) parts.push(factsView(report.facts, words));
  return element('div', { class: 'report' }, ...parts);
}

/** A sentence of ours in which commands stand between backticks. */
function withCode(sentence: string): readonly (Node | string)[] {
  const parts = sentence.split('`');
  return parts.map((part, place) => (place % 2 === 0 ? part : element('code', { dir: 'ltr' }, part)));
}

function stop(sentence: string, tag: string): string {
  return tag.startsWith('zh') ? `${sentence}。` : `${sentence}.`;
}

/** The details are the verifier's own English, the same as on the command line. */
export function stepsView(steps: readonly Step[], words: Words): HTMLElement {
  const rows = steps.map(({ name, outcome, detail }) =>
    element(
      'li',
      { class: outcome },
      element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[outcome]),
      element(
        'div',
        {},
        element('strong', {}, words.steps[name as StepName] ?? name),
        ` (${words.outcomes[outcome]}) `,
        element('span', { class: 'detail', lang: 'en', dir: 'ltr' }, quoted(detail)),
      ),
    ),
  );
  return element(
    'section',
    {},
    element('h3', {}, words.stepsHeading),
    element('p', { class: 'help' }, words.stepsNote),
    element('ol', { class: 'steps' }, ...rows),
  );
}

function factsView(facts: Facts, words: Words): HTMLElement {
  const section = element('section', {}, element('h3', {}, words.factsHeading));
  const list = element('dl', { class: 'facts' });
  const { records, ...others } = facts;
  for (const [name, value] of Object.entries(others)) {
    // `found` says it in the reader's words.
    if (name === 'fact' || name === 'answer' || value === null || value === undefined) continue;
    list.append(element('dt', {}, words.facts[name as FactName] ?? name), element('dd', {}, factText(name, value, words)));
  }
  section.append(list);
  if (Array.isArray(records) && records.length > 0) section.append(recordsView(facts, records as readonly Facts[], words));
  return section;
}

function factText(name: string, value: Json, words: Words): Node {
  if (typeof value === 'boolean') return document.createTextNode(value ? words.yes : words.no);
  if (name === 'clockErrorMs' && typeof value === 'number') return quoted(`± ${value / 1_000} s`);
  if (name.endsWith('Ms') && typeof value === 'number') return timeOf(value);
  if (name === 'found') return document.createTextNode(words.found[value as keyof Words['found']]);
  if (name === 'gaps')
    return quoted((value as unknown as readonly Gap[]).map(({ first, last }) => `${first}–${last}`).join(', ') || '–');
  if (name === 'grade') {
    const grades: Readonly<Record<string, string>> = words.grades;
    return document.createTextNode(grades[String(value)] ?? String(value));
  }
  return quoted(Array.isArray(value) ? value.map(String).join(', ') : String(value));
}

function timeOf(timeMs: number): Node {
  const isTime = Math.abs(timeMs) <= 8.64e15;
  return quoted(isTime ? new Date(timeMs).toISOString() : String(timeMs));
}

function recordsView({ fact, device }: Facts, records: readonly Facts[], words: Words): HTMLElement {
  const shown = records.slice(0, RECORDS_SHOWN_MAX);
  const rows = fact === 'reading' ? shown.map((record) => readingRow(record, String(device))) : shown.map(recordRow);
  const headings = fact === 'reading' ? [words.time, words.sensor, words.value] : [words.facts.records];
  const table = element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...headings.map((heading) => element('th', { scope: 'col' }, heading)))),
    element('tbody', {}, ...rows),
  );
  const more = records.length > shown.length ? [element('p', {}, `${shown.length} / ${records.length}`)] : [];
  return element('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': words.facts.records }, table, ...more);
}

function readingRow({ name, unit, timeS, value, sum }: Facts, device: string): HTMLElement {
  const sensor = String(name).replace(`urn:oppidum:${device}:`, '');
  const amount = `${value === null || value === undefined ? '' : String(value)}${unit === null ? '' : ` ${String(unit)}`}`;
  const text = sum === undefined ? amount : `${amount} (Σ ${String(sum)})`;
  return element(
    'tr',
    {},
    element('td', {}, timeOf(Math.round(Number(timeS) * 1_000))),
    element('td', {}, quoted(sensor)),
    element('td', {}, quoted(text)),
  );
}

function recordRow(record: Facts): HTMLElement {
  return element('tr', {}, element('td', {}, element('code', {}, quoted(JSON.stringify(record)))));
}

/** The bytes that were judged, as a hexadecimal listing. */
export function bytesView(file: Bytes, sha256: string, words: Words): HTMLElement {
  const lines: string[] = [];
  const shown = file.subarray(0, BYTES_SHOWN_MAX);
  for (let at = 0; at < shown.length; at += BYTES_A_LINE) lines.push(hexLine(shown, at));
  if (shown.length < file.length) lines.push('…');
  return element(
    'details',
    {},
    element('summary', {}, `${words.bytesHeading} (${file.length} ${words.sizeBytes})`),
    element('p', { class: 'digest' }, 'SHA-256 ', element('code', {}, sha256)),
    element('pre', { tabindex: '0', dir: 'ltr' }, lines.join('\n')),
  );
}

function hexLine(bytes: Bytes, at: number): string {
  const line = [...bytes.subarray(at, at + BYTES_A_LINE)];
  const digits = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = line.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
  return `${at.toString(16).padStart(6, '0')}  ${digits.padEnd(3 * BYTES_A_LINE - 1)}  ${text}`;
}
