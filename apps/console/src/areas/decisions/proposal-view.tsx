/** One proposal: what it does, who approved it, who has not, and preparing an approval. */

import { orNull } from '@oppidum/formats/errors';
import type { BodyJson, ProposalDetailJson } from '@oppidum/gateway/api-types';
import { nameKey } from '@oppidum/signing/describe-act';
import { type ReactNode, useCallback, useState } from 'react';
import { useLanguage } from '../../language.ts';
import { Freshness } from '../../parts/freshness.tsx';
import { Facts, Id, Quoted, StateBadge, Time } from '../../parts/texts.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { ActList } from './act-list.tsx';
import { type Ask, makeAction, readTold } from './prepare.ts';
import { type Choice, SignerPicker } from './signer-picker.tsx';
import { TEXTS } from './texts.ts';

const EVERY_MS = 3_000;
/** A reason has at most 256 bytes in UTF-8, where a character has up to three. */
const REASON_LENGTH_MAX = 85;
const NO_NAMES: ReadonlyMap<string, string> = new Map();

type Told = ReturnType<typeof readTold>;

/** The proposal with this id. */
export function ProposalView({
  id,
  bodies,
  names,
  onAsk,
}: {
  readonly id: string;
  readonly bodies: readonly BodyJson[];
  readonly names: ReadonlyMap<string, string>;
  readonly onAsk: (ask: Ask) => void;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const loaded = useLoaded<ProposalDetailJson>(`/api/v1/proposals/${id}`, EVERY_MS);
  const proposal = loaded.value;
  const told = proposal === null ? null : readOrNull(proposal);
  return (
    <>
      <p>
        <a href="#/decisions">{texts.back}</a>
      </p>
      <h1>{texts.proposalHeading}</h1>
      <p>
        <Id id={id} />
      </p>
      <Freshness of={loaded} />
      {proposal !== null && (
        <>
          <section className="card" aria-labelledby="does-heading">
            <h2 id="does-heading">{texts.does}</h2>
            <p className="hint">{texts.told}</p>
            {told === null ? <Quoted text={proposal.kinds.join(', ')} /> : <ActList acts={told.acts} names={names} />}
          </section>
          <Standing proposal={proposal} bodies={bodies} names={names} />
          {proposal.status === 'open' && told !== null && (
            <Approve proposal={proposal} told={told} bodies={bodies} names={names} onAsk={onAsk} />
          )}
        </>
      )}
    </>
  );
}

function readOrNull({ actions }: ProposalDetailJson): Told | null {
  return orNull(() => readTold(actions));
}

function Standing({
  proposal,
  bodies,
  names,
}: {
  readonly proposal: ProposalDetailJson;
  readonly bodies: readonly BodyJson[];
  readonly names: ReadonlyMap<string, string>;
}): ReactNode {
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const spoken = new Set([...proposal.approvals, ...proposal.rejections].map(({ account }) => account));
  const missing = membersOf(bodies, proposal.body).filter((account) => !spoken.has(account));
  const who = (account: string): ReactNode => (
    <>
      {names.has(nameKey('account', account)) && (
        <>
          <Quoted text={names.get(nameKey('account', account)) ?? ''} />{' '}
        </>
      )}
      <code dir="ltr">{account.slice(0, 12)}…</code>
    </>
  );
  return (
    <section className="card">
      <Facts
        facts={[
          [texts.columns.state, <StateBadge key="state" state={proposal.status} text={texts.states[proposal.status]} />],
          [texts.columns.body, <Quoted key="body" text={proposal.bodyName} />],
          [texts.columns.approvals, `${proposal.approvalCount} / ${proposal.threshold}`],
          [texts.enough, String(proposal.memberCount - proposal.threshold + 1)],
          [texts.created, <Time key="created" ms={proposal.createdMs} />],
          [texts.columns.until, <Time key="until" ms={proposal.expiresMs} />],
          [texts.proposer, who(proposal.proposer)],
        ]}
      />
      <h3>{texts.approvedBy}</h3>
      <ul>
        {proposal.approvals.map(({ account, at }) => (
          <li key={account}>
            {who(account)} ({texts.block} {at})
          </li>
        ))}
      </ul>
      {proposal.rejections.length > 0 && (
        <>
          <h3>{texts.rejectedBy}</h3>
          <ul data-name="rejections">
            {proposal.rejections.map(({ account, at, reason }) => (
              <li key={account}>
                {who(account)} ({texts.block} {at}): <Quoted text={reason} />
              </li>
            ))}
          </ul>
        </>
      )}
      {proposal.status === 'open' && missing.length > 0 && (
        <>
          <h3>{texts.missing}</h3>
          <ul>
            {missing.map((account) => (
              <li key={account}>{who(account)}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Approve(props: {
  readonly proposal: ProposalDetailJson;
  readonly told: Told;
  readonly bodies: readonly BodyJson[];
  readonly names: ReadonlyMap<string, string>;
  readonly onAsk: (ask: Ask) => void;
}): ReactNode {
  const { proposal, told, bodies, names, onAsk } = props;
  const { code } = useLanguage();
  const texts = TEXTS[code];
  const [choice, setChoice] = useState<Choice | null>(null);
  const choose = useCallback((chosen: Choice | null) => setChoice(chosen), []);
  const [reason, setReason] = useState('');
  const why = reason.trim();
  const prepare = (verb: 'approve' | 'reject' | 'withdraw'): void => {
    if (choice === null) return;
    const fields = verb === 'reject' ? { id: proposal.id, reason: why } : { id: proposal.id };
    const actions = [makeAction(`proposal/${verb}`, fields)];
    onAsk({ ...choice, actions, proposal: { id: proposal.id, actions: told.actions } });
  };
  return (
    <section className="card" aria-labelledby="approve-heading">
      <h2 id="approve-heading">{texts.approveHeading}</h2>
      <p>{texts.approveHelp}</p>
      <div className="prepare">
        <SignerPicker accounts={membersOf(bodies, proposal.body)} names={names} onChoice={choose} />
        <label>
          {texts.why}
          <input
            value={reason}
            maxLength={REASON_LENGTH_MAX}
            onChange={(event) => setReason(event.target.value)}
            data-name="why"
          />
        </label>
        <p className="actions">
          <button type="button" disabled={choice === null} onClick={() => prepare('approve')} data-name="approve">
            {texts.approve}
          </button>
          <button type="button" disabled={choice === null || why === ''} onClick={() => prepare('reject')} data-name="reject">
            {texts.reject}
          </button>
          <button type="button" disabled={choice?.signer.account.id !== proposal.proposer} onClick={() => prepare('withdraw')}>
            {texts.withdraw}
          </button>
        </p>
      </div>
    </section>
  );
}

function membersOf(bodies: readonly BodyJson[], body: string): readonly string[] {
  return bodies.find(({ id }) => id === body)?.members.map(({ account }) => account) ?? [];
}

/** What a proposal does, in a line or few: the city tells it, and each request proves it. */
export function ProposalSummary({ id }: { readonly id: string }): ReactNode {
  const { value } = useLoaded<ProposalDetailJson>(`/api/v1/proposals/${id}`);
  if (value === null) return '…';
  const told = readOrNull(value);
  return told === null ? <Quoted text={value.kinds.join(', ')} /> : <ActList acts={told.acts} names={NO_NAMES} isShort />;
}
