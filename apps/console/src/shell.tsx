/** What stands around every view: where one can go, the search, the language, and what holds for all of them. */

import type { AlarmCountsJson } from '@oppidum/gateway/api/alarms';
import { LANGUAGES, type Language, type LanguageCode } from '@oppidum/pages/languages';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { AREAS } from './areas.ts';
import { fill, useLanguage } from './language.ts';
import { ClockNote } from './parts/clock-note.tsx';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { formatNumber } from './parts/format.ts';
import { addressOf, parseRoute, type Route } from './route.ts';
import type { Sentences } from './texts/sentences.ts';
import { useLoaded } from './use-loaded.ts';
import { View } from './views.tsx';

/** Between two looks for alarms, wherever in the console one is. */
const ALARMS_EVERY_MS = 10_000;

/** The page with the view that its address names. */
export function Shell({ onLanguage }: { readonly onLanguage: (code: LanguageCode) => void }): ReactNode {
  const { sentences, code } = useLanguage();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const address = addressOf(route);
  const title = titleOf(route, sentences, code);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} – Oppidum`;
  }, [title]);
  // Who goes to another view begins to read at its top, by eye and by screen reader; not at the first one.
  useEffect(() => {
    if (!isFirst.current && address !== '') main.current?.focus();
    isFirst.current = false;
  }, [address]);
  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {sentences.skip}
      </button>
      <header>
        <p className="brand">
          <a href={addressOf({ view: 'city' })}>Oppidum</a>
        </p>
        <Navigation route={route} />
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
        <ClockNote />
        <ErrorBoundary key={address} of="view">
          <View route={route} />
        </ErrorBoundary>
      </main>
    </>
  );
}

/** All entries in a line, or behind one button where there is no room for a line. */
function Navigation({ route }: { readonly route: Route }): ReactNode {
  const { sentences, code } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const alarms = useLoaded<AlarmCountsJson>('/api/v1/alarms/counts', ALARMS_EVERY_MS).value?.open ?? 0;
  const address = addressOf(route);
  useEffect(() => {
    if (address !== '') setOpen(false);
  }, [address]);
  return (
    <>
      <button
        type="button"
        className="menu"
        aria-expanded={isOpen}
        aria-controls="navigation"
        onClick={() => setOpen((before) => !before)}
      >
        {sentences.menu}
        <AlarmBadge open={alarms} />
      </button>
      <nav id="navigation" aria-label="Oppidum" className={isOpen ? 'open' : undefined}>
        <NavLink to={{ view: 'city' }} route={route} text={sentences.nav.city} />
        <NavLink to={{ view: 'ledger' }} route={route} text={sentences.nav.ledger} />
        {Object.entries(AREAS).map(
          ([area, { title, isInNavigation }]) =>
            isInNavigation && (
              <NavLink key={area} to={{ view: 'area', area, argument: '' }} route={route} text={title[code]}>
                {area === 'alarms' && <AlarmBadge open={alarms} />}
              </NavLink>
            ),
        )}
        <NavLink to={{ view: 'trust' }} route={route} text={sentences.nav.check} />
      </nav>
    </>
  );
}

function NavLink({
  to,
  route,
  text,
  children,
}: {
  readonly to: Route;
  readonly route: Route;
  readonly text: string;
  readonly children?: ReactNode;
}): ReactNode {
  const isHere = to.view === 'area' ? route.view === 'area' && to.area === route.area : to.view === route.view;
  return (
    <a href={addressOf(to)} aria-current={isHere ? 'page' : undefined}>
      {text}
      {children}
    </a>
  );
}

/** How many alarms are open, in words for those who do not see the shape; nothing while there are none. */
function AlarmBadge({ open }: { readonly open: number }): ReactNode {
  const { sentences, tag } = useLanguage();
  if (open === 0) return null;
  const count = formatNumber(open, tag);
  return (
    <>
      {' '}
      <span className="badge" aria-hidden="true">
        {count}
      </span>
      <span className="unseen">{fill(sentences.alarmsOpen, { count })}</span>
    </>
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

/** What a view is called, in the window's title. */
function titleOf(route: Route, sentences: Sentences, code: LanguageCode): string {
  switch (route.view) {
    case 'city':
      return sentences.nav.city;
    case 'ledger':
      return sentences.nav.ledger;
    case 'trust':
      return sentences.trustHeading;
    case 'block':
      return fill(sentences.blockHeading, { height: route.height });
    case 'search':
      return sentences.searchLabel;
    case 'area':
      return AREAS[route.area]?.title[code] ?? route.area;
    default:
      return `${sentences.records[route.view]} ${route.id.slice(0, 10)}`;
  }
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
