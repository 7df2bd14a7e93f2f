/** A person's key in this browser: making it, having it enrolled, what it stands for, and losing it. */

import { isInvitation } from '@oppidum/formats/enrolment';
import type { CityJson } from '@oppidum/gateway/api-types';
import { type FormEvent, type ReactNode, useEffect, useId, useState } from 'react';
import { ApiProblem } from '../../api.ts';
import type { AreaProps } from '../../areas.ts';
import { Freshness, ProblemText } from '../../parts/freshness.tsx';
import { Facts, Id, StateBadge, Time } from '../../parts/texts.tsx';
import { pinnedPolicy } from '../../pinned-policy.ts';
import { addressOf } from '../../route.ts';
import { useLoaded } from '../../use-loaded.ts';
import { readClocks } from './act.ts';
import { makeRequest, readInvitation } from './enrol.ts';
import { InviteCard } from './invite-card.tsx';
import { CarriedText, CodeText, Fingerprint } from './key-parts.tsx';
import {
  forgetKey,
  isPersistent,
  type KeptAccount,
  type KeptKey,
  KeyError,
  type KeyTrouble,
  keepAccount,
  makeKey,
  publicKeyOf,
} from './key-store.ts';
import './keys.css';
import { loadOtherKeys, type OtherKey } from './other-keys.ts';
import { ReplaceAsk } from './replace-ask.tsx';
import { type KeyState, loadStanding, type Standing } from './standing.ts';
import { useTexts } from './texts.ts';
import { useKey, useStanding } from './use-key.ts';

const REQUEST_FILE = 'enrolment-request.txt';

/** The page `#/keys`, with an invitation in its address or without. */
export function KeysView({ argument }: AreaProps): ReactNode {
  const texts = useTexts();
  const city = useLoaded<CityJson>('/api/v1/city');
  const genesis = city.value?.genesis ?? null;
  const pinned = pinnedPolicy();
  const isOther = genesis !== null && pinned !== null && !pinned.origin.endsWith(`/${genesis}`);
  return (
    <div className="keys">
      <h1>{texts.heading}</h1>
      <p>{texts.lead}</p>
      <p className="hint">{texts.everydayOnly}</p>
      {genesis === null && <Freshness of={city} />}
      {isOther && <p className="problem">{texts.otherCity}</p>}
      {genesis !== null && !isOther && <OwnKey key={genesis} genesis={genesis} invitation={argument} />}
    </div>
  );
}

function OwnKey({ genesis, invitation }: { readonly genesis: string; readonly invitation: string }): ReactNode {
  const texts = useTexts();
  const loaded = useKey(genesis);
  const [trouble, setTrouble] = useState<KeyTrouble | null>(null);
  const make = async (): Promise<void> => {
    try {
      await makeKey(genesis, Date.now());
    } catch (error) {
      setTrouble(error instanceof KeyError ? error.trouble : 'blocked');
    }
  };
  const found = loaded.at === 'trouble' ? loaded.trouble : trouble;
  if (found !== null)
    return (
      <p className="problem" role="alert">
        {texts.troubles[found]}
      </p>
    );
  if (loaded.at !== 'ready') return null;
  const { key } = loaded;
  if (key === null)
    return (
      <section className="card">
        <p>{texts.none}</p>
        {isInvitation(invitation) && <p className="problem">{texts.codes.INVITATION_FOREIGN}</p>}
        <button type="button" className="primary" onClick={() => void make()}>
          {texts.make}
        </button>
      </section>
    );
  return (
    <>
      <KeyCard of={key} />
      {key.account === null ? (
        <>
          <RequestCard of={key} />
          <InvitationCard key={invitation} of={key} given={invitation} />
        </>
      ) : (
        <AccountCard of={key} account={key.account} given={invitation} />
      )}
    </>
  );
}

