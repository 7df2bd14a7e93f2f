/** From an intent to its outcome: what will be signed in words, the signature, and what became of it. */

import { toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Action } from '@oppidum/formats/transaction';
import { type ActView as ActWordsView, describeAct, type Names, type Part } from '@oppidum/signing/describe-act';
import { readProposed } from '@oppidum/signing/judge-request';
import { ACT_WORDS } from '@oppidum/signing/words/all';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../../api.ts';
import { fill, useLanguage } from '../../language.ts';
import { formatTime } from '../../parts/format.ts';
import { ProblemText } from '../../parts/freshness.tsx';
import { Facts, Id, Quoted, Time } from '../../parts/texts.tsx';
import { pinnedPolicy } from '../../pinned-policy.ts';
import { addressOf } from '../../route.ts';
import { isOverdue, type Outcome, type Preparation, type PreparedAct, prepareAct, sendAct, signAct } from './act.ts';
import { CodeText } from './key-parts.tsx';
import type { KeptAccount, KeptKey } from './key-store.ts';
import { useTexts } from './texts.ts';

const HEX_ID = /^[0-9a-f]{64}$/;
const NO_NAMES: Names = new Map();

type FlowProps = {
  readonly signingKey: KeptKey;
  readonly account: KeptAccount;
  readonly actions: readonly Action[];
  /** Names that the ledger proves, by id. */
  readonly names?: Names;
  readonly onBack: () => void;
  readonly onDone?: ((id: string) => ReactNode) | undefined;
};

type State =
  | { readonly at: 'preparing' }
  | { readonly at: 'failed'; readonly problem: ApiProblem }
  | { readonly at: 'prepared'; readonly preparation: Preparation; readonly isAnew: boolean }
  | { readonly at: 'sending' | 'waiting'; readonly act: PreparedAct }
  | { readonly at: 'over'; readonly act: PreparedAct; readonly outcome: Outcome };

/** Drafts these actions, shows what would be signed, and carries it out when told to. */
export function ActFlow({ signingKey, account, actions, names = NO_NAMES, onBack, onDone }: FlowProps): ReactNode {
  const texts = useTexts();
  const [state, setState] = useState<State>({ at: 'preparing' });
  /** How often it was prepared anew, because somebody looked at it past its time. */
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isGone = false;
    prepareAct(signingKey, account, actions).then(
      (preparation) => {
        // What is under way already is not prepared again.
        if (!isGone)
          setState((before) => (before.at === 'preparing' ? { at: 'prepared', preparation, isAnew: round > 0 } : before));
      },
      (error: unknown) => {
        const problem = error instanceof ApiProblem ? error : new ApiProblem('UNREADABLE', String(error));
        if (!isGone) setState({ at: 'failed', problem });
      },
    );
    return () => {
      isGone = true;
    };
  }, [signingKey, account, actions, round]);
  const run = async (act: PreparedAct): Promise<void> => {
    if (isOverdue(act)) {
      setState({ at: 'preparing' });
      setRound(round + 1);
      return;
    }
    setState({ at: 'sending', act });
    try {
      const envelope = await signAct(signingKey, act);
      const outcome = await sendAct(envelope, act, () => setState({ at: 'waiting', act }));
      setState({ at: 'over', act, outcome });
    } catch (error) {
      setState({ at: 'failed', problem: new ApiProblem('UNREADABLE', String(error)) });
    }
  };
  return (
    <section className="card keys" aria-live="polite">
      {state.at === 'failed' && <ProblemText code={state.problem.code} message={state.problem.message} />}
      {state.at === 'prepared' && 'trouble' in state.preparation && <NotNow preparation={state.preparation} />}
      {state.at === 'prepared' && 'draft' in state.preparation && (
        <Preview
          key={state.preparation.id}
          isAnew={state.isAnew}
          act={state.preparation}
          names={names}
          account={account}
          onSign={run}
          onBack={onBack}
        />
      )}
      {state.at === 'sending' && <p role="status">{texts.sending}</p>}
      {state.at === 'waiting' && <p role="status">{texts.waiting}</p>}
      {state.at === 'over' && <Over act={state.act} outcome={state.outcome} onDone={onDone} />}
      {(state.at === 'failed' || (state.at === 'prepared' && 'trouble' in state.preparation) || state.at === 'over') && (
        <p className="actions">
          <button type="button" onClick={onBack}>
            {texts.back}
          </button>
        </p>
      )}
    </section>
  );
}

