/** What the page answers: the judgement of a request in words, the open key, the signed answer. */

import type { PinnedCity } from '@oppidum/formats/account-key';
import { type Bytes, encodeBase64, toHex } from '@oppidum/formats/bytes';
import { describeError, type FormatError, type Rejection } from '@oppidum/formats/errors';
import { element, quoted } from '@oppidum/pages/elements';
import type { LanguageCode } from '@oppidum/pages/languages';
import { type ActView, describeAct, type Part, timeText } from '@oppidum/signing/describe-act';
import type { Judgement } from '@oppidum/signing/judge-request';
import { ACT_WORDS } from '@oppidum/signing/words/all';
import type { ProblemCode, Sentences } from './texts/sentences.ts';

/** The sentences of the page and the language that they are in. */
export type Speech = { readonly sentences: Sentences; readonly code: LanguageCode };

/** Why something was refused, in the page's language where it has words for the code; always with the code. */
export function problemView({ code, details }: Rejection | FormatError, { sentences }: Speech): HTMLElement {
  const isOurs = Object.hasOwn(sentences.problems, code);
  const text = isOurs
    ? element('span', {}, sentences.problems[code as ProblemCode])
    : element('span', { lang: 'en', dir: 'ltr' }, quoted(describeError(code, details)));
  return element('p', { class: 'problem' }, text, ' ', element('code', {}, code));
}

/** Names and values. */
export function factsView(facts: readonly (readonly [name: string, value: Node])[]): HTMLElement {
  const rows = facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
  return element('dl', { class: 'facts' }, ...rows);
}

/** A value that breaks where the line ends and reads from left to right. */
export function codeText(text: string): HTMLElement {
  return element('code', { dir: 'ltr' }, text);
}

/** What would be signed, and whether it may be. `city`: what the signer trusts, and whether the key file itself names it. */
export function judgementView(
  judgement: Judgement,
  city: { readonly known: PinnedCity | null; readonly isOfKey: boolean },
  speech: Speech,
): readonly HTMLElement[] {
  const { sentences, code } = speech;
  const { acts, names, refusals } = judgement;
  const views = acts.map((act) => actView(describeAct(act, ACT_WORDS[code], names), speech, act.kind === 'proposal/create'));
  const parts = [
    cityView(judgement, city, sentences),
    element('h3', {}, sentences.actsHeading),
    element('ol', { class: 'acts' }, ...views),
  ];
  if (refusals.length > 0)
    parts.push(
      element(
        'div',
        { class: 'refused red', role: 'alert' },
        element('p', {}, element('strong', {}, sentences.refusedHeading)),
        ...refusals.map((refusal) => problemView(refusal, speech)),
      ),
    );
  return parts;
}

function cityView(
  { request, id, asked, validFromMs, time, refusals }: Judgement,
  { known, isOfKey }: { readonly known: PinnedCity | null; readonly isOfKey: boolean },
  sentences: Sentences,
): HTMLElement {
  const { city, validUntil } = request.transaction;
  const isKnown = known !== null && !refusals.some((refusal) => refusal.code === 'WRONG_CITY');
  const name = isKnown ? [quoted(known.origin.split('/')[0] ?? ''), ' '] : [];
  const confirmation = isKnown ? [element('p', { class: 'good' }, isOfKey ? sentences.cityPinned : sentences.cityGiven)] : [];
  const validity = sentences.validity
    .replace('{from}', isolated(timeText(validFromMs)))
    .replace('{to}', isolated(timeText(validUntil)));
  const warning = time === 'now' ? [] : [element('p', { class: 'warning' }, sentences[time])];
  const keys = asked === null ? request.keys : [asked];
  return factsView([
    [sentences.city, element('div', {}, ...name, codeText(toHex(city)), ...confirmation)],
    ...keys.map(
      ({ account, keyNumber }) =>
        [
          sentences.signsFor,
          element('div', {}, codeText(toHex(account)), element('p', {}, `${sentences.keyNumber}: ${keyNumber}`)),
        ] as const,
    ),
    [sentences.when, element('div', {}, element('p', {}, validity), ...warning)],
    [sentences.transactionId, codeText(toHex(id))],
  ]);
}

