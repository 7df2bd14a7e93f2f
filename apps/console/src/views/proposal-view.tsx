/** A permanent page of one proposal: what it would do, who approved it, and what is missing. */

import type { ProposalDetailJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import { TEXTS } from '../areas/decisions/texts.ts';
import { useLanguage } from '../language.ts';
import { Actions } from '../parts/actions.tsx';
import { CertificateLinks } from '../parts/certificate-links.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, IdLink, Quoted, StateBadge, Time } from '../parts/texts.tsx';
import { addressOf } from '../route.ts';
import { LEDGER_TEXTS } from '../texts/ledger.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 3_000;

/** The proposal with this id. */
export function ProposalView({ id }: { readonly id: string }): ReactNode {
  const { sentences, code, tag } = useLanguage();
  const texts = LEDGER_TEXTS[code];
  const { columns } = sentences;
  const proposal = useLoaded<ProposalDetailJson>(`/api/v1/proposals/${id}`, EVERY_MS);
  const { value } = proposal;
  return (
    <>
      <h1>{sentences.records.proposal}</h1>
      <Freshness of={proposal} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.identifier, <Id key="id" id={value.id} />],
              [columns.state, <StateBadge key="state" state={value.status} text={texts.proposalStates[value.status]} />],
              [texts.body, <Quoted key="body" text={value.bodyName} />],
              [texts.proposer, <IdLink key="proposer" id={value.proposer} to={{ view: 'account', id: value.proposer }} />],
              [columns.approvals, `${formatNumber(value.approvalCount, tag)} / ${formatNumber(value.threshold, tag)}`],
              [texts.created, <Time key="created" ms={value.createdMs} />],
              [columns.until, <Time key="until" ms={value.expiresMs} />],
            ]}
          />
          <CertificateLinks id={id} kinds={['proposal', 'approval', 'rejection']} />
          {value.status === 'open' && (
            <p>
              <a href={addressOf({ view: 'area', area: 'decisions', argument: id })}>{TEXTS[code].approveHeading}</a>
            </p>
          )}
          <h2>{texts.wouldDo}</h2>
          <Actions actions={value.actions} />
          <h2>{columns.approvals}</h2>
          <DataTable
            label={columns.approvals}
            rows={value.approvals}
            keyOf={({ account }) => account}
            empty={sentences.none}
            columns={[
              {
                name: 'account',
                heading: sentences.records.account,
                cell: ({ account }) => <IdLink id={account} to={{ view: 'account', id: account }} />,
              },
              { name: 'at', heading: columns.height, cell: ({ at }) => <BlockLink height={at} /> },
            ]}
          />
          <Rejections rows={value.rejections} />
        </>
      )}
    </>
  );
}

/** Who said no, and why; nothing where nobody did. */
function Rejections({ rows }: { readonly rows: ProposalDetailJson['rejections'] }): ReactNode {
  const { sentences, code } = useLanguage();
  if (rows.length === 0) return null;
  const label = TEXTS[code].rejectedBy;
  return (
    <>
      <h2>{label}</h2>
      <DataTable
        label={label}
        rows={rows}
        keyOf={({ account }) => account}
        empty={sentences.none}
        columns={[
          {
            name: 'account',
            heading: sentences.records.account,
            cell: ({ account }) => <IdLink id={account} to={{ view: 'account', id: account }} />,
          },
          { name: 'reason', heading: TEXTS[code].fields.reason, cell: ({ reason }) => <Quoted text={reason} /> },
          { name: 'at', heading: sentences.columns.height, cell: ({ at }) => <BlockLink height={at} /> },
        ]}
      />
    </>
  );
}
