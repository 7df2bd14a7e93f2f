/** What the ledger's views say beside what every view says. */

import type { CityJson, FoundJson } from '@oppidum/gateway/api-types';
import type { LanguageCode } from '@oppidum/pages/languages';

export type LedgerTexts = {
  readonly heldBy: string;
  readonly holders: Readonly<Record<'organisation' | 'person' | 'service', string>>;
  readonly personNote: string;
  readonly roles: string;
  readonly bodies: string;
  readonly body: string;
  readonly keyClass: string;
  readonly keyClasses: Readonly<Record<'everyday' | 'full', string>>;
  readonly publicKey: string;
  readonly proposer: string;
  readonly created: string;
  readonly wouldDo: string;
  readonly proposalStates: Readonly<Record<'open' | 'executed' | 'withdrawn' | 'rejected' | 'expired', string>>;
  /** Acts of machines, as those of people are said. */
  readonly machineActs: Readonly<
    Record<'telemetry/anchor' | 'telemetry/report-fork' | 'validator/report-fork' | 'device/report-clone', string>
  >;
  readonly eventsHeading: string;
  /** Above what evidence of a transaction says nothing about. */
  readonly toldHeading: string;
  readonly toldHint: string;
  readonly validUntil: string;
  readonly size: string;
  readonly details: string;
  readonly anchorsHeading: string;
  readonly shard: string;
  readonly entries: string;
  readonly root: string;
  readonly checkpointSize: string;
  readonly unpinnedNote: string;
  readonly believedNote: string;
  readonly unbelievedNote: string;
  readonly engine: string;
  readonly engines: Readonly<Record<CityJson['engine'], string>>;
  readonly validators: string;
  readonly validatorAlone: string;
  readonly validatorQuorum: string;
  readonly faultsSome: string;
  readonly faultsNone: string;
  readonly cosigner: string;
  readonly part: string;
  readonly parts: Readonly<Record<'validator' | 'witness' | 'stranger', string>>;
  readonly cosigned: string;
  readonly inQuorum: string;
  readonly withoutAnchors: string;
  readonly onlyAnchors: string;
  readonly several: string;
  readonly foundKinds: Readonly<Record<FoundJson['items'][number]['kind'], string>>;
};