function NotNow({ preparation }: { readonly preparation: Exclude<Preparation, PreparedAct> }): ReactNode {
  const texts = useTexts();
  const { tag } = useLanguage();
  if (preparation.trouble === 'otherCity') return <p className="problem">{texts.otherCity}</p>;
  const { hereMs, cityMs } = preparation.clocks;
  return <p className="problem">{fill(texts.clock, { here: formatTime(hereMs, tag), city: formatTime(cityMs, tag) })}</p>;
}

function Preview(props: {
  readonly isAnew: boolean;
  readonly act: PreparedAct;
  readonly names: Names;
  readonly account: KeptAccount;
  readonly onSign: (act: PreparedAct) => Promise<void>;
  readonly onBack: () => void;
}): ReactNode {
  const { isAnew, act, names, account, onSign, onBack } = props;
  const texts = useTexts();
  const { code } = useLanguage();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { payload } = act;
  const views = readProposed(crypto, payload.actions)
    .map((each) => describeAct(each, ACT_WORDS[code], names))
    .map((view, place) => ({ view, place }));
  return (
    <>
      <h2 ref={heading} tabIndex={-1}>
        {texts.previewHeading}
      </h2>
      {isAnew && <p className="problem">{texts.anew}</p>}
      <p className="hint">{texts.previewLead}</p>
      {views.map(({ view, place }) => (
        <Words key={place} view={view} />
      ))}
      <Facts
        facts={[
          [texts.city, <CityName key="city" id={toHex(payload.city)} />],
          [texts.signedBy, payload.signers.map((signer) => <Id key={toHex(signer)} id={toHex(signer)} />)],
          [texts.keyNumber, String(account.keyNumber)],
          [texts.validUntil, <Time key="until" ms={payload.validUntil} />],
          [texts.transaction, <Id key="id" id={act.id} />],
        ]}
      />
      <p className="actions">
        <button type="button" className="primary" onClick={() => void onSign(act)}>
          {texts.sign}
        </button>
        <button type="button" onClick={onBack}>
          {texts.back}
        </button>
      </p>
    </>
  );
}

/** With its name where the pinned policy has it: the hash alone tells people little. */
function CityName({ id }: { readonly id: string }): ReactNode {
  const [name, hash] = pinnedPolicy()?.origin.split('/') ?? [];
  return (
    <>
      {name !== undefined && hash === id && <Quoted text={name} />} <Id id={id} />
    </>
  );
}

function Words({ view }: { readonly view: ActWordsView }): ReactNode {
  return (
    <div className="act-words">
      <p className="act-sentence">
        {view.sentence
          .map((part, place) => ({ part, place }))
          .map(({ part, place }) => (
            <PartText key={place} part={part} />
          ))}
      </p>
      {view.risk !== null && <p className="problem">{view.risk}</p>}
      <Facts facts={view.rows.map(({ label, value }) => [label, <PartText key={label} part={value} />])} />
    </div>
  );
}

function PartText({ part }: { readonly part: Part }): ReactNode {
  if (part.kind === 'words') return part.text;
  const value = HEX_ID.test(part.text) ? <Id id={part.text} /> : <Quoted text={part.text} />;
  if (part.name === null) return value;
  return (
    <>
      <Quoted text={part.name} /> ({value})
    </>
  );
}

function Over({
  act,
  outcome,
  onDone,
}: { readonly act: PreparedAct; readonly outcome: Outcome } & Pick<FlowProps, 'onDone'>): ReactNode {
  const texts = useTexts();
  const isDone = outcome.kind === 'executed' && outcome.code === 'OK';
  return (
    <>
      {outcome.kind === 'lost' && <p className="problem">{texts.lost}</p>}
      {outcome.kind === 'refused' && (
        <p className="problem">
          {texts.refused} <CodeText code={outcome.code} message={outcome.message} />
        </p>
      )}
      {outcome.kind === 'executed' && (
        <p className={isDone ? 'done' : 'problem'}>
          <CodeText code={outcome.code} />
        </p>
      )}
      {outcome.kind === 'executed' && (
        <p>
          {texts.transaction}: <a href={addressOf({ view: 'transaction', id: act.id })}>{act.id.slice(0, 12)}…</a>
        </p>
      )}
      {isDone && onDone?.(act.id)}
    </>
  );
}
