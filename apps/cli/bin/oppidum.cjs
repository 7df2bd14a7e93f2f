#!/usr/bin/env node
'use strict';
/** `npx --no-install oppidum …`: the command line on the pinned Node. */
process.argv.splice(2, 0, 'cli');
require('../../../tools/run.cjs');