export const LEDGER_TEXTS: Readonly<Record<LanguageCode, LedgerTexts>> = {
  en: {
    heldBy: 'Held by',
    holders: { organisation: 'an organisation', person: 'a person', service: 'a service of the city' },
    personNote: 'Persons are never named on the ledger.',
    roles: 'Roles',
    bodies: 'Member of',
    body: 'Body that decides',
    keyClass: 'May sign',
    keyClasses: { everyday: 'everyday acts', full: 'everything' },
    publicKey: 'Public key',
    proposer: 'Proposed by',
    created: 'Proposed at',
    wouldDo: 'What it does once it is approved',
    proposalStates: {
      open: 'awaits approvals',
      executed: 'done',
      withdrawn: 'withdrawn',
      rejected: 'rejected',
      expired: 'expired',
    },
    machineActs: {
      'telemetry/anchor': 'Anchor what shard {shard} has kept so far',
      'telemetry/report-fork': 'Report that shard {shard} told two histories',
      'validator/report-fork': 'Report that a validator told two histories',
      'device/report-clone': 'Report that a device key is used in two places',
    },
    eventsHeading: 'What it changed',
    toldHeading: 'Told by the city',
    toldHint: 'Evidence says nothing about this: no check here proves it.',
    validUntil: 'Could run until',
    size: 'Size in bytes',
    details: 'Why',
    anchorsHeading: 'Anchored telemetry',
    shard: 'Shard',
    entries: 'Entries covered',
    root: 'Root',
    checkpointSize: 'Entries of the log',
    unpinnedNote: 'Nobody checked these signatures here: no policy is pinned. The names are only what the checkpoint says.',
    believedNote: 'Your browser verified these signatures: the quorum of your pinned policy cosigned.',
    unbelievedNote:
      'Under your pinned policy this checkpoint is not to be believed ({code}). Do not trust what is newer than your last check.',
    engine: 'Engine',
    engines: {
      embedded: 'embedded: this one process decides every block',
      cometbft: 'CometBFT: validators agree on every block',
    },
    validators: 'Validators',
    validatorAlone: 'One, which decides alone. It tolerates no fault.',
    validatorQuorum: '{cosigned} of {count} cosigned, {needed} must.',
    faultsSome: 'While no more than {count} fails or lies, the city decides, and rightly.',
    faultsNone: 'No fault is tolerated: if one fails, the city decides nothing.',
    cosigner: 'Who',
    part: 'As',
    parts: { validator: 'validator', witness: 'outside witness', stranger: 'unknown to the policy' },
    cosigned: 'Cosigned',
    inQuorum: 'Counts for the quorum',
    withoutAnchors: 'Leave out anchors',
    onlyAnchors: 'The newest ones are all anchors.',
    several: 'Several records have this id or hash:',
    foundKinds: {
      reading: 'Reading',
      transaction: 'Transaction',
      block: 'Block',
      device: 'Device',
      account: 'Account',
      proposal: 'Proposal',
      model: 'Model',
      manufacturer: 'Manufacturer',
      body: 'Body that decides',
      shard: 'Telemetry shard',
      zone: 'Zone',
      order: 'Order',
      alarm: 'Alarm',
    },
  },
  et: {
    heldBy: 'Omanik',
    holders: { organisation: 'organisatsioon', person: 'inimene', service: 'linna teenus' },
    personNote: 'Inimesi pearaamatus kunagi ei nimetata.',
    roles: 'Rollid',
    bodies: 'Liige kogudes',
    body: 'Otsustav kogu',
    keyClass: 'Tohib allkirjastada',
    keyClasses: { everyday: 'igapäevaseid toiminguid', full: 'kõike' },
    publicKey: 'Avalik võti',
    proposer: 'Esitas',
    created: 'Esitatud',
    wouldDo: 'Mida see heakskiidu järel teeb',
    proposalStates: {
      open: 'ootab heakskiite',
      executed: 'tehtud',
      withdrawn: 'tagasi võetud',
      rejected: 'tagasi lükatud',
      expired: 'aegunud',
    },
    machineActs: {
      'telemetry/anchor': 'Ankurda, mida kild {shard} on seni hoidnud',
      'telemetry/report-fork': 'Teata, et kild {shard} rääkis kaht ajalugu',
      'validator/report-fork': 'Teata, et valideerija rääkis kaht ajalugu',
      'device/report-clone': 'Teata, et seadme võtit kasutatakse kahes kohas',
    },
    eventsHeading: 'Mida see muutis',
    toldHeading: 'Linna öeldud',
    toldHint: 'Tõend selle kohta midagi ei ütle: siinne kontroll seda ei tõesta.',
    validUntil: 'Sai käivituda kuni',
    size: 'Suurus baitides',
    details: 'Miks',
    anchorsHeading: 'Ankurdatud telemeetria',
    shard: 'Kild',
    entries: 'Kaetud sissekandeid',
    root: 'Juur',
    checkpointSize: 'Logi sissekandeid',
    unpinnedNote:
      'Neid allkirju pole siin keegi kontrollinud: reegleid pole kinnitatud. Nimed on vaid see, mida kontrollpunkt ütleb.',
    believedNote: 'Sinu brauser kontrollis neid allkirju: kinnitatud reeglite kvoorum on kaasallkirjastanud.',
    unbelievedNote:
      'Sinu kinnitatud reeglite järgi ei saa seda kontrollpunkti uskuda ({code}). Ära usalda seda, mis on uuem kui su viimane kontroll.',
    engine: 'Mootor',
    engines: {
      embedded: 'sisseehitatud: iga ploki otsustab see üks protsess',
      cometbft: 'CometBFT: kinnitajad lepivad iga ploki kokku',
    },
    validators: 'Kinnitajad',
    validatorAlone: 'Üks, kes otsustab üksi. Ühtki riket ei taluta.',
    validatorQuorum: '{count}-st on kaasallkirjastanud {cosigned}, vaja on {needed}.',
    faultsSome: 'Kuni neist rikki läheb või valetab kõige rohkem {count}, otsustab linn edasi, ja õigesti.',
    faultsNone: 'Ühtki riket ei taluta: kui üks langeb välja, ei otsusta linn midagi.',
    cosigner: 'Kes',
    part: 'Kellena',
    parts: { validator: 'kinnitaja', witness: 'väline tunnistaja', stranger: 'reeglitele tundmatu' },
    cosigned: 'Kaasallkirjastas',
    inQuorum: 'Loeb kvoorumis',
    withoutAnchors: 'Jäta ankrud välja',
    onlyAnchors: 'Uusimad on kõik ankrud.',
    several: 'Selle tunnuse või räsiga on mitu kirjet:',
    foundKinds: {
      reading: 'Näit',
      transaction: 'Tehing',
      block: 'Plokk',
      device: 'Seade',
      account: 'Konto',
      proposal: 'Ettepanek',
      model: 'Mudel',
      manufacturer: 'Tootja',
      body: 'Otsustav kogu',
      shard: 'Telemeetria kild',
      zone: 'Piirkond',
      order: 'Korraldus',
      alarm: 'Häire',
    },
  },
  zh: {
    heldBy: '持有者',
    holders: { organisation: '机构', person: '个人', service: '城市的服务' },
    personNote: '账本上从不写出个人的姓名。',
    roles: '角色',
    bodies: '所属机构',
    body: '决定机构',
    keyClass: '可签署',
    keyClasses: { everyday: '日常操作', full: '一切操作' },
    publicKey: '公钥',
    proposer: '提出者',
    created: '提出时间',
    wouldDo: '获批后会做什么',
    proposalStates: { open: '等待批准', executed: '已执行', withdrawn: '已撤回', rejected: '已否决', expired: '已过期' },
    machineActs: {
      'telemetry/anchor': '锚定分片 {shard} 迄今保存的内容',
      'telemetry/report-fork': '报告分片 {shard} 讲了两种历史',
      'validator/report-fork': '报告某验证者讲了两种历史',
      'device/report-clone': '报告某设备密钥在两处使用',
    },
    eventsHeading: '它改变了什么',
    toldHeading: '由城市告知',
    toldHint: '证据不涉及这些内容：此处的检查不能证明它们。',
    validUntil: '可执行至',
    size: '大小（字节）',
    details: '原因',
    anchorsHeading: '已锚定的遥测',
    shard: '分片',
    entries: '覆盖的条目',
    root: '根',
    checkpointSize: '日志条目数',
    unpinnedNote: '这里没有核验这些签名：尚未固定策略。名称只是检查点自己写的。',
    believedNote: '您的浏览器已核验这些签名：所固定策略的法定人数已共同签名。',
    unbelievedNote: '依据您固定的策略，不应相信此检查点（{code}）。请勿相信比您上次核验更新的内容。',
    engine: '引擎',
    engines: { embedded: '内置：每个区块由这一个进程决定', cometbft: 'CometBFT：验证者对每个区块达成一致' },
    validators: '验证者',
    validatorAlone: '只有一个，由它独自决定，不容任何故障。',
    validatorQuorum: '{count} 个中有 {cosigned} 个已共同签名，至少需要 {needed} 个。',
    faultsSome: '只要故障或作假的不超过 {count} 个，城市仍能作出正确的决定。',
    faultsNone: '不容任何故障：只要一个失效，城市就无法作出任何决定。',
    cosigner: '谁',
    part: '身份',
    parts: { validator: '验证者', witness: '外部见证人', stranger: '策略中未列出' },
    cosigned: '已共同签名',
    inQuorum: '计入法定人数',
    withoutAnchors: '不显示锚定',
    onlyAnchors: '最新的全部是锚定。',
    several: '有多条记录具有此标识或哈希：',
    foundKinds: {
      reading: '读数',
      transaction: '交易',
      block: '区块',
      device: '设备',
      account: '账户',
      proposal: '提案',
      model: '型号',
      manufacturer: '制造商',
      body: '决定机构',
      shard: '遥测分片',
      zone: '区域',
      order: '命令',
      alarm: '警报',
    },
  },
  ar: {
    heldBy: 'صاحبه',
    holders: { organisation: 'منظمة', person: 'شخص', service: 'خدمة للمدينة' },
    personNote: 'لا تُذكر أسماء الأشخاص في السجل أبدًا.',
    roles: 'الأدوار',
    bodies: 'عضو في',
    body: 'الهيئة التي تقرّر',
    keyClass: 'يحقّ له توقيع',
    keyClasses: { everyday: 'الأفعال اليومية', full: 'كل شيء' },
    publicKey: 'المفتاح العام',
    proposer: 'اقترحه',
    created: 'وقت الاقتراح',
    wouldDo: 'ما يفعله متى أُقرّ',
    proposalStates: { open: 'ينتظر الموافقات', executed: 'نُفّذ', withdrawn: 'سُحب', rejected: 'رُفض', expired: 'انتهت مدته' },
    machineActs: {
      'telemetry/anchor': 'ثبّت ما حفظته الشريحة {shard} حتى الآن',
      'telemetry/report-fork': 'أبلغ أن الشريحة {shard} روت تاريخين',
      'validator/report-fork': 'أبلغ أن مدقّقًا روى تاريخين',
      'device/report-clone': 'أبلغ أن مفتاح جهاز يُستخدم في مكانين',
    },
    eventsHeading: 'ما الذي غيّرته',
    toldHeading: 'كما تقوله المدينة',
    toldHint: 'الدليل لا يقول شيئًا عن هذا: لا يثبته أي تحقق هنا.',
    validUntil: 'كان يمكن تنفيذها حتى',
    size: 'الحجم بالبايت',
    details: 'السبب',
    anchorsHeading: 'القياسات المثبَّتة',
    shard: 'الشريحة',
    entries: 'القيود المشمولة',
    root: 'الجذر',
    checkpointSize: 'قيود السجل',
    unpinnedNote: 'لم يتحقّق أحد هنا من هذه التوقيعات: لم تُثبَّت سياسة. الأسماء ليست إلا ما تقوله نقطة التحقّق.',
    believedNote: 'تحقّق متصفحك من هذه التوقيعات: وقّع معها النصاب الذي تطلبه سياستك المثبَّتة.',
    unbelievedNote: 'بحسب سياستك المثبَّتة لا تُصدَّق نقطة التحقّق هذه ({code}). لا تثق بما هو أحدث من آخر تحقّق لك.',
    engine: 'المحرّك',
    engines: {
      embedded: 'مدمج: هذه العملية وحدها تقرّر كل كتلة',
      cometbft: 'CometBFT: يتّفق المصدّقون على كل كتلة',
    },
    validators: 'المصدّقون',
    validatorAlone: 'مصدّق واحد يقرّر وحده، ولا يُحتمل أي عطل.',
    validatorQuorum: 'وقّع {cosigned} من {count}، والمطلوب {needed}.',
    faultsSome: 'ما دام ما يتعطّل أو يكذب منهم لا يزيد على {count}، تواصل المدينة اتخاذ القرار على الوجه الصحيح.',
    faultsNone: 'لا يُحتمل أي عطل: إذا تعطّل واحد فلن تقرّر المدينة شيئًا.',
    cosigner: 'من',
    part: 'بصفته',
    parts: { validator: 'مصدّق', witness: 'شاهد خارجي', stranger: 'مجهول في السياسة' },
    cosigned: 'وقّع معها',
    inQuorum: 'يُحسب في النصاب',
    withoutAnchors: 'دون التثبيتات',
    onlyAnchors: 'أحدثها كلها تثبيتات.',
    several: 'لعدّة قيود هذا المعرّف أو هذه البصمة:',
    foundKinds: {
      reading: 'قراءة',
      transaction: 'معاملة',
      block: 'كتلة',
      device: 'جهاز',
      account: 'حساب',
      proposal: 'مقترح',
      model: 'طراز',
      manufacturer: 'صانع',
      body: 'هيئة تقرّر',
      shard: 'شريحة القياسات',
      zone: 'منطقة',
      order: 'أمر',
      alarm: 'إنذار',
    },
  },
};
