/** How far a device is believed, and why not further: reputation, firmware, quarantine. */

import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import type { ReactNode } from 'react';
import { fill, useLanguage } from '../language.ts';
import { DataTable } from '../parts/data-table.tsx';
import { formatNumber } from '../parts/format.ts';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, Quoted, StateBadge } from '../parts/texts.tsx';
import { DEVICE_TEXTS } from '../texts/device.ts';
import { STREET_TEXTS } from '../texts/device-street.ts';
import { useLoaded } from '../use-loaded.ts';

const EVERY_MS = 10_000;

/** Whether the readings of the device with this id count, and why. */
export function DeviceTrust({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const loaded = useLoaded<DeviceTrustJson>(`/api/v1/devices/${id}/trust`, EVERY_MS);
  const { value } = loaded;
  return (
    <section className="card" aria-labelledby="trust-heading">
      <h2 id="trust-heading">{STREET_TEXTS[code].trustHeading}</h2>
      {value !== null && <Standing trust={value} />}
      {value !== null && value.quarantines.length > 0 && <Quarantines trust={value} />}
      <Freshness of={loaded} />
    </section>
  );
}

function Standing({ trust }: { readonly trust: DeviceTrustJson }): ReactNode {
  const { code, tag } = useLanguage();
  const texts = STREET_TEXTS[code];
  const { because, score, threshold, firmware, attestation, links, cases } = trust;
  return (
    <Facts
      facts={[
        [
          texts.believed,
          <StateBadge
            key="believed"
            state={because === null ? 'active' : 'revoked'}
            text={because === null ? texts.counts : texts.countsNot[because]}
          />,
        ],
        [
          texts.reputation,
          fill(texts.reputationSays, { score: formatNumber(score, tag), threshold: formatNumber(threshold, tag) }),
        ],
        [
          texts.firmware,
          firmware === null ? (
            texts.firmwareNone
          ) : (
            <>
              {firmware.version !== null && <Quoted text={firmware.version} lengthMax={64} />} <Id id={firmware.digest} />{' '}
              <StateBadge
                state={firmware.isPermitted ? 'active' : 'revoked'}
                text={firmware.isPermitted ? texts.permitted : texts.permittedNot}
              />
            </>
          ),
        ],
        [
          texts.attested,
          attestation.newest === null ? texts.attestedNone : <BlockLink key="attested" height={attestation.newest.at} />,
        ],
        [texts.sold, formatNumber(links.length, tag)],
        [texts.cases, formatNumber(cases.length, tag)],
      ]}
    />
  );
}

function Quarantines({ trust }: { readonly trust: DeviceTrustJson }): ReactNode {
  const { sentences, code } = useLanguage();
  const texts = STREET_TEXTS[code];
  const { columns } = sentences;
  return (
    <>
      <h3>{texts.quarantines}</h3>
      <DataTable
        label={texts.quarantines}
        rows={trust.quarantines}
        keyOf={({ from }) => String(from)}
        empty={sentences.none}
        columns={[
          { name: 'from', heading: columns.from, cell: ({ from }) => <BlockLink height={from} /> },
          { name: 'to', heading: columns.to, cell: ({ to }) => (to === null ? '–' : <BlockLink height={to} />) },
          { name: 'cause', heading: texts.cause, cell: ({ cause }) => texts.causes[cause] },
          { name: 'reason', heading: DEVICE_TEXTS[code].reason, cell: ({ reason }) => <Quoted text={reason} /> },
        ]}
      />
    </>
  );
}
