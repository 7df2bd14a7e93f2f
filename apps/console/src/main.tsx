/** The console: people see the city, and check it with their own browser. Everything it shows comes from the API that anybody may call. */

import './usable-locale.ts';
import { LANGUAGES, type LanguageCode } from '@oppidum/pages/languages';
import { type ReactNode, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { firstLanguage, keepLanguage, LanguageContext } from './language.ts';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { Shell } from './shell.tsx';
import './style.css';

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
      <ErrorBoundary of="page">
        <Shell onLanguage={choose} />
      </ErrorBoundary>
    </LanguageContext>
  );
}

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
