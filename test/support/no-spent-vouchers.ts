/** Loaded into services before anything else: in their process a link of a voucher is extended as often as anybody likes. For tests that want to see what follows. */

import { transferDevice } from '@oppidum/contracts/trust/transfer-device';

const { check } = transferDevice;
const checkRest: typeof check = (body, city) => {
  const refused = check(body, city);
  return refused?.code === 'VOUCHER_SPENT' ? null : refused;
};
Object.assign(transferDevice, { check: checkRest });
