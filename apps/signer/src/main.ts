/**
 * The offline signing page: one HTML file that asks nobody. It takes a signing request, says what would be signed as the bytes say it,
 * opens a key file and signs. There is no button for what it cannot read to its last field. Built by tools/pages.ts.
 */

import { type PinnedCity, pinCity } from '@oppidum/formats/account-key';
import { type Bytes, encodeUtf8, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { FormatError, formatError, orNull, type Rejection } from '@oppidum/formats/errors';
import { encodeEvidenceCodes, isEvidenceCode } from '@oppidum/formats/evidence-codes';
import { LIMITS } from '@oppidum/formats/limits';
import { pageCrypto as crypto } from '@oppidum/formats/page-crypto';
import { requireAnswer, signAnswer } from '@oppidum/formats/signed-answer';
import { element, quoted } from '@oppidum/pages/elements';
import type { LanguageCode } from '@oppidum/pages/languages';
import { at, offerLanguages, preferredLanguage, putSentences } from '@oppidum/pages/single-page';
import { readGivenText } from '@oppidum/signing/given-text';
import { type Judgement, judgeRequest } from '@oppidum/signing/judge-request';
import { lockKey, looksLocked, unlockKey } from '@oppidum/signing/locked-key';
import { nobleSigner } from '@oppidum/signing/noble-signer';
import { codePicture } from './code-picture.ts';
import { layout } from './layout.ts';
import { arabic } from './texts/ar.ts';
import { english } from './texts/en.ts';
import { estonian } from './texts/et.ts';
import type { Sentences } from './texts/sentences.ts';
import { chinese } from './texts/zh.ts';
import { answerView, codeText, factsView, judgementView, problemView, type Speech, saveLink } from './views.ts';

const SENTENCES: Readonly<Record<LanguageCode, Sentences>> = { en: english, et: estonian, zh: chinese, ar: arabic };
/** More codes than this nobody scans; the file and the text remain. */
const CODE_COUNT_MAX = 24;

/** An open key: its seed is only within the signer. */
type OpenKey = { readonly signer: Signer; readonly account: Bytes | null; readonly city: PinnedCity | null };

/** What was given so far. */
type Given = {
  request: Bytes | null;
  missing: { readonly have: number; readonly count: number; readonly missing: readonly number[] } | null;
  requestProblem: Rejection | 'fileUnreadable' | null;
  keyFile: Bytes | null;
  key: OpenKey | null;
  keyProblem: Rejection | 'fileUnreadable' | null;
  isOpening: boolean;
  policy: Bytes | null;
};

const given: Given = {
  request: null,
  missing: null,
  requestProblem: null,
  keyFile: null,
  key: null,
  keyProblem: null,
  isOpening: false,
  policy: null,
};
let language = preferredLanguage();

const speech = (): Speech => ({ sentences: SENTENCES[language.code], code: language.code });

/** Puts the sentences of the language in place; what the page holds as answers is drawn by `show`. */
function speak(): void {
  putSentences(language, SENTENCES[language.code]);
  show();
}

/** Draws everything anew. An answer that was given for something else is gone. */
function show(): void {
  at('answer-place').replaceChildren();
  at('request-state').replaceChildren(...requestState());
  at('key-state').replaceChildren(...keyState());
  at('close-key').hidden = given.key === null;
  at('key-form').hidden = given.key !== null;
  at('policy').hidden = given.key !== null && given.key.city !== null;
  at('policy-state').replaceChildren(...policyState());
  at('new-city').textContent = newCityText();
  showJudgement();
}

function showJudgement(): void {
  const { sentences } = speech();
  const place = at('judgement-state');
  at('sign').hidden = true;
  if (given.request === null) {
    place.replaceChildren(element('p', { class: 'hint' }, sentences.noRequest));
    return;
  }
  try {
    const judgement = judge(given.request);
    const city = { known: trustedCity(), isOfKey: given.key !== null && given.key.city !== null };
    const hint = given.key === null ? [element('p', { class: 'hint' }, sentences.needKey)] : [];
    place.replaceChildren(...judgementView(judgement, city, speech()), ...hint);
    at('sign').hidden = !mayBeSigned(judgement);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    place.replaceChildren(element('p', {}, element('strong', {}, sentences.unreadable)), problemView(error, speech()));
  }
}

function judge(request: Bytes): Judgement {
  const { key } = given;
  const atHand = key === null ? null : { publicKey: key.signer.publicKey, account: key.account };
  return judgeRequest(crypto, request, { city: trustedCity(), key: atHand, nowMs: Date.now() });
}

function mayBeSigned({ asked, refusals }: Judgement): boolean {
  return given.key !== null && asked !== null && refusals.length === 0;
}

/** What the key file names counts alone; else the policy that was given beside it. */
function trustedCity(): PinnedCity | null {
  return given.key?.city ?? givenCity();
}

function givenCity(): PinnedCity | null {
  const { policy } = given;
  return policy === null ? null : orNull(() => pinCity(crypto, policy));
}

function requestState(): readonly HTMLElement[] {
  const { sentences } = speech();
  const { requestProblem, missing } = given;
  if (requestProblem === 'fileUnreadable') return [element('p', { class: 'problem' }, sentences.fileUnreadable)];
  if (requestProblem !== null) return [problemView(requestProblem, speech())];
  if (missing === null) return [];
  return [
    element(
      'p',
      { class: 'warning' },
      `${sentences.partsMissing} ${missing.have}/${missing.count} (− ${missing.missing.join(', ')})`,
    ),
  ];
}

function keyState(): readonly HTMLElement[] {
  const { sentences } = speech();
  const { key, keyFile, keyProblem, isOpening } = given;
  if (isOpening) return [element('p', { class: 'hint' }, sentences.opening)];
  if (keyProblem === 'fileUnreadable') return [element('p', { class: 'problem' }, sentences.fileUnreadable)];
  if (keyProblem !== null) return [problemView(keyProblem, speech())];
  if (key === null) return keyFile === null ? [] : [element('p', { class: 'hint' }, sentences.keyChosen)];
  const account = key.account === null ? element('span', {}, sentences.keyNoAccount) : codeText(toHex(key.account));
  const city = key.city === null ? element('span', { class: 'warning' }, sentences.keyNoCity) : quoted(key.city.origin);
  return [
    element('p', { class: 'good' }, sentences.keyOpen),
    factsView([
      [sentences.publicKey, codeText(toHex(key.signer.publicKey))],
      [sentences.keyAccount, account],
      [sentences.keyCity, city],
    ]),
  ];
}

function policyState(): readonly HTMLElement[] {
  const { sentences } = speech();
  if (given.policy === null) return [];
  const city = givenCity();
  if (city === null) return [element('p', { class: 'problem' }, sentences.policyBad)];
  return [
    factsView([
      [sentences.policyOf, quoted(city.origin)],
      [sentences.policyDigest, codeText(toHex(crypto.sha256(given.policy)))],
    ]),
    element('p', { class: 'hint' }, sentences.policyCompare),
  ];
}

function newCityText(): string {
  const { sentences } = speech();
  const city = givenCity();
  return city === null ? sentences.newNoPolicy : `${sentences.newPolicy} ${city.origin.split('/')[0] ?? ''}`;
}

/** Signs what is shown, by the key that is open. */
function sign(): void {
  const { key, request: file } = given;
  if (key === null || file === null) return;
  const judgement = judge(file);
  const { request, asked } = judgement;
  if (!mayBeSigned(judgement) || asked === null) return;
  const answer = signAnswer(request, { account: asked.account, keyNumber: asked.keyNumber, signer: key.signer });
  const { id, missing } = requireAnswer(crypto, request, answer);
  const texts = encodeEvidenceCodes(crypto, answer);
  const shown = texts.length > CODE_COUNT_MAX ? [] : texts;
  const codes = shown.map((text) => ({ text, picture: codePicture(text) }));
  const view = answerView(answer, codes, missing.length, `${toHex(id).slice(0, 12)}.answer`, speech());
  at('answer-place').replaceChildren(view);
  at('answer-heading').focus();
}

async function openKey(): Promise<void> {
  const field = at<HTMLInputElement>('passphrase');
  const { keyFile } = given;
  if (keyFile === null || given.isOpening) return;
  given.keyProblem = null;
  given.isOpening = true;
  show();
  await painted();
  try {
    const { seed, account, policy } = await unlockKey(keyFile, field.value);
    const city = policy === undefined ? null : pinCity(crypto, policy);
    given.key = { signer: nobleSigner(seed), account: account ?? null, city };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    given.keyProblem = error;
  } finally {
    field.value = '';
    given.isOpening = false;
  }
  show();
}

/** Opening keeps the page busy: what it says is drawn before. */
function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
}

