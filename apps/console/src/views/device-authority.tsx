/** Who may act on a device, as the contracts say today (specs/ledger.md, devices), and who those are now. */

import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import type { DeviceDetailJson, ManufacturerJson, RoleJson } from '@oppidum/gateway/api-types';
import type { ReactNode } from 'react';
import { useLanguage } from '../language.ts';
import { DataTable } from '../parts/data-table.tsx';
import { IdLink } from '../parts/texts.tsx';
import { DEVICE_TEXTS, type DeviceTexts } from '../texts/device.ts';
import { useLoaded } from '../use-loaded.ts';

type Holder = 'operators' | 'maker' | 'holder' | 'itself' | 'engineers';
type Rule = {
  readonly act: keyof DeviceTexts['acts'];
  readonly by: readonly Holder[];
  readonly key: keyof DeviceTexts['keyNeeds'];
};

/** core/contracts/src/devices: suspend-device, resume-device, revoke-device and so on; core/contracts/src/trust: transfer-device. */
const RULES: readonly Rule[] = [
  { act: 'suspend', by: ['operators', 'holder'], key: 'everyday' },
  { act: 'resume', by: ['operators'], key: 'everyday' },
  { act: 'quarantine', by: ['operators', 'holder'], key: 'everyday' },
  { act: 'release', by: ['operators'], key: 'full' },
  { act: 'revoke', by: ['operators', 'holder'], key: 'full' },
  { act: 'transfer', by: ['holder'], key: 'full' },
  { act: 'rotate', by: ['itself'], key: 'own' },
  { act: 'grade', by: ['maker'], key: 'everyday' },
  { act: 'order', by: ['engineers'], key: 'zone' },
];

/** Acts with the accounts that may do them. */
export function DeviceAuthority({ device }: { readonly device: DeviceDetailJson }): ReactNode {
  const { sentences, code } = useLanguage();
  const texts = DEVICE_TEXTS[code];
  const maker = useLoaded<ManufacturerJson>(`/api/v1/manufacturers/${device.manufacturer}`).value;
  const trust = useLoaded<DeviceTrustJson>(`/api/v1/devices/${device.id}/trust`).value;
  const roles = useLoaded<{ readonly items: readonly RoleJson[] }>('/api/v1/roles').value;
  const operators = roles?.items.filter(({ role }) => role === 'operator').map(({ account }) => account) ?? [];
  const accounts: Readonly<Record<Holder, readonly string[]>> = {
    operators,
    maker: maker === null ? [] : [maker.account],
    holder: trust === null ? [] : [trust.owner],
    itself: [],
    engineers: [],
  };
  return (
    <section aria-labelledby="authority-heading">
      <h2 id="authority-heading">{texts.mayHeading}</h2>
      <p className="hint">{texts.ownerNote}</p>
      <DataTable
        label={texts.mayHeading}
        rows={RULES}
        keyOf={({ act }) => act}
        empty={sentences.none}
        columns={[
          { name: 'act', heading: texts.act, cell: ({ act }) => texts.acts[act] },
          {
            name: 'who',
            heading: texts.who,
            cell: ({ by }) => (
              <ul className="values">
                {by.map((holder) => (
                  <li key={holder}>
                    {texts[holder]}{' '}
                    {accounts[holder].map((account) => (
                      <IdLink key={account} id={account} to={{ view: 'account', id: account }} />
                    ))}
                  </li>
                ))}
              </ul>
            ),
          },
          { name: 'key', heading: texts.byKey, cell: ({ key }) => texts.keyNeeds[key] },
        ]}
      />
      <p className="hint">{texts.ordersNote}</p>
    </section>
  );
}
