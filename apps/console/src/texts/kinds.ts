/** What kinds of records are called: the names of the ledger (specs/state-map.md) are none for readers. */

import type { LanguageCode } from '@oppidum/pages/languages';

export type KindName =
  | 'city'
  | 'account'
  | 'accountKey'
  | 'body'
  | 'member'
  | 'role'
  | 'proposal'
  | 'approval'
  | 'rejection'
  | 'parameter'
  | 'policyEffective'
  | 'policyPending'
  | 'manufacturer'
  | 'model'
  | 'device'
  | 'deviceKey'
  | 'suspension'
  | 'keyOwner'
  | 'clone'
  | 'modelCommands'
  | 'deviceTrust'
  | 'voucherLink'
  | 'deviceOwner'
  | 'modelAttestation'
  | 'attestation'
  | 'firmware'
  | 'auditCase'
  | 'shard'
  | 'anchorHead'
  | 'anchor'
  | 'anchorOrder'
  | 'interlockSensor'
  | 'shardNumber'
  | 'erasure';

export const KIND_NAMES: Readonly<Record<LanguageCode, Readonly<Record<KindName, string>>>> = {
  en: {
    city: 'The city',
    account: 'Account',
    accountKey: 'Keys of an account',
    body: 'Deciding body',
    member: 'Members of a body',
    role: 'Roles of an account',
    proposal: 'Proposal',
    approval: 'Approvals of a proposal',
    rejection: 'Rejections of a proposal',
    parameter: 'Parameter',
    policyEffective: 'Policy in force',
    policyPending: 'Policy to come',
    manufacturer: 'Manufacturer',
    model: 'Model',
    device: 'Device',
    deviceKey: 'Keys of a device',
    suspension: 'Suspensions of a device',
    keyOwner: 'Owner of a key',
    clone: 'Clones of a device',
    modelCommands: 'What a model can do',
    deviceTrust: 'What is known against a device',
    voucherLink: 'Links of a device’s voucher',
    deviceOwner: 'Owner of a device',
    modelAttestation: 'What devices of a model attest',
    attestation: 'Newest attestation of a device',
    firmware: 'Firmware of a model',
    auditCase: 'Cases of auditors about a device',
    shard: 'Shard of telemetry',
    anchorHead: 'Newest anchor of a shard',
    anchor: 'Anchors of a shard',
    anchorOrder: 'Order of anchors',
    interlockSensor: 'Sensors of interlocks',
    shardNumber: 'Shard by its number',
    erasure: 'Erasure',
  },
  et: {
    city: 'Linn',
    account: 'Konto',
    accountKey: 'Konto võtmed',
    body: 'Otsustav kogu',
    member: 'Kogu liikmed',
    role: 'Konto rollid',
    proposal: 'Ettepanek',
    approval: 'Ettepaneku heakskiidud',
    rejection: 'Ettepaneku tagasilükkamised',
    parameter: 'Parameeter',
    policyEffective: 'Kehtivad reeglid',
    policyPending: 'Tulevased reeglid',
    manufacturer: 'Tootja',
    model: 'Mudel',
    device: 'Seade',
    deviceKey: 'Seadme võtmed',
    suspension: 'Seadme peatamised',
    keyOwner: 'Võtme omanik',
    clone: 'Seadme kloonid',
    modelCommands: 'Mida mudel oskab',
    deviceTrust: 'Mis on teada seadme vastu',
    voucherLink: 'Seadme omanditõendi lülid',
    deviceOwner: 'Seadme omanik',
    modelAttestation: 'Mida mudeli seadmed tõendavad',
    attestation: 'Seadme uusim tõendus',
    firmware: 'Mudeli püsivara',
    auditCase: 'Audiitorite juhtumid seadme kohta',
    shard: 'Telemeetria osalogi',
    anchorHead: 'Osalogi uusim ankur',
    anchor: 'Osalogi ankrud',
    anchorOrder: 'Ankrute järjekord',
    interlockSensor: 'Blokeeringute andurid',
    shardNumber: 'Osalogi numbri järgi',
    erasure: 'Kustutamine',
  },
  zh: {
    city: '城市',
    account: '账户',
    accountKey: '账户的密钥',
    body: '决策机构',
    member: '机构成员',
    role: '账户的角色',
    proposal: '提案',
    approval: '提案的批准',
    rejection: '提案的否决',
    parameter: '参数',
    policyEffective: '现行策略',
    policyPending: '待生效策略',
    manufacturer: '制造商',
    model: '型号',
    device: '设备',
    deviceKey: '设备的密钥',
    suspension: '设备的暂停',
    keyOwner: '密钥的所有者',
    clone: '设备的克隆',
    modelCommands: '型号能做什么',
    deviceTrust: '对设备的不利记录',
    voucherLink: '设备凭证的各环',
    deviceOwner: '设备的所有者',
    modelAttestation: '型号的设备须证明什么',
    attestation: '设备的最新证明',
    firmware: '型号的固件',
    auditCase: '审计员对设备的案件',
    shard: '遥测分片',
    anchorHead: '分片的最新锚',
    anchor: '分片的锚',
    anchorOrder: '锚的次序',
    interlockSensor: '联锁传感器',
    shardNumber: '按编号的分片',
    erasure: '删除',
  },
  ar: {
    city: 'المدينة',
    account: 'حساب',
    accountKey: 'مفاتيح حساب',
    body: 'هيئة القرار',
    member: 'أعضاء هيئة',
    role: 'أدوار حساب',
    proposal: 'اقتراح',
    approval: 'موافقات على اقتراح',
    rejection: 'رفض اقتراح',
    parameter: 'مُعامل',
    policyEffective: 'السياسة السارية',
    policyPending: 'السياسة القادمة',
    manufacturer: 'صانع',
    model: 'طراز',
    device: 'جهاز',
    deviceKey: 'مفاتيح جهاز',
    suspension: 'إيقافات جهاز',
    keyOwner: 'صاحب مفتاح',
    clone: 'نُسخ مستنسخة من جهاز',
    modelCommands: 'ما يقدر عليه الطراز',
    deviceTrust: 'ما عُرف على الجهاز',
    voucherLink: 'حلقات سند ملكية جهاز',
    deviceOwner: 'مالك جهاز',
    modelAttestation: 'ما تُثبته أجهزة الطراز',
    attestation: 'أحدث إثبات لجهاز',
    firmware: 'البرامج الثابتة لطراز',
    auditCase: 'قضايا المدققين عن جهاز',
    shard: 'جزء من القياس',
    anchorHead: 'أحدث تثبيت لجزء',
    anchor: 'تثبيتات جزء',
    anchorOrder: 'ترتيب التثبيتات',
    interlockSensor: 'حساسات الأقفال',
    shardNumber: 'جزء برقمه',
    erasure: 'محو',
  },
};

/** The reader's name of a kind; its own where it is a kind that this page does not know. */
export function kindName(code: LanguageCode, kind: string): string {
  const names: Readonly<Record<string, string>> = KIND_NAMES[code];
  return Object.hasOwn(names, kind) ? (names[kind] as string) : kind;
}
