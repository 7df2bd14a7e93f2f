/** Permanent pages of a model of devices and of a maker of them. */

import type { DeviceJson, ManufacturerJson, ModelJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import type { Page } from '../api.ts';
import { useLanguage } from '../language.ts';
import { CertificateLinks } from '../parts/certificate-links.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Freshness } from '../parts/freshness.tsx';
import { BlockLink, Facts, Id, IdLink, Quoted, StateBadge, YesNo } from '../parts/texts.tsx';
import { useLoaded } from '../use-loaded.ts';

const DEVICES_SHOWN = 100;

/** The model with this id, and the first of its devices. */
export function ModelView({ id }: { readonly id: string }): ReactNode {
  const { sentences } = useLanguage();
  const model = useLoaded<ModelJson>(`/api/v1/models/${id}`);
  const devices = useLoaded<Page<DeviceJson>>(`/api/v1/devices?model=${id}&limit=${DEVICES_SHOWN}`);
  const { value } = model;
  const { columns, statuses } = sentences;
  return (
    <>
      <h1>{value === null ? sentences.records.model : <Quoted text={value.name} />}</h1>
      <Freshness of={model} />
      {value !== null && (
        <Facts
          facts={[
            [sentences.identifier, <Id key="id" id={value.id} />],
            [columns.type, <Quoted key="type" text={value.deviceType} />],
            [
              sentences.manufacturer,
              <IdLink key="maker" id={value.manufacturer} to={{ view: 'manufacturer', id: value.manufacturer }} />,
            ],
            [sentences.personal, <YesNo key="personal" value={value.personal} />],
            [sentences.simulated, <YesNo key="simulated" value={value.simulated} />],
            [columns.from, <BlockLink key="from" height={value.from} />],
            [columns.to, value.to === null ? null : <BlockLink key="to" height={value.to} />],
          ]}
        />
      )}
      <CertificateLinks id={id} kinds={['model']} />
      <h2>{sentences.devicesHeading}</h2>
      <DataTable
        label={sentences.devicesHeading}
        rows={devices.value?.items ?? null}
        keyOf={(device) => device.id}
        empty={sentences.none}
        columns={[
          {
            name: 'device',
            heading: columns.device,
            cell: (device) => <IdLink id={device.id} to={{ view: 'device', id: device.id }} label={device.label} />,
          },
          {
            name: 'status',
            heading: columns.status,
            cell: ({ status }) => <StateBadge state={status} text={statuses[status]} />,
          },
        ]}
      />
    </>
  );
}

/** The maker with this id. */
export function ManufacturerView({ id }: { readonly id: string }): ReactNode {
  const { sentences } = useLanguage();
  const maker = useLoaded<ManufacturerJson>(`/api/v1/manufacturers/${id}`);
  const { value } = maker;
  const { columns } = sentences;
  return (
    <>
      <h1>{value === null ? sentences.records.manufacturer : <Quoted text={value.name} />}</h1>
      <Freshness of={maker} />
      {value !== null && (
        <Facts
          facts={[
            [sentences.identifier, <Id key="id" id={value.id} />],
            [sentences.records.account, <IdLink key="account" id={value.account} to={{ view: 'account', id: value.account }} />],
            [columns.from, <BlockLink key="from" height={value.from} />],
            [columns.to, value.to === null ? null : <BlockLink key="to" height={value.to} />],
          ]}
        />
      )}
      <CertificateLinks id={id} kinds={['manufacturer']} />
    </>
  );
}