function KeyCard({ of }: { readonly of: KeptKey }): ReactNode {
  const texts = useTexts();
  const [isAsking, setAsking] = useState(false);
  const [isKept, setKept] = useState(true);
  useEffect(() => {
    isPersistent().then(setKept, () => setKept(false));
  }, []);
  return (
    <section className="card">
      <h2>{texts.keyHeading}</h2>
      <Facts
        facts={[
          [texts.fingerprint, <Fingerprint key="fingerprint" of={publicKeyOf(of)} />],
          [texts.madeOn, <Time key="made" ms={of.madeMs} />],
        ]}
      />
      <p className="hint">{texts.fingerprintHint}</p>
      {!isKept && <p className="hint">{texts.notPersistent}</p>}
      <p className="hint">{texts.lostHint}</p>
      {isAsking ? (
        <div role="alert">
          <p className="problem">{texts.forgetAsk}</p>
          <p className="actions">
            <button type="button" onClick={() => setAsking(false)}>
              {texts.cancel}
            </button>
            <button type="button" className="danger" onClick={() => void forgetKey(of.genesis)}>
              {texts.forgetYes}
            </button>
          </p>
        </div>
      ) : (
        <button type="button" onClick={() => setAsking(true)}>
          {texts.forget}
        </button>
      )}
    </section>
  );
}

function RequestCard({ of }: { readonly of: KeptKey }): ReactNode {
  const texts = useTexts();
  const [request, setRequest] = useState<string | ApiProblem | null>(null);
  useEffect(() => {
    let isGone = false;
    readClocks()
      .then(({ cityMs }) => makeRequest(of, cityMs))
      .then(
        (text) => {
          if (!isGone) setRequest(text);
        },
        (error: unknown) => {
          if (!isGone) setRequest(error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error)));
        },
      );
    return () => {
      isGone = true;
    };
  }, [of]);
  return (
    <section className="card">
      <h2>{texts.requestHeading}</h2>
      <ol>
        {texts.requestSteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {request instanceof ApiProblem && <ProblemText code={request.code} message={request.message} />}
      {typeof request === 'string' && (
        <CarriedText label={texts.requestLabel} text={request} file={REQUEST_FILE} codeLabel={texts.requestCode} />
      )}
    </section>
  );
}

type Replacing = { readonly place: KeptAccount; readonly others: readonly OtherKey[] };

/** Why an invitation was not taken, or not yet: by its own form, by what stands on the ledger, or for its owner is to be asked. */
type NotTaken = Replacing | { readonly code: string } | { readonly state: KeyState } | { readonly problem: ApiProblem } | null;

function InvitationCard({ of, given }: { readonly of: KeptKey; readonly given: string }): ReactNode {
  const texts = useTexts();
  const [text, setText] = useState(given);
  const [notTaken, setNotTaken] = useState<NotTaken>(null);
  const name = useId();
  const take = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setNotTaken(await takeInvitation(of, text));
  };
  return (
    <section className="card">
      <h2>{texts.invitationHeading}</h2>
      <form onSubmit={(event) => void take(event)}>
        <label htmlFor={name}>{texts.invitationLabel}</label>
        <textarea
          id={name}
          rows={4}
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={({ target }) => {
            setText(target.value);
            setNotTaken(null);
          }}
        />
        <button type="submit" disabled={text.trim() === ''}>
          {texts.invitationTake}
        </button>
      </form>
      <div role="alert">
        {notTaken !== null && 'code' in notTaken && (
          <p className="problem">
            <InvitationTrouble code={notTaken.code} />
          </p>
        )}
        {notTaken !== null && 'state' in notTaken && <p className="problem">{texts.states[notTaken.state]}</p>}
        {notTaken !== null && 'problem' in notTaken && (
          <ProblemText code={notTaken.problem.code} message={notTaken.problem.message} />
        )}
        {notTaken !== null && 'place' in notTaken && (
          <ReplaceAsk
            {...notTaken}
            onNo={() => setNotTaken(null)}
            onYes={() => void keepAccount(of.genesis, notTaken.place).then(() => setNotTaken(null))}
          />
        )}
      </div>
    </section>
  );
}