async function makeKey(): Promise<void> {
  const { sentences } = speech();
  const place = at('new-state');
  const [passphrase, repeat] = [at<HTMLInputElement>('new-passphrase'), at<HTMLInputElement>('new-repeat')];
  const account = at<HTMLInputElement>('new-account').value.trim();
  const say = (text: string): void => place.replaceChildren(element('p', { class: 'problem' }, text));
  if (passphrase.value !== repeat.value) return say(sentences.passphrasesDiffer);
  if (account !== '' && !/^[0-9a-f]{64}$/.test(account)) return say(sentences.accountInvalid);
  place.replaceChildren(element('p', { class: 'hint' }, sentences.making));
  await painted();
  const policy = givenCity() === null ? null : given.policy;
  const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  try {
    const known = { ...(account === '' ? {} : { account: parseHex(account) }), ...(policy === null ? {} : { policy }) };
    const text = await lockKey({ seed, ...known }, passphrase.value);
    const publicKey = toHex(nobleSigner(seed).publicKey);
    place.replaceChildren(
      element('p', {}, saveLink(encodeUtf8(text), `${publicKey.slice(0, 12)}.key`, sentences.saveKey, 'save-key')),
      element('p', { class: 'good' }, sentences.newMade),
      codeText(publicKey),
    );
    passphrase.value = '';
    repeat.value = '';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    place.replaceChildren(problemView(error, speech()));
  } finally {
    seed.fill(0);
  }
}

