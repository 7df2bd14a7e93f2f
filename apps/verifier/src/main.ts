/**
 * The offline verifier: one page that asks nobody. It takes a policy and evidence by file, drop or paste, and says what is proven.
 * Built by tools/pages.ts into one HTML file; the same code judges here and on the command line.
 */

import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { pageCrypto as crypto } from '@oppidum/formats/page-crypto';
import { element, quoted } from '@oppidum/pages/elements';
import type { LanguageCode } from '@oppidum/pages/languages';
import { bytesView, reportView, stepsView } from '@oppidum/pages/report-view';
import { at, offerLanguages, preferredLanguage, putSentences } from '@oppidum/pages/single-page';
import { headsOf, verifyFile } from '@oppidum/proofs/verify-file';
import { looksLikePolicy, readEvidenceText, readSuccessorTexts } from './given.ts';
import { type Belief, believe } from './judge.ts';
import { layout } from './layout.ts';
import { forgetPolicy, recallHeads, recallPolicy, recallSuccessors, rememberHead, rememberPolicy } from './memory.ts';
import { arabic } from './texts/ar.ts';
import { english } from './texts/en.ts';
import { estonian } from './texts/et.ts';
import type { Sentences } from './texts/sentences.ts';
import { chinese } from './texts/zh.ts';

const SENTENCES: Readonly<Record<LanguageCode, Sentences>> = { en: english, et: estonian, zh: chinese, ar: arabic };

/** What was given so far. Problems are sentences of the page by name. */
type Given = {
  policy: Bytes | null;
  isRemembered: boolean;
  isStorageBlocked: boolean;
  successors: readonly Bytes[];
  evidence: Bytes | null;
  problem: { readonly sentence: keyof Sentences; readonly detail: string } | null;
};

const given: Given = {
  policy: null,
  isRemembered: false,
  isStorageBlocked: false,
  successors: [],
  evidence: null,
  problem: null,
};
let language = preferredLanguage();

const sentencesHere = (): Sentences => SENTENCES[language.code];

/** Puts the sentences of the language in place; what the page holds as answers is drawn by `show`. */
function speak(): void {
  putSentences(language, sentencesHere());
  show();
}

function show(): void {
  const belief = given.policy === null ? null : believe(crypto, given.policy, given.successors);
  at('policy-state').replaceChildren(policyState(belief));
  at('forget').hidden = !given.isRemembered;
  at('remember').hidden = belief === null || 'problem' in belief || given.isRemembered;
  at('verdict').replaceChildren(...answer(belief));
}

function policyState(belief: Belief | null): HTMLElement {
  const sentences = sentencesHere();
  if (belief === null) return element('p', { class: 'hint' }, sentences.noPolicy);
  if ('problem' in belief) {
    const steps = belief.report === undefined ? [] : [stepsView(belief.report.steps, language.words)];
    const detail = element('span', { lang: 'en', dir: 'ltr' }, quoted(belief.detail));
    return element('div', { class: 'problem' }, element('p', {}, `${sentences[belief.problem]}: `, detail), ...steps);
  }
  const notes: HTMLElement[] = [];
  if (belief.followedCount > 0) notes.push(element('p', {}, `${sentences.successorsFollowed}: ${belief.followedCount}`));
  if (given.isRemembered) notes.push(element('p', { class: 'hint' }, sentences.remembered));
  if (given.isStorageBlocked) notes.push(element('p', { class: 'hint' }, sentences.storageBlocked));
  return element(
    'div',
    {},
    element('p', {}, `${sentences.policyOf} `, element('strong', {}, quoted(belief.origin))),
    element('p', { class: 'digest' }, `${sentences.policyDigest}: `, element('code', {}, belief.sha256)),
    element('p', { class: 'hint' }, sentences.policyCompare),
    ...notes,
  );
}

function answer(belief: Belief | null): readonly HTMLElement[] {
  const sentences = sentencesHere();
  if (given.problem !== null) {
    const { sentence, detail } = given.problem;
    return [element('p', { class: 'problem' }, `${sentences[sentence] as string} `, detail)];
  }
  if (given.evidence === null) return [element('p', { class: 'hint' }, sentences.noEvidence)];
  if (belief === null || 'problem' in belief) return [element('p', { class: 'hint' }, sentences.noPolicy)];
  const policy = new TextDecoder().decode(given.policy ?? new Uint8Array(0));
  const seen = given.isRemembered ? recallHeads(policy) : [];
  const { report, range } = verifyFile(crypto, given.evidence, { ...belief.trust, seen });
  const notes: HTMLElement[] = [];
  if (given.isRemembered && report.color !== 'red') {
    const heads = headsOf(given.evidence);
    const [size, newest] = [Math.max(...heads.map((head) => head.size)), seen.at(-1)?.size ?? 0];
    // Evidence that was kept is older than what came after it: worth knowing, and no reason to refuse.
    if (heads.length > 0 && size < newest)
      notes.push(element('p', { class: 'hint' }, `${sentences.olderHead} (${size} < ${newest})`));
    for (const head of heads.filter((each) => each.size >= newest)) rememberHead(policy, head);
  }
  const bytes = bytesView(given.evidence, toHex(crypto.sha256(given.evidence)), language.words);
  return [...notes, reportView(report, language, range), bytes];
}

