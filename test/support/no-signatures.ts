/** Loaded into services before anything else: in their process every signature is good. For tests that want to see what follows. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';

Object.assign(nativeCrypto, { verifyEd25519: () => true });