function takeRequest(file: Bytes): void {
  given.missing = null;
  given.requestProblem = null;
  given.request = file;
}

function takeRequestText(text: string): void {
  given.request = null;
  given.missing = null;
  given.requestProblem = null;
  if (text.trim() === '') return;
  try {
    const read = readGivenText(crypto, text);
    if ('file' in read) takeRequest(read.file);
    else given.missing = { have: read.count - read.missing.length, ...read };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    given.requestProblem = error;
  }
}

function takeKeyFile(file: Bytes): void {
  given.keyFile = file;
  given.keyProblem = looksLocked(file) ? null : formatError('ACCOUNT_KEY_INVALID');
}

function takePolicy(policy: Bytes | null): void {
  given.policy = policy;
}

/** Gives a chosen or dropped file to whom it is for, and draws. */
async function takeFile(
  file: File | undefined,
  take: (bytes: Bytes) => void,
  refuse: (why: Rejection | 'fileUnreadable') => void,
): Promise<void> {
  if (file === undefined) return;
  try {
    if (file.size > LIMITS.signingRequestSizeMax) refuse(formatError('TOO_LARGE', { max: LIMITS.signingRequestSizeMax }));
    else take(new Uint8Array(await file.arrayBuffer()));
  } catch {
    refuse('fileUnreadable');
  }
  show();
}

const refuseRequest = (why: Rejection | 'fileUnreadable'): void => {
  given.request = null;
  given.requestProblem = why;
};
const refuseKey = (why: Rejection | 'fileUnreadable'): void => {
  given.keyFile = null;
  given.keyProblem = why;
};

/** A dropped file says by its beginning what it is. */
function takeDropped(bytes: Bytes): void {
  const start = new TextDecoder().decode(bytes.subarray(0, 4_096));
  if (looksLocked(bytes)) takeKeyFile(bytes);
  else if (isEvidenceCode(start.trimStart())) takeRequestText(parseUtf8(bytes));
  else if (/^(log|witness|group|quorum) /m.test(start)) takePolicy(bytes);
  else takeRequest(bytes);
}

function onFile(id: string, take: (bytes: Bytes) => void, refuse: (why: Rejection | 'fileUnreadable') => void): void {
  at<HTMLInputElement>(id).addEventListener(
    'change',
    ({ target }) => void takeFile((target as HTMLInputElement).files?.[0], take, refuse),
  );
}

function onText(id: string, take: (text: string) => void): void {
  at(id).addEventListener('input', ({ target }) => {
    take((target as HTMLTextAreaElement).value);
    show();
  });
}

function onSubmit(id: string, work: () => Promise<void>): void {
  at(id).addEventListener('submit', (event) => {
    event.preventDefault();
    void work();
  });
}

function listen(): void {
  onFile('request-file', takeRequest, refuseRequest);
  onText('request-text', takeRequestText);
  onFile('key-file', takeKeyFile, refuseKey);
  onFile('policy-file', takePolicy, () => takePolicy(new Uint8Array(0)));
  onText('policy-text', (text) => takePolicy(text.trim() === '' ? null : encodeUtf8(text)));
  onSubmit('key-form', openKey);
  onSubmit('new-form', makeKey);
  at('sign').addEventListener('click', sign);
  at('close-key').addEventListener('click', () => {
    given.key = null;
    given.keyFile = null;
    at<HTMLInputElement>('key-file').value = '';
    show();
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) void takeFile(file, takeDropped, refuseRequest);
  });
}

function begin(): void {
  document.body.append(...layout());
  offerLanguages(language, (chosen) => {
    language = chosen;
    speak();
  });
  listen();
  speak();
}

begin();
