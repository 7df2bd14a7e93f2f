/** A permanent page of one block. */

import type { BlockDetailJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../language.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Freshness } from '../parts/freshness.tsx';
import { Facts, Id, Time } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';
import { useTransactionColumns } from './ledger-view.tsx';

/** A block with its transactions. */
export function BlockView({ height }: { readonly height: number }): ReactNode {
  const { sentences } = useLanguage();
  const block = useLoaded<BlockDetailJson>(`/api/v1/blocks/${height}`);
  const columns = useTransactionColumns();
  const { value } = block;
  return (
    <>
      <h1>{fill(sentences.blockHeading, { height })}</h1>
      <Freshness of={block} />
      {value !== null && (
        <>
          <Facts
            facts={[
              [sentences.columns.time, <Time key="time" ms={value.timeMs} />],
              [sentences.stateRoot, value.stateRoot === null ? null : <Id key="state" id={value.stateRoot} />],
              [sentences.appHash, <Id key="log" id={value.appHash} />],
            ]}
          />
          <h2>{sentences.transactionsHeading}</h2>
          <DataTable
            label={sentences.transactionsHeading}
            rows={value.transactions}
            keyOf={({ id }) => id}
            empty={sentences.none}
            columns={columns}
          />
        </>
      )}
    </>
  );
}
