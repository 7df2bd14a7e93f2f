/** What the console says, beside the words of verifications. `{n}` and the like stand for values. */

export type Sentences = {
  readonly skip: string;
  /** Beside the way to the alarms. */
  readonly alarmsOpen: string;
  readonly nav: Readonly<Record<'city' | 'ledger' | 'check', string>>;
  readonly language: string;
  readonly searchLabel: string;
  readonly searchHint: string;
  readonly searchNone: string;
  readonly loading: string;
  readonly asOf: string;
  readonly stale: string;
  readonly failed: string;
  readonly unreachable: string;
  /** Where nothing was known before. */
  readonly unreachableYet: string;
  readonly none: string;
  readonly cityHeading: string;
  readonly simulatedNote: string;
  readonly counters: Readonly<Record<'perSecond' | 'readings' | 'proven' | 'height' | 'behind' | 'lag', string>>;
  readonly devicesHeading: string;
  readonly mapLabel: string;
  readonly allTypes: string;
  readonly filterType: string;
  readonly statuses: Readonly<Record<'registered' | 'active' | 'suspended' | 'revoked', string>>;
  readonly columns: Readonly<
    Record<
      | 'device'
      | 'type'
      | 'status'
      | 'lastReading'
      | 'readings'
      | 'time'
      | 'value'
      | 'sequence'
      | 'proven'
      | 'height'
      | 'transactions'
      | 'result'
      | 'actions'
      | 'signers'
      | 'key'
      | 'grade'
      | 'from'
      | 'to'
      | 'approvals'
      | 'state'
      | 'until'
      | 'values',
      string
    >
  >;
  readonly deviceHeading: string;
  readonly identity: string;
  readonly model: string;
  readonly manufacturer: string;
  readonly identifier: string;
  readonly simulated: string;
  readonly personal: string;
  readonly personalNote: string;
  readonly keysHeading: string;
  readonly chartHeading: string;
  readonly chartNote: string;
  readonly tableHeading: string;
  readonly envelopeHeading: string;
  readonly ledgerHeading: string;
  readonly blocksHeading: string;
  readonly transactionsHeading: string;
  readonly proposalsHeading: string;
  readonly checkpointHeading: string;
  readonly cosignedBy: string;
  readonly blockHeading: string;
  readonly transactionHeading: string;
  readonly readingHeading: string;
  readonly stateRoot: string;
  readonly appHash: string;
  readonly yes: string;
  readonly no: string;
  readonly checkHere: string;
  readonly checking: string;
  readonly notChecked: string;
  readonly notAnchored: string;
  readonly otherFact: string;
  readonly saveEvidence: string;
  readonly openVerifier: string;
  readonly checkExplain: string;
  readonly certificate: string;
  /** Before links to certificates of what a page shows; the last leads to the page that asks of what. */
  readonly certificatesOf: string;
  readonly certificateOther: string;
  readonly trustHeading: string;
  readonly trustNone: string;
  readonly trustPin: string;
  readonly trustPinned: string;
  readonly trustChanged: string;
  readonly trustFile: string;
  readonly trustForget: string;
  readonly trustFirst: string;
  readonly menu: string;
  readonly brokenHeading: string;
  readonly brokenText: string;
  readonly reload: string;
  readonly clockAhead: string;
  readonly clockBehind: string;
  readonly cityIntro: string;
  readonly cityTour: string;
  readonly liveStates: Readonly<Record<'live' | 'connecting' | 'polling', string>>;
  readonly unknown: string;
  readonly allStatuses: string;
  readonly filterText: string;
  readonly kindsHeading: string;
  readonly kindsNote: string;
  readonly selectedHeading: string;
  readonly openDevice: string;
  readonly openReading: string;
  readonly pick: string;
  readonly cityCut: string;
  readonly noValues: string;
  readonly older: string;
  readonly unreadable: string;
  readonly records: Readonly<
    Record<'device' | 'reading' | 'transaction' | 'account' | 'proposal' | 'model' | 'manufacturer', string>
  >;
};
