/** The page without its answers. Texts and labels are put in by `putSentences`, in whichever language. */

import { element } from '@oppidum/pages/elements';
import { partsOf } from '@oppidum/pages/single-page';
import type { Sentences } from './texts/sentences.ts';

/** A sentence of the page by its name. */
type Name = keyof Sentences;

const { said, fileButton, pasteField } = partsOf<Sentences>();

function card(name: Name, id: string, ...children: readonly HTMLElement[]): HTMLElement {
  const heading = said('h2', name, { id: `${id}-heading` });
  return element('section', { class: 'card', id, 'aria-labelledby': `${id}-heading` }, heading, ...children);
}

function passphraseField(id: string, name: Name, autocomplete: 'current-password' | 'new-password'): HTMLElement {
  const attributes = { id, type: 'password', autocomplete, dir: 'ltr', spellcheck: 'false' };
  return element('label', { class: 'field' }, said('span', name), element('input', attributes));
}

const stateOf = (id: string): HTMLElement => element('div', { id, 'aria-live': 'polite' });

function requestCard(): HTMLElement {
  return card(
    'requestHeading',
    'request',
    said('p', 'requestHelp', { class: 'help' }),
    fileButton('request-file', 'chooseRequest'),
    pasteField('request-text', 'pasteRequest'),
    said('p', 'dropHere', { class: 'help' }),
    stateOf('request-state'),
  );
}

function keyCard(): HTMLElement {
  const opening = element(
    'form',
    { id: 'key-form' },
    fileButton('key-file', 'chooseKey'),
    passphraseField('passphrase', 'passphrase', 'current-password'),
    said('button', 'openKey', { id: 'open-key', type: 'submit' }),
  );
  const policy = element(
    'details',
    { id: 'policy' },
    said('summary', 'policyHeading'),
    said('p', 'policyHelp', { class: 'help' }),
    fileButton('policy-file', 'choosePolicy'),
    pasteField('policy-text', 'pastePolicy'),
    stateOf('policy-state'),
  );
  return card(
    'keyHeading',
    'key',
    said('p', 'keyHelp', { class: 'help' }),
    opening,
    stateOf('key-state'),
    said('button', 'closeKey', { id: 'close-key', type: 'button', hidden: true }),
    policy,
  );
}

function newKeyCard(): HTMLElement {
  return element(
    'details',
    { class: 'card', id: 'new-key' },
    said('summary', 'newHeading'),
    said('p', 'newHelp', { class: 'help' }),
    element(
      'form',
      { id: 'new-form' },
      element(
        'label',
        { class: 'field' },
        said('span', 'newAccount'),
        element('input', { id: 'new-account', autocomplete: 'off', spellcheck: 'false', dir: 'ltr' }),
      ),
      passphraseField('new-passphrase', 'passphrase', 'new-password'),
      passphraseField('new-repeat', 'repeatPassphrase', 'new-password'),
      element('p', { id: 'new-city', class: 'hint' }),
      said('button', 'makeKey', { id: 'make-key', type: 'submit' }),
    ),
    stateOf('new-state'),
  );
}

/** Header and main part of the page; the language list is empty still. */
export function layout(): readonly HTMLElement[] {
  const language = element('label', {}, said('span', 'language'), ' ', element('select', { id: 'language' }));
  return [
    element('header', {}, element('p', { class: 'brand' }, 'Oppidum'), language),
    element(
      'main',
      {},
      said('h1', 'title'),
      said('p', 'lead', { class: 'lead' }),
      said('p', 'offline', { class: 'help' }),
      element('div', { class: 'columns' }, requestCard(), keyCard()),
      card(
        'judgeHeading',
        'judgement',
        stateOf('judgement-state'),
        said('button', 'sign', { id: 'sign', type: 'button', hidden: true }),
      ),
      element('div', { id: 'answer-place', 'aria-live': 'polite' }),
      newKeyCard(),
      element(
        'section',
        { class: 'limits', 'aria-labelledby': 'limits-heading' },
        said('h2', 'limitsHeading', { id: 'limits-heading' }),
        said('p', 'limits'),
      ),
    ),
  ];
}
