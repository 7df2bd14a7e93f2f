/** Names of the layers of the operations map, and of the shapes that mark devices. */

import type { LanguageCode } from '@oppidum/pages/languages';
import type { Layer, Mark } from '../views/city-layers.ts';

type LayerTexts = {
  readonly heading: string;
  readonly layers: Readonly<Record<Layer, string>>;
  readonly marksHeading: string;
  readonly marks: Readonly<Record<Mark, string>>;
  readonly column: string;
  /** The list of zones beside the map. */
  readonly zones: Readonly<Record<'heading' | 'note' | 'zone' | 'onMap' | 'show' | 'showShort' | 'nowhere', string>>;
  /** Of a city without devices; ways to bring some follow. */
  readonly empty: string;
};

export const LAYER_TEXTS: Readonly<Record<LanguageCode, LayerTexts>> = {
  en: {
    heading: 'Layers',
    layers: {
      lighting: 'Lighting',
      signals: 'Signals',
      roads: 'Traffic',
      water: 'Water',
      power: 'Power',
      others: 'Everything else',
      zones: 'Zones',
      alarms: 'Alarms',
    },
    marksHeading: 'Marks',
    marks: { alarm: 'alarm', fault: 'says that it failed', stale: 'silent for 15 minutes', none: 'nothing to report' },
    column: 'Now',
    zones: {
      heading: 'Zones',
      note: 'On the map a dashed line runs around the devices of each zone, where they say that they are. A name that finds no room there is in this list.',
      ...{ zone: 'Zone', onMap: 'Map', show: 'Show {name} on the map', showShort: 'Show', nowhere: 'no place is known' },
    },
    empty: 'No device is registered here yet. What you can do:',
  },
  et: {
    heading: 'Kihid',
    layers: {
      lighting: 'Valgustus',
      signals: 'Foorid',
      roads: 'Liiklus',
      water: 'Vesi',
      power: 'Elekter',
      others: 'Kõik muu',
      zones: 'Tsoonid',
      alarms: 'Häired',
    },
    marksHeading: 'Märgid',
    marks: { alarm: 'häire', fault: 'ütleb, et on rikkis', stale: 'vaikinud 15 minutit', none: 'midagi teatada pole' },
    column: 'Praegu',
    zones: {
      heading: 'Tsoonid',
      note: 'Kaardil ümbritseb katkendjoon iga tsooni seadmeid seal, kus nad ütlevad end olevat. Nimi, millele seal ruumi pole, on selles loendis.',
      ...{ zone: 'Tsoon', onMap: 'Kaart', show: 'Näita kaardil: {name}', showShort: 'Näita', nowhere: 'asukoht pole teada' },
    },
    empty: 'Ühtegi seadet pole siin veel registreeritud. Mida saad teha:',
  },
  zh: {
    heading: '图层',
    layers: {
      lighting: '照明',
      signals: '信号灯',
      roads: '交通',
      water: '供水',
      power: '电力',
      others: '其他',
      zones: '区域',
      alarms: '警报',
    },
    marksHeading: '标记',
    marks: { alarm: '警报', fault: '自报故障', stale: '静默 15 分钟', none: '无异常' },
    column: '现状',
    zones: {
      heading: '区域',
      note: '地图上的虚线环绕每个区域的设备，位置以设备自报为准。地图上放不下的名称在此列表中。',
      ...{ zone: '区域', onMap: '地图', show: '在地图上显示{name}', showShort: '显示', nowhere: '位置未知' },
    },
    empty: '此处尚未登记任何设备。您可以：',
  },
  ar: {
    heading: 'الطبقات',
    layers: {
      lighting: 'الإنارة',
      signals: 'الإشارات',
      roads: 'المرور',
      water: 'المياه',
      power: 'الكهرباء',
      others: 'كل ما عدا ذلك',
      zones: 'المناطق',
      alarms: 'الإنذارات',
    },
    marksHeading: 'العلامات',
    marks: { alarm: 'إنذار', fault: 'يقول إنه تعطل', stale: 'صامت منذ 15 دقيقة', none: 'لا شيء يُذكر' },
    column: 'الآن',
    zones: {
      heading: 'المناطق',
      note: 'على الخريطة يحيط خط متقطع بأجهزة كل منطقة حيث تقول إنها موجودة. والاسم الذي لا يجد مكانًا هناك موجود في هذه القائمة.',
      ...{ zone: 'المنطقة', onMap: 'الخريطة', show: 'اعرض {name} على الخريطة', showShort: 'اعرض', nowhere: 'الموقع غير معروف' },
    },
    empty: 'لم يُسجَّل هنا أي جهاز بعد. ما يمكنك فعله:',
  },
};
