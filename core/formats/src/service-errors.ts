/** The part of the catalogue that services give: their files, their doors. Its codes are those of `error-catalogue.ts`. */

import { type ErrorEntry, entry } from './error-entry.ts';

export const SERVICE_ERRORS = {
  // Files of a service
  DATA_FOLDER_FOREIGN: entry(
    500,
    1,
    'This folder is not the data folder of this city',
    'Name the right folder, or an empty one for a new city',
  ),
  DATA_FOLDER_LOCKED: entry(503, 5, 'Another process uses this data folder', 'Stop it first, or use its address'),
  DATA_FOLDER_MISSING: entry(500, 1, 'There is no data folder here', 'Name the right folder, or make a city with `oppidum init`'),
  DATA_FOLDER_PERMISSIONS: entry(
    500,
    1,
    'The data folder has the wrong owner or mode',
    'Give it to the user of the service, with `keys` at mode 700',
  ),
  DATA_FOLDER_VERSION: entry(
    500,
    1,
    'The data folder was written by another version',
    'Use that version, or see its notes on upgrades',
  ),
  KEY_FILE_EXISTS: entry(409, 1, 'A key stands at this place already', 'Choose another place; a key is never written over'),
  KEY_FILE_INVALID: entry(500, 1, 'A key file does not hold a seed of 32 bytes', 'Restore the file, or retire the key'),
  KEY_FILE_MISSING: entry(500, 1, 'A key file is missing', 'Restore the file, or retire the key'),
  KEY_FILE_PERMISSIONS: entry(
    500,
    1,
    'Others than its owner can read a private key',
    'Set the file to mode 600; retire the key if somebody may have read it',
  ),
  LAST_SIGNED_CONFLICT: entry(
    500,
    1,
    'The log is not a continuation of what this key signed',
    'Stop: restore the newer store, or retire the key and begin a new origin',
  ),
  LAST_SIGNED_LOST: entry(
    500,
    1,
    'The record of what this key signed last is missing',
    'Retire the key: it could sign a second history without noticing',
  ),
  LOG_DAMAGED: entry(
    500,
    1,
    'A file of a log is missing or altered',
    'Stop the service, delete the file `frontier` of this log and start again: the files are written anew from the store',
  ),
  SNAPSHOT_INVALID: entry(
    400,
    3,
    'The snapshot is not the state of this city under its checkpoint',
    'Do not use it; take another one, or fetch it from somebody else',
  ),
  WITNESS_CONFLICT: entry(
    502,
    1,
    'A witness has seen another history of this log',
    'Stop and compare the two; nothing else explains it',
  ),
  WITNESS_REFUSED: entry(502, 5, 'A witness refused this checkpoint', 'Give its operator the policy file in force'),
  WITNESS_UNREACHABLE: entry(
    502,
    5,
    'A witness gave no usable answer',
    'Nothing is to be done: it is asked again; look at its address if this lasts',
  ),

  // Doors of the city
  FACT_UNKNOWN: entry(404, 1, 'Nothing with this id is on record', 'Check the id: of a reading or of a transaction'),
  BLOCK_UNKNOWN: entry(404, 1, 'No such block', 'See the newest height of the city'),
  CONFIG_INVALID: entry(
    500,
    2,
    'The configuration cannot be used',
    'Correct the named setting; flags win over environment, file and defaults',
  ),
  CURSOR_INVALID: entry(
    400,
    2,
    'This is not a cursor of this list',
    'Use `next` of the page before, unchanged, or begin without a cursor',
  ),
  HOST_FOREIGN: entry(
    403,
    4,
    'This service does not answer to that host name or origin',
    'Use its own address, or allow the name in the configuration',
  ),
  INTERNAL_FAULT: entry(500, 1, 'Something broke inside the service', 'Give the trace id to whoever runs it'),
  MEDIA_TYPE_WRONG: entry(
    415,
    2,
    'This type of content is not read here',
    'Send one of the types that the API description names',
  ),
  MQTT_UNSUPPORTED: entry(
    400,
    1,
    'Wills, retained messages and QoS 2 are not used here',
    'Publish at QoS 1, without the retain flag and without a will',
  ),
  NOT_ACCEPTABLE: entry(
    406,
    2,
    'The answer does not exist in an accepted type',
    'Accept one of the types that the API description names',
  ),
  CLOCK_AHEAD: entry(400, 1, 'A record is timed ahead of now', 'Set the clock of the device; send the reading again later'),
  NODE_SILENT: entry(503, 5, 'The ledger cannot be asked, so nothing is acknowledged', 'Keep the reading and send it again'),
  SEQUENCE_REUSED: entry(
    409,
    1,
    'Another reading was signed under this sequence number',
    'Rotate the key: it is in two places, or the device forgot what it signed',
  ),
  SEQUENCE_TOO_OLD: entry(
    409,
    1,
    'The sequence number lies too far below the newest of this key',
    'Send readings in their order',
  ),
  NOT_ANCHORED: entry(409, 5, 'No anchor on the ledger covers this reading yet', 'Ask again in a few seconds'),
  NOT_READY: entry(503, 5, 'The service is not ready', 'Wait until `/readyz` says so'),
  PERSONAL_DATA: entry(
    403,
    4,
    'This reading is about people and is not given to anybody who asks',
    'Ask the data protection officer of the city',
  ),
  PORT_TAKEN: entry(500, 5, 'Another program uses this port', 'Stop it, or choose another port'),
  RATE_LIMITED: entry(429, 5, 'Too many requests came from this address', 'Wait as long as `retry-after` says'),
  READING_UNKNOWN: entry(404, 1, 'No such reading', 'Check the id; it is SHA-256 of what the device sent'),
  REQUEST_INVALID: entry(400, 2, 'The request is not as the API description says', 'Correct the named part'),
  ROUTE_UNKNOWN: entry(404, 2, 'There is nothing at this address', 'See /docs for what there is'),
  TOPIC_FOREIGN: entry(
    403,
    4,
    'A device publishes and subscribes only under its own topic',
    'Use v1/<genesis hash>/<device id>/up, down and ack, and the device id as client id',
  ),
} as const satisfies Record<string, ErrorEntry>;