/** Reads from left to right within any sentence (Unicode UAX #9: LRI, PDI). */
function isolated(text: string): string {
  return `\u2066${text}\u2069`;
}

function actView({ sentence, risk, rows, inner }: ActView, speech: Speech, isWritten: boolean): HTMLElement {
  const { sentences } = speech;
  const facts = rows.map(({ label, value, isFile }) => {
    const shown = isFile ? element('pre', { dir: 'ltr', tabindex: '0' }, value.text) : partView(value, sentences);
    return [label, shown] as const;
  });
  const parts: HTMLElement[] = [element('p', { class: 'sentence' }, ...sentence.map((part) => partView(part, sentences)))];
  if (risk !== null) parts.push(element('p', { class: 'risk' }, element('strong', {}, sentences.dangerous), ' ', risk));
  if (facts.length > 0) parts.push(factsView(facts));
  if (inner === null) parts.push(element('p', { class: 'problem' }, sentences.proposalUnknown));
  else if (inner.length > 0) {
    parts.push(element('p', { class: 'inner' }, isWritten ? sentences.proposalWould : sentences.proposalDoes));
    parts.push(element('ol', { class: 'acts' }, ...inner.map((each) => actView(each, speech, false))));
  }
  return element('li', {}, ...parts);
}

function partView(part: Part, sentences: Sentences): Node {
  if (part.kind === 'words') return document.createTextNode(part.text);
  const isId = /^[0-9a-f]{64,}$/.test(part.text);
  const value = isId ? codeText(part.text) : element('span', { class: 'value' }, quoted(part.text));
  if (part.name === null) return value;
  // What a choice means is ours; what an id is called is somebody's.
  if (!isId) return element('span', {}, value, ` (${part.name})`);
  return element('span', {}, value, ` (${sentences.named} `, quoted(part.name), ')');
}

/** The signed answer: a file to save, its text, its QR codes. `codes`: pictures and the texts in them. */
export function answerView(
  answer: Bytes,
  codes: readonly { readonly text: string; readonly picture: string }[],
  missingCount: number,
  fileName: string,
  { sentences }: Speech,
): HTMLElement {
  const text = element('textarea', {
    id: 'answer-text',
    readonly: true,
    rows: '5',
    dir: 'ltr',
    'aria-label': sentences.answerText,
  });
  text.value = codes.length === 0 ? encodeBase64(answer) : codes.map((code) => code.text).join('\n');
  const pictures = codes.map(({ picture }, i) =>
    element(
      'li',
      {},
      element('img', { src: picture, alt: `${i + 1} / ${codes.length}` }),
      element('p', {}, `${i + 1} / ${codes.length}`),
    ),
  );
  const others =
    missingCount === 0 ? [] : [element('p', { class: 'warning' }, sentences.othersSign.replace('{count}', String(missingCount)))];
  return element(
    'section',
    { class: 'card', id: 'answer', 'aria-labelledby': 'answer-heading' },
    element('h2', { id: 'answer-heading', tabindex: '-1' }, sentences.answerHeading),
    element('p', { class: 'help' }, sentences.answerHelp),
    ...others,
    element('p', {}, saveLink(answer, fileName, sentences.saveAnswer, 'save-answer')),
    element('label', { class: 'field' }, element('span', {}, sentences.answerText), text),
    element('h3', {}, sentences.answerCodes),
    element('ol', { class: 'codes' }, ...pictures),
  );
}

/** A link that saves bytes as a file. */
export function saveLink(bytes: Bytes, fileName: string, text: string, id: string): HTMLElement {
  const href = URL.createObjectURL(new Blob([Uint8Array.from(bytes)], { type: 'application/octet-stream' }));
  return element('a', { id, href, download: fileName, class: 'save' }, text);
}
