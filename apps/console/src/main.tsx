/** The console: people see the city, and check it with their own browser. Everything it shows comes from the API that anybody may call. */

import { LANGUAGES, type Language, type LanguageCode } from '@oppidum/pages/languages';
import { type FormEvent, type ReactNode, StrictMode, Suspense, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { AREAS } from './areas.ts';
import { firstLanguage, keepLanguage, LanguageContext, useLanguage } from './language.ts';
import { addressOf, parseRoute, type Route } from './route.ts';
import './style.css';
import { CertificateView } from './views/certificate-view.tsx';
import { CityView } from './views/city-view.tsx';
import { DeviceView } from './views/device-view.tsx';
import { LedgerView } from './views/ledger-view.tsx';
import { BlockView, ReadingView, TransactionView } from './views/record-views.tsx';
import { SearchView } from './views/search-view.tsx';
import { TrustView } from './views/trust-view.tsx';

function Console(): ReactNode {
  const [language, setLanguage] = useState(firstLanguage);
  const choose = (code: LanguageCode): void => {
    keepLanguage(code);
    setLanguage(LANGUAGES[code]);
  };
  useEffect(() => {
    document.documentElement.lang = language.tag;
    document.documentElement.dir = language.direction;
  }, [language]);
  return (
    <LanguageContext value={language}>
      <Shell onLanguage={choose} />
    </LanguageContext>
  );
}

function Shell({ onLanguage }: { readonly onLanguage: (code: LanguageCode) => void }): ReactNode {
  const { sentences, code } = useLanguage();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const address = addressOf(route);
  const isFirst = useRef(true);
  // Who goes to another view begins to read at its top, by eye and by screen reader; not at the first one.
  useEffect(() => {
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    document.title = `Oppidum ${address.slice(1, 24)}`;
  }, [address]);
  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {sentences.skip}
      </button>
      <header>
        <p className="brand">Oppidum</p>
        <nav aria-label="Oppidum">
          <NavLink to={{ view: 'city' }} route={route} text={sentences.nav.city} />
          <NavLink to={{ view: 'ledger' }} route={route} text={sentences.nav.ledger} />
          {Object.entries(AREAS).map(
            ([area, { title }]) =>
              title !== null && <NavLink key={area} to={{ view: 'area', area, argument: '' }} route={route} text={title[code]} />,
          )}
          <NavLink to={{ view: 'trust' }} route={route} text={sentences.nav.check} />
        </nav>
        <Search />
        <label className="language">
          {sentences.language}{' '}
          <select value={code} onChange={({ target }) => onLanguage(target.value as LanguageCode)}>
            {Object.values(LANGUAGES).map((each: Language) => (
              <option key={each.code} value={each.code} lang={each.tag}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <View route={route} />
      </main>
    </>
  );
}

function NavLink({ to, route, text }: { readonly to: Route; readonly route: Route; readonly text: string }): ReactNode {
  const isHere = to.view === 'area' ? route.view === 'area' && to.area === route.area : to.view === route.view;
  return (
    <a href={addressOf(to)} aria-current={isHere ? 'page' : undefined}>
      {text}
    </a>
  );
}

function Search(): ReactNode {
  const { sentences } = useLanguage();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('text') ?? '').trim();
    if (text !== '') location.hash = addressOf({ view: 'search', text });
  };
  return (
    <search>
      <form onSubmit={submit}>
        <input
          name="text"
          type="search"
          autoComplete="off"
          spellCheck={false}
          dir="ltr"
          aria-label={sentences.searchLabel}
          placeholder={sentences.searchLabel}
        />
      </form>
    </search>
  );
}

function View({ route }: { readonly route: Route }): ReactNode {
  switch (route.view) {
    case 'city':
      return <CityView />;
    case 'ledger':
      return <LedgerView />;
    case 'trust':
      return <TrustView />;
    case 'device':
      return <DeviceView key={route.id} id={route.id} />;
    case 'reading':
      return <ReadingView key={route.id} id={route.id} />;
    case 'transaction':
      return <TransactionView key={route.id} id={route.id} />;
    case 'certificate':
      return <CertificateView key={route.id} id={route.id} />;
    case 'block':
      return <BlockView height={route.height} />;
    case 'search':
      return <SearchView text={route.text} />;
    case 'area':
      return <AreaView area={route.area} argument={route.argument} />;
  }
}

/** A part that loads when it is first gone to. */
function AreaView({ area, argument }: { readonly area: string; readonly argument: string }): ReactNode {
  const { sentences } = useLanguage();
  const View = AREAS[area]?.View;
  if (View === undefined) return null;
  return (
    <Suspense fallback={<p role="status">{sentences.loading}</p>}>
      <View argument={argument} />
    </Suspense>
  );
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
