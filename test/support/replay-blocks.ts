/**
 * `replay-blocks.ts FILE FOLDER STORE`: executes the blocks of a file for the city of a data folder, in an empty store, on whichever Node
 * runs it, and prints the version of that and what came of each block.
 */

import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { identifyDataFolder } from '@oppidum/node/data-folder';
import { readRequests, replayRequests } from './recorded-blocks.ts';

const [file = '', folder = '', into = ''] = process.argv.slice(2);
const { genesis, genesisHash } = identifyDataFolder({ folder, crypto });
console.log(process.versions.node);
for (const line of await replayRequests({ genesis, genesisHash, requests: readRequests(file), into })) console.log(line);
