/**
 * Parts of the console that load when somebody goes there: each its own folder under `areas/`, with its own texts in four languages.
 * One line here gives an area its address (`#/NAME/ARGUMENT`), its place in the navigation and its view.
 */

import type { LanguageCode } from '@oppidum/pages/languages';
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

/** What a view of an area is given: the rest of its address, decoded, empty where there is none. */
export type AreaProps = { readonly argument: string };

export type Area = {
  readonly title: Readonly<Record<LanguageCode, string>>;
  /** False where only links lead there. */
  readonly isInNavigation: boolean;
  readonly View: LazyExoticComponent<ComponentType<AreaProps>>;
};

export const AREAS: Readonly<Record<string, Area>> = {
  tour: {
    title: { en: 'What is this?', et: 'Mis see on?', zh: '这是什么？', ar: 'ما هذا؟' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/tour/tour-view.tsx')).TourView),
  },
  keys: {
    title: { en: 'Your key', et: 'Sinu võti', zh: '您的密钥', ar: 'مفتاحك' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/keys/keys-view.tsx')).KeysView),
  },
  alarms: {
    title: { en: 'Alarms', et: 'Häired', zh: '警报', ar: 'الإنذارات' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/alarms/alarms-view.tsx')).AlarmsView),
  },
  orders: {
    title: { en: 'Orders', et: 'Korraldused', zh: '命令', ar: 'الأوامر' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/orders/orders-view.tsx')).OrdersView),
  },
  zones: {
    title: { en: 'Zones', et: 'Piirkonnad', zh: '区域', ar: 'المناطق' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/zones/zones-view.tsx')).ZonesView),
  },
  decisions: {
    title: { en: 'Decisions', et: 'Otsused', zh: '决策', ar: 'القرارات' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/decisions/decisions-view.tsx')).DecisionsView),
  },
  tamper: {
    title: { en: 'Tamper desk', et: 'Võltsimislaud', zh: '篡改台', ar: 'مكتب التلاعب' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/tamper/tamper-view.tsx')).TamperView),
  },
  attacks: {
    title: { en: 'Attack desk', et: 'Rünnakulaud', zh: '攻击台', ar: 'مكتب الهجمات' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/attacks/attacks-view.tsx')).AttacksView),
  },
  kit: {
    title: { en: 'Attach a device', et: 'Ühenda seade', zh: '接入设备', ar: 'صِل جهازًا' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/kit/kit-view.tsx')).KitView),
  },
  import: {
    title: { en: 'Import devices', et: 'Seadmete import', zh: '导入设备', ar: 'استيراد الأجهزة' },
    isInNavigation: true,
    View: lazyView(async () => (await import('./areas/import/import-view.tsx')).ImportView),
  },
  act: {
    title: { en: 'Act', et: 'Toiming', zh: '操作', ar: 'عمل' },
    isInNavigation: false,
    View: lazyView(async () => (await import('./areas/keys/act-view.tsx')).ActView),
  },
  certificate: {
    title: { en: 'Certificate', et: 'Tunnistus', zh: '证书', ar: 'شهادة' },
    isInNavigation: false,
    View: lazyView(async () => (await import('./areas/certificate/certificate-view.tsx')).CertificateView),
  },
};

/** A view that loads with its module when it is first shown. */
function lazyView(load: () => Promise<ComponentType<AreaProps>>): LazyExoticComponent<ComponentType<AreaProps>> {
  return lazy(async () => ({ default: await load() }));
}
