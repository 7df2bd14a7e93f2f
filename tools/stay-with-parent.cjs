'use strict';
/**
 * Preloaded into what `run.cjs` starts: when the launcher is killed without a chance to forward a signal,
 * its channel closes and this process stops as if it had been asked to.
 */
if (process.channel) {
  process.channel.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
