/** What `npm run bench` can measure, in the order in which it lists it. */

import type { Bench } from './bench.ts';

/** Every bench by name; its file is loaded only when it runs. */
export const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  verify: async () => (await import('./verify.ts')).benchVerify,
  'order-verify': async () => (await import('./order-verify.ts')).benchOrderVerify,
  map: async () => (await import('./map.ts')).benchMap,
  interlock: async () => (await import('./interlock.ts')).benchInterlock,
  'ledger-embedded': async () => (await import('./ledger-embedded.ts')).benchLedgerEmbedded,
  'ledger-cluster': async () => (await import('./ledger-cluster.ts')).benchLedgerCluster,
  'cluster-recovery': async () => (await import('./cluster-recovery.ts')).benchClusterRecovery,
  'first-start': async () => (await import('./first-start.ts')).benchFirstStart,
  'cluster-start': async () => (await import('./cluster-start.ts')).benchClusterStart,
  idle: async () => (await import('./idle.ts')).benchIdle,
  'telemetry-signed': async () => (await import('./telemetry-signed.ts')).benchTelemetrySigned,
  'telemetry-packed': async () => (await import('./telemetry-packed.ts')).benchTelemetryPacked,
  'telemetry-latency': async () => (await import('./telemetry-latency.ts')).benchTelemetryLatency,
  trust: async () => (await import('./trust.ts')).benchTrust,
  connections: async () => (await import('./connections.ts')).benchConnections,
  soak: async () => (await import('./soak.ts')).benchSoak,
  query: async () => (await import('./query.ts')).benchQuery,
  orders: async () => (await import('./orders.ts')).benchOrders,
  signals: async () => (await import('./signals.ts')).benchSignals,
  lighting: async () => (await import('./lighting.ts')).benchLighting,
  web: async () => (await import('./web.ts')).benchWeb,
};
