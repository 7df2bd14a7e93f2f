/** Answering for an alarm: a word of a list, what is signed in words, and what came of it. */

import { ALARM_RESPONSES, ALARM_RULES, type AlarmResponse } from '@oppidum/formats/alarm';
import { parseHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import type { Action } from '@oppidum/formats/transaction';
import type { AlarmJson } from '@oppidum/gateway/api/alarms';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { ActFlow } from '../keys/act-flow.tsx';
import type { KeptAccount, KeptKey } from '../keys/key-store.ts';
import '../keys/keys.css';
import { useTexts } from '../keys/texts.ts';
import { useKey, useStanding } from '../keys/use-key.ts';
import { TEXTS, WORDS } from './texts.ts';

/** The form, where this browser has a key that stands for an account. */
export function Acknowledge({ alarm, genesis }: { readonly alarm: AlarmJson; readonly genesis: string }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const keys = useTexts();
  const loaded = useKey(genesis);
  if (loaded.at === 'loading') return null;
  const key = loaded.at === 'ready' ? loaded.key : null;
  return (
    <section className="keys" aria-labelledby="answer-heading">
      <h2 id="answer-heading">{texts.answerHeading}</h2>
      <p>{ALARM_RULES[alarm.cause].ends === 'seen' ? texts.answerSeen : texts.answerLead}</p>
      {key === null || key.account === null ? (
        <p className="problem">
          {loaded.at === 'trouble' ? keys.troubles[loaded.trouble] : texts.answerNeedsKey} <a href="#/keys">{texts.toKeys}</a>
        </p>
      ) : (
        <Answer alarm={alarm} signingKey={key} account={key.account} />
      )}
    </section>
  );
}

type AnswerProps = { readonly alarm: AlarmJson; readonly signingKey: KeptKey; readonly account: KeptAccount };

function Answer({ alarm, signingKey, account }: AnswerProps): ReactNode {
  const { code } = useLanguage();
  const keys = useTexts();
  const { standing } = useStanding(signingKey, account);
  /** As it was when it was chosen: what opens it anew meanwhile is not answered for. */
  const [actions, setActions] = useState<readonly Action[] | null>(null);
  if (standing !== null && standing.state !== 'inForce')
    return (
      <p className="problem">
        {keys.states[standing.state]} <a href="#/keys">{TEXTS[code].toKeys}</a>
      </p>
    );
  if (actions !== null)
    return <ActFlow signingKey={signingKey} account={account} actions={actions} onBack={() => setActions(null)} />;
  return (
    <>
      {standing !== null && !standing.roles.includes('operator') && <p className="hint">{TEXTS[code].answerNotYours}</p>}
      <Form onChosen={(response) => setActions([actionOf(alarm, response)])} />
    </>
  );
}

function Form({ onChosen }: { readonly onChosen: (response: AlarmResponse) => void }): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [picked, setPicked] = useState<AlarmResponse | null>(null);
  const group = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (picked !== null) onChosen(picked);
  };
  return (
    <form className="card" onSubmit={submit}>
      <fieldset>
        <legend>{texts.answerWhat}</legend>
        {ALARM_RESPONSES.map((each) => (
          <label key={each} className="choice">
            <input type="radio" name={group} value={each} checked={picked === each} onChange={() => setPicked(each)} />{' '}
            {WORDS[code].choices[each]}
          </label>
        ))}
      </fieldset>
      <button type="submit" className="primary" disabled={picked === null}>
        {texts.answerLook}
      </button>
    </form>
  );
}

function actionOf({ cause, subject, zone, opening }: AlarmJson, response: AlarmResponse): Action {
  const body = new Map<string, CborValue>([
    ['cause', cause],
    ['subject', parseHex(subject.id)],
    ['opening', parseHex(opening.id)],
    ['response', response],
  ]);
  if (subject.kind === 'device' && zone !== null) body.set('zone', parseHex(zone));
  return { kind: 'alarm/acknowledge', body };
}