/** Null, with the problem noted, where the file is too large or cannot be read. */
async function readFile(file: File): Promise<Bytes | null> {
  if (file.size > 2 * LIMITS.evidenceSizeMax) {
    given.problem = { sentence: 'tooLarge', detail: '' };
    return null;
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    given.problem = { sentence: 'fileUnreadable', detail: '' };
    return null;
  }
}

function takePolicy(file: Bytes): void {
  given.policy = file;
  given.successors = [];
  given.isRemembered = false;
}

async function takeFile(file: File | undefined, take: (bytes: Bytes) => void): Promise<void> {
  if (file === undefined) return;
  given.problem = null;
  const bytes = await readFile(file);
  if (bytes !== null) take(bytes);
  show();
}

const takeEvidence = (bytes: Bytes): void => {
  given.evidence = bytes;
};

function takeEvidenceText(text: string): void {
  given.problem = null;
  if (text.trim() === '') given.evidence = null;
  else {
    const read = readEvidenceText(crypto, text);
    given.evidence = 'file' in read ? read.file : null;
    if ('problem' in read) {
      const detail = read.count === undefined ? '' : `${read.have}/${read.count} (− ${read.missing?.join(', ')})`;
      given.problem = { sentence: read.problem, detail };
    }
  }
  show();
}

function takeSuccessorText(text: string): void {
  const read = readSuccessorTexts(crypto, text);
  given.problem = 'problem' in read ? { sentence: read.problem, detail: '' } : null;
  given.successors = 'files' in read ? read.files : [];
  given.isRemembered = false;
  show();
}

async function takeSuccessors(files: readonly File[]): Promise<void> {
  given.problem = null;
  const read = await Promise.all(files.map(readFile));
  given.successors = read.filter((file) => file !== null);
  given.isRemembered = false;
  show();
}

async function takeDropped(files: readonly File[]): Promise<void> {
  given.problem = null;
  for (const file of files) {
    const bytes = await readFile(file);
    if (bytes === null) continue;
    if (looksLikePolicy(bytes)) takePolicy(bytes);
    else takeEvidence(bytes);
  }
  show();
}

function onInput(id: string, take: (input: HTMLInputElement) => void): void {
  at<HTMLInputElement>(id).addEventListener('change', (event) => take(event.target as HTMLInputElement));
}

function listen(): void {
  onInput('policy-file', ({ files }) => void takeFile(files?.[0], takePolicy));
  onInput('evidence-file', ({ files }) => void takeFile(files?.[0], takeEvidence));
  onInput('successor-files', ({ files }) => void takeSuccessors([...(files ?? [])]));
  at<HTMLTextAreaElement>('policy-text').addEventListener('input', ({ target }) => {
    const text = (target as HTMLTextAreaElement).value;
    if (text.trim() === '') given.policy = null;
    else takePolicy(encodeUtf8(text));
    show();
  });
  at<HTMLTextAreaElement>('evidence-text').addEventListener('input', ({ target }) =>
    takeEvidenceText((target as HTMLTextAreaElement).value),
  );
  at<HTMLTextAreaElement>('successor-text').addEventListener('input', ({ target }) =>
    takeSuccessorText((target as HTMLTextAreaElement).value),
  );
  at('remember').addEventListener('click', () => {
    const text = new TextDecoder().decode(given.policy ?? new Uint8Array(0));
    given.isRemembered = rememberPolicy(text, given.successors);
    given.isStorageBlocked = !given.isRemembered;
    show();
  });
  at('forget').addEventListener('click', () => {
    forgetPolicy();
    given.isRemembered = false;
    show();
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    void takeDropped([...(event.dataTransfer?.files ?? [])]);
  });
}

function begin(): void {
  document.body.append(...layout());
  offerLanguages(language, (chosen) => {
    language = chosen;
    speak();
  });
  const remembered = recallPolicy();
  if (remembered !== null) {
    given.policy = encodeUtf8(remembered);
    given.successors = recallSuccessors();
    given.isRemembered = true;
  }
  listen();
  speak();
}

begin();
