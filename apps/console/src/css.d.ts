/** What the page builder knows and the compiler does not: styles, imported for their effect, and addresses of workers. */
declare module '*.css';
declare module '*?worker&url' {
  const address: string;
  export = address;
}
