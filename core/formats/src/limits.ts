/** Every limit of the formats and the ledger, in one place. Each has a test that hits it from both sides. */

export const LIMITS = {
  /** Nesting of CBOR arrays, maps and tags. */
  cborDepthMax: 16,
  /** Elements of one CBOR array or pairs of one CBOR map. */
  cborItemCountMax: 65_536,
  /** One signed reading envelope. */
  readingSizeMax: 65_536,
  /** SenML records in one pack. */
  senmlRecordCountMax: 10_000,
  /** Latest time of a reading, in seconds: its milliseconds are still a safe integer. */
  senmlTimeMaxS: 9_007_199_254_740,
  /** One transaction envelope, signatures included. */
  transactionSizeMax: 262_144,
  transactionActionCountMax: 64,
  /** A signing request with its evidence, and how many pieces of each sort it may carry. */
  signingRequestSizeMax: 1_048_576,
  requestEvidenceCountMax: 64,
  transactionSignerCountMax: 16,
  /** A device's token for a connection (RFC 8392), how long it may be good for, and how far its clock may be from the gateway's. */
  tokenSizeMax: 512,
  tokenLifetimeMaxS: 600,
  tokenClockErrorMaxS: 300,
  /** A device's challenge for orders, in CBOR. */
  challengeSizeMax: 512,
  /** What a device reports of itself to the ledger, in CBOR: a token of 2,048 bytes and two proofs. */
  deviceReportSizeMax: 4_096,
  /** A request to enrol a person's key, or an invitation, in CBOR; how old a request may be, and how far ahead its clock. */
  enrolmentSizeMax: 512,
  enrolmentLifetimeMs: 2_592_000_000,
  enrolmentClockAheadMs: 600_000,
  /** How far ahead of block time `validUntil` may lie; also how long transaction ids are remembered. */
  transactionLifetimeMs: 600_000,
  /** Keys one account may ever have. */
  accountKeyCountMax: 256,
  /** Encoded actions of one proposal: with its other fields it stays below `stateValueSizeMax`. */
  proposalActionsSizeMax: 65_000,
  /** A `city.policy` on the ledger: it fits a proposal. */
  policyChangeSizeMax: 49_152,
  /** Signatures a signed note may carry and still be read everywhere (C2SP signed-note). */
  noteSignatureCountMax: 16,
  noteSizeMax: 65_536,
  policySizeMax: 65_536,
  /** Logs, witnesses and groups of one policy, each (C2SP tlog-policy: at least 32). */
  policyEntryCountMax: 64,
  /** A note must carry a log signature and every validator's cosignature and still be read everywhere. */
  validatorCountMax: 15,
  evidenceSizeMax: 4_194_304,
  /** A file of proven forks, and how many it holds: both keys of every validator, and of every outside witness. */
  forkFileSizeMax: 4_194_304,
  forkCountMax: 64,
  /** A note, 64 hashes and some opaque extra data. */
  tlogProofSizeMax: 131_072,
  /** An order: its statement, the devices of one tree of challenges, and what a device is given to obey. */
  orderStatementSizeMax: 1_024,
  zoneOrderDeviceCountMax: 65_536,
  compactOrderSizeMax: 4_096,
  /** The order keys of a zone; the statements of its key set, its envelope and one of its documents; devices that join it at once. */
  zoneKeyCountMax: 16,
  keySetSizeMax: 1_024,
  envelopeSizeMax: 49_152,
  zoneDocumentSizeMax: 49_152,
  zoneDocumentStatementSizeMax: 50_176,
  zoneDeviceBulkCountMax: 1_000,
  /** A change of a zone that is signed apart, with evidence of what is in force there. */
  zoneDraftSizeMax: 1_048_576,
  zoneDraftRecordCountMax: 8,
  /** What a machine says that it has of its zone, and the statement that it gets: signatures beside the largest document. */
  zoneHaveSizeMax: 1_024,
  zoneHaveDocumentCountMax: 8,
  zoneNewsSizeMax: 53_248,
  /** Models of device in one zone. */
  zoneModelCountMax: 32,
  /** State-map keys: area ‖ kind ‖ segments. */
  stateKeySizeMax: 98,
  stateValueSizeMax: 65_536,
  /** Nodes of one state proof. */
  stateProofNodeCountMax: 65_536,
  /** Hashes of one RFC 6962 proof: a tree of 2^53 leaves needs 53; a consistency proof at most one more. */
  merkleProofHashCountMax: 64,
  /** One interlock sensor's envelope riding in an anchor. */
  interlockEnvelopeSizeMax: 512,
  /** A record may be timed this far ahead of the clock of the shard that takes it; of a simulated model, as far as it likes. */
  clockAheadMs: 300_000,
  /** Largest error of a clock that a reading can state: 49 days. */
  clockErrorMaxMs: 4_294_967_295,
  /** Late arrivals below the highest sequence number of one device key that are still accepted. */
  sequenceWindow: 1_024,
  /** Anchors per shard kept in state, so that a fork report has the anchored root at hand. */
  anchorHistoryCount: 1_024,
  /** Devices of one bulk registration. */
  bulkRegisterCountMax: 1_000,
  /** A command to an actuator: bytes of its name, and its arguments. */
  commandNameSizeMax: 32,
  commandArgumentCountMax: 8,
  /** A zone's envelope: what it measures and by how many sensors each, its rules, safe directions and dangerous commands. */
  quantityCountMax: 16,
  quantitySensorCountMax: 8,
  interlockRuleCountMax: 64,
  safeDirectionCountMax: 16,
  dangerousCommandCountMax: 64,
  /** How old a reading may be that an interlock believes. */
  interlockFreshMsMax: 3_600_000,
  /** How long an order may be good for, and one in a dangerous class. */
  orderLifetimeMsMax: 3_600_000,
  dangerousLifetimeMsMax: 60_000,
} as const;
