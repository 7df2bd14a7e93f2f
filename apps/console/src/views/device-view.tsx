/** One device: who it is, whose, who may act on it, its keys, its newest envelope, and what it measured as pictures and as a table. */

import type { ReadingDetailJson, ReadingJson } from '@oppidum/gateway/api/readings';
import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import type { DeviceDetailJson, TransactionDetailJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import type { Page } from '../api.ts';
import { ActLink } from '../areas/keys/act-link.tsx';
import { useLanguage } from '../language.ts';
import { CertificateLinks } from '../parts/certificate-links.tsx';
import { CheckHere } from '../parts/check-here.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { EnvelopeView } from '../parts/envelope-view.tsx';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, IdLink, Quoted, StateBadge, YesNo } from '../parts/texts.tsx';
import { DEVICE_TEXTS } from '../texts/device.ts';
import { useLoaded } from '../use-loaded.ts';
import { DeviceAuthority } from './device-authority.tsx';
import { DeviceOrders } from './device-orders.tsx';
import { DeviceReadings } from './device-readings.tsx';
import { DeviceTrust } from './device-trust.tsx';

const DEVICE_EVERY_MS = 5_000;

/** The device with this id. */
export function DeviceView({ id }: { readonly id: string }): ReactNode {
  const { sentences } = useLanguage();
  const device = useLoaded<DeviceDetailJson>(`/api/v1/devices/${id}`, DEVICE_EVERY_MS);
  const { value } = device;
  return (
    <>
      <h1>{value?.label ? <Quoted text={value.label} /> : sentences.deviceHeading}</h1>
      <Freshness of={device} />
      {value !== null && <Identity device={value} />}
      <CertificateLinks
        id={id}
        kinds={['device', 'deviceKey', 'suspension', 'clone', 'voucherLink', 'deviceTrust', 'auditCase']}
      />
      <ActLink device={id} />
      {value !== null && <DeviceTrust id={id} />}
      {value !== null && <DeviceOrders device={value} />}
      {value?.personal === true && <p className="problem">{sentences.personalNote}</p>}
      {value?.personal === false && (
        <>
          <DeviceReadings id={id} readingCount={value.readingCount} />
          <LatestEnvelope id={id} />
        </>
      )}
      {value !== null && <DeviceAuthority device={value} />}
      {value !== null && <Keys device={value} />}
      {value !== null && value.suspensions.length > 0 && <Suspensions device={value} />}
    </>
  );
}

function Identity({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, words, code } = useLanguage();
  const { columns, statuses } = sentences;
  const { id, model, modelName, deviceType, manufacturer, manufacturerName, status, simulated, personal, grade, reason } = device;
  const { registration, from, to } = device;
  const owner = useLoaded<DeviceTrustJson>(`/api/v1/devices/${id}/trust`).value?.owner;
  const signers = useLoaded<TransactionDetailJson>(`/api/v1/transactions/${registration}`).value?.signers ?? [];
  return (
    <section className="card">
      <h2>{sentences.identity}</h2>
      <Facts
        facts={[
          [sentences.identifier, <Id key="id" id={id} />],
          [
            columns.status,
            <>
              <StateBadge state={status} text={statuses[status]} /> {reason !== null && <Quoted text={reason} />}
            </>,
          ],
          [columns.type, <Quoted key="type" text={deviceType} lengthMax={80} />],
          [sentences.model, <IdLink key="model" id={model} to={{ view: 'model', id: model }} label={modelName} />],
          [
            sentences.manufacturer,
            <IdLink key="maker" id={manufacturer} to={{ view: 'manufacturer', id: manufacturer }} label={manufacturerName} />,
          ],
          [
            DEVICE_TEXTS[code].owner,
            owner === undefined ? null : <IdLink key="owner" id={owner} to={{ view: 'account', id: owner }} />,
          ],
          [columns.grade, grade === null ? null : words.grades[grade]],
          [sentences.simulated, <YesNo key="simulated" value={simulated} />],
          [sentences.personal, <YesNo key="personal" value={personal} />],
          [
            DEVICE_TEXTS[code].registeredBy,
            <>
              {signers.map((signer) => (
                <IdLink key={signer} id={signer} to={{ view: 'account', id: signer }} />
              ))}{' '}
              <IdLink id={registration} to={{ view: 'transaction', id: registration }} label={sentences.transactionHeading} />
            </>,
          ],
          [columns.from, <BlockLink key="from" height={from} />],
          [columns.to, to === null ? null : <BlockLink key="to" height={to} />],
        ]}
      />
    </section>
  );
}

/** The newest reading with the bytes that were signed, and a check of it. */
function LatestEnvelope({ id }: { readonly id: string }): ReactNode {
  const { code } = useLanguage();
  const newest = useLoaded<Page<Pick<ReadingJson, 'id'>>>(`/api/v1/readings?device=${id}&limit=1`).value?.items[0]?.id;
  const reading = useLoaded<ReadingDetailJson>(newest === undefined ? null : `/api/v1/readings/${newest}`);
  if (newest === undefined || reading.value === null) return null;
  const { value } = reading;
  return (
    <section aria-labelledby="envelope-heading">
      <h2 id="envelope-heading">{DEVICE_TEXTS[code].latestEnvelope}</h2>
      {/* A true reading of another device is none of this one. */}
      <CheckHere id={newest} shown={{ fact: 'reading', ...value, device: id }} />
      {value.envelope !== null && (
        <details className="card">
          <summary>{DEVICE_TEXTS[code].headerHeading}</summary>
          <EnvelopeView envelope={value.envelope} id={newest} />
        </details>
      )}
    </section>
  );
}

function Keys({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, words } = useLanguage();
  const { columns } = sentences;
  return (
    <section aria-labelledby="keys-heading">
      <h2 id="keys-heading">{sentences.keysHeading}</h2>
      <DataTable
        label={sentences.keysHeading}
        rows={device.keys}
        keyOf={({ number }) => String(number)}
        empty={sentences.none}
        columns={[
          { name: 'number', heading: columns.key, cell: ({ number, algorithm }) => `${number} (${algorithm})` },
          { name: 'grade', heading: columns.grade, cell: ({ grade }) => words.grades[grade] },
          { name: 'from', heading: columns.from, cell: ({ from }) => (from === null ? '–' : <BlockLink height={from} />) },
          { name: 'to', heading: columns.to, cell: ({ to }) => (to === null ? '–' : <BlockLink height={to} />) },
          { name: 'publicKey', heading: 'Base64', cell: ({ publicKey }) => <Id id={publicKey} /> },
        ]}
      />
    </section>
  );
}

function Suspensions({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, code } = useLanguage();
  const { columns } = sentences;
  const texts = DEVICE_TEXTS[code];
  return (
    <section aria-labelledby="suspensions-heading">
      <h2 id="suspensions-heading">{texts.suspensions}</h2>
      <DataTable
        label={texts.suspensions}
        rows={device.suspensions}
        keyOf={({ from }) => String(from)}
        empty={sentences.none}
        columns={[
          { name: 'from', heading: columns.from, cell: ({ from }) => <BlockLink height={from} /> },
          { name: 'to', heading: columns.to, cell: ({ to }) => (to === null ? '–' : <BlockLink height={to} />) },
          { name: 'reason', heading: texts.reason, cell: ({ reason }) => <Quoted text={reason} /> },
        ]}
      />
    </section>
  );
}
