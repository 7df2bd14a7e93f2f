/** Styles are imported for their effect; the page builder knows what to do with them. */
declare module '*.css';
