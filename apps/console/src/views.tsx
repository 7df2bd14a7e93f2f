/** Which view an address shows. All but the first one that most people see load when they are gone to. */

import { type ComponentType, type LazyExoticComponent, lazy, type ReactNode, Suspense } from 'react';
import { AREAS } from './areas.ts';
import { useLanguage } from './language.ts';
import type { Route } from './route.ts';
import { CityView } from './views/city-view.tsx';

const LedgerView = lazyView(async () => (await import('./views/ledger-view.tsx')).LedgerView);
const TrustView = lazyView(async () => (await import('./views/trust-view.tsx')).TrustView);
const DeviceView = lazyView(async () => (await import('./views/device-view.tsx')).DeviceView);
const ReadingView = lazyView(async () => (await import('./views/reading-view.tsx')).ReadingView);
const TransactionView = lazyView(async () => (await import('./views/transaction-view.tsx')).TransactionView);
const BlockView = lazyView(async () => (await import('./views/block-view.tsx')).BlockView);
const SearchView = lazyView(async () => (await import('./views/search-view.tsx')).SearchView);
const AccountView = lazyView(async () => (await import('./views/account-view.tsx')).AccountView);
const ProposalView = lazyView(async () => (await import('./views/proposal-view.tsx')).ProposalView);
const ModelView = lazyView(async () => (await import('./views/maker-views.tsx')).ModelView);
const ManufacturerView = lazyView(async () => (await import('./views/maker-views.tsx')).ManufacturerView);

function lazyView<Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await load() }));
}

const BY_ID = {
  device: DeviceView,
  reading: ReadingView,
  transaction: TransactionView,
  account: AccountView,
  proposal: ProposalView,
  model: ModelView,
  manufacturer: ManufacturerView,
} as const;

/** The view of a route, or that it is on its way. */
export function View({ route }: { readonly route: Route }): ReactNode {
  const { sentences } = useLanguage();
  return <Suspense fallback={<p role="status">{sentences.loading}</p>}>{shown(route)}</Suspense>;
}

function shown(route: Route): ReactNode {
  switch (route.view) {
    case 'city':
      return <CityView />;
    case 'ledger':
      return <LedgerView />;
    case 'trust':
      return <TrustView />;
    case 'block':
      return <BlockView height={route.height} />;
    case 'search':
      return <SearchView text={route.text} />;
    case 'area': {
      const Area = AREAS[route.area]?.View;
      return Area === undefined ? null : <Area argument={route.argument} />;
    }
    default: {
      const Record = BY_ID[route.view];
      return <Record id={route.id} />;
    }
  }
}
