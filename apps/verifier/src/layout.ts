/** The page without its answers. Texts and labels are put in by `putSentences`, in whichever language. */

import { element } from '@oppidum/pages/elements';
import { partsOf } from '@oppidum/pages/single-page';
import type { Sentences } from './texts/sentences.ts';

const { said, fileButton, pasteField } = partsOf<Sentences>();

function policyCard(): HTMLElement {
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'policy-heading' },
    said('h2', 'policyHeading', { id: 'policy-heading' }),
    said('p', 'policyHelp', { class: 'help' }),
    fileButton('policy-file', 'choosePolicy'),
    pasteField('policy-text', 'pastePolicy'),
    element('div', { id: 'policy-state', 'aria-live': 'polite' }),
    said('button', 'remember', { id: 'remember', type: 'button', hidden: true }),
    said('button', 'forget', { id: 'forget', type: 'button', hidden: true }),
    element(
      'details',
      {},
      said('summary', 'chooseSuccessors'),
      said('p', 'successorHelp', { class: 'help' }),
      element('input', { id: 'successor-files', type: 'file', multiple: true, 'data-label': 'chooseSuccessors' }),
      pasteField('successor-text', 'pasteSuccessors'),
    ),
  );
}

function evidenceCard(): HTMLElement {
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'evidence-heading' },
    said('h2', 'evidenceHeading', { id: 'evidence-heading' }),
    said('p', 'evidenceHelp', { class: 'help' }),
    fileButton('evidence-file', 'chooseEvidence'),
    pasteField('evidence-text', 'pasteEvidence'),
    said('p', 'dropHere', { class: 'help' }),
  );
}

/** Header and main part of the page; the language list is empty still. */
export function layout(): readonly HTMLElement[] {
  const language = element('label', {}, said('span', 'language'), ' ', element('select', { id: 'language' }));
  const verdict = element(
    'section',
    { class: 'card', 'aria-labelledby': 'verdict-heading' },
    said('h2', 'verdictHeading', { id: 'verdict-heading' }),
    element('div', { id: 'verdict', role: 'status', 'aria-live': 'polite' }),
  );
  const limits = element(
    'section',
    { class: 'limits', 'aria-labelledby': 'limits-heading' },
    said('h2', 'limitsHeading', { id: 'limits-heading' }),
    said('p', 'limits'),
  );
  return [
    element('header', {}, element('p', { class: 'brand' }, 'Oppidum'), language),
    element(
      'main',
      {},
      said('h1', 'title'),
      said('p', 'lead', { class: 'lead' }),
      said('p', 'offline', { class: 'offline' }),
      element('div', { class: 'columns' }, policyCard(), evidenceCard()),
      verdict,
      limits,
    ),
  ];
}