function InvitationTrouble({ code }: { readonly code: string }): ReactNode {
  const texts = useTexts();
  const isOfForm = !['WRONG_CITY', 'INVITATION_FOREIGN', 'VERSION_UNSUPPORTED'].includes(code);
  if (!isOfForm) return <CodeText code={code} />;
  return (
    <>
      {texts.unreadable} <code dir="ltr">{code}</code>
    </>
  );
}

/**
 * Keeps what it says if it is for this key and city, the ledger has the key there, and it replaces no other account. Null where it was
 * taken.
 */
async function takeInvitation(key: KeptKey, text: string): Promise<NotTaken> {
  const place = readInvitation(text, key);
  if (typeof place === 'string') return { code: place };
  try {
    const { state } = await loadStanding(key, place);
    if (state !== 'inForce') return { state };
    const { account } = key;
    if (account !== null && (account.id !== place.id || account.keyNumber !== place.keyNumber))
      return { place, others: await loadOtherKeys(place) };
    await keepAccount(key.genesis, place);
    return null;
  } catch (error) {
    return { problem: error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error)) };
  }
}

function AccountCard(props: { readonly of: KeptKey; readonly account: KeptAccount; readonly given: string }): ReactNode {
  const { of, account, given } = props;
  const texts = useTexts();
  const { standing, problem, look } = useStanding(of, account);
  const isInForce = standing?.state === 'inForce';
  return (
    <>
      <section className="card">
        <h2>{texts.accountHeading}</h2>
        <Facts
          facts={[
            [texts.account, <Id key="account" id={account.id} />],
            [texts.keyNumber, String(account.keyNumber)],
            [texts.state, standing === null ? null : <StandingBadge key="state" of={standing} />],
            [texts.keyClass, standing?.keyClass == null ? null : texts.classes[standing.keyClass]],
          ]}
        />
        {problem !== null && <ProblemText code={problem.code} message={problem.message} />}
        {standing !== null && isInForce && <May roles={standing.roles} />}
        {standing !== null && <HowKnown of={standing} />}
        <p className="actions">
          <button type="button" onClick={look}>
            {texts.lookAgain}
          </button>
          {isInForce && <a href={addressOf({ view: 'city' })}>{texts.toDevices}</a>}
        </p>
      </section>
      {standing !== null && isInForce && standing.roles.includes('registrar') && <InviteCard signingKey={of} account={account} />}
      {(isInvitation(given) || (standing !== null && !isInForce)) && (
        <>
          <p className="hint">{texts.invitationOther}</p>
          <InvitationCard key={given} of={of} given={given} />
        </>
      )}
    </>
  );
}

function StandingBadge({ of: { state } }: { readonly of: Standing }): ReactNode {
  const { states } = useTexts();
  const look = {
    inForce: 'active',
    absent: 'suspended',
    retired: 'revoked',
    closed: 'revoked',
    foreign: 'revoked',
    refuted: 'revoked',
  };
  return <StateBadge state={look[state]} text={states[state]} />;
}

function May({ roles }: { readonly roles: readonly string[] }): ReactNode {
  const { mayHeading, mayAnybody, may } = useTexts();
  const known = roles.filter((role): role is keyof typeof may => Object.hasOwn(may, role));
  return (
    <>
      <h3>{mayHeading}</h3>
      <ul>
        {known.map((role) => (
          <li key={role}>{may[role]}</li>
        ))}
        <li>{mayAnybody}</li>
      </ul>
    </>
  );
}

function HowKnown({ of }: { readonly of: Standing }): ReactNode {
  const texts = useTexts();
  if (of.isProven) return <p className="hint">{texts.proven}</p>;
  return (
    <p className="hint">
      {texts.unproven} <a href={addressOf({ view: 'trust' })}>{texts.pinFirst}</a>
    </p>
  );
}
