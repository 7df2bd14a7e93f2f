/** What is said of how something is ordered in a zone: order keys sign on the command line, and a page shows the lines. */

import type { LanguageCode } from '@oppidum/pages/languages';

export type OrderHereTexts = {
  readonly heading: string;
  readonly choose: string;
  /** {needed}, {count}, {lifetime} */
  readonly says: string;
  readonly second: string;
  readonly first: string;
  /** Where one signature is enough. */
  readonly alone: string;
  readonly keys: string;
  readonly after: string;
};

export const ORDER_HERE_TEXTS: Readonly<Record<LanguageCode, OrderHereTexts>> = {
  en: {
    heading: 'To order something here',
    choose: 'Order',
    says: 'Order keys are files of the engineers and never come into a browser. {needed} of {count} must sign this order, and it lives {lifetime} at most.',
    second: 'First, in another terminal, the second engineer waits for it, reads what it does and signs:',
    alone: 'Who holds a key reads what it does, signs and hands it in:',
    first: 'Then the first engineer reads what it does, signs and hands it in:',
    keys: 'Put the names of your own key files in. In the simulated town they lie in demo/engineers of the data folder, two for each zone.',
    after: 'What becomes of it is shown under the newest orders below, and by the machines themselves.',
  },
  et: {
    heading: 'Siin midagi korraldada',
    choose: 'Korraldus',
    says: 'Korraldusvõtmed on inseneride failid ega jõua kunagi brauserisse. Selle korralduse peab allkirjastama {needed} võtit {count} võtmest ja see kehtib kõige rohkem {lifetime}.',
    second: 'Kõigepealt ootab teine insener seda teises terminalis, loeb, mida see teeb, ja kirjutab alla:',
    alone: 'Võtme hoidja loeb, mida see teeb, kirjutab alla ja annab sisse:',
    first: 'Siis loeb esimene insener, mida see teeb, kirjutab alla ja annab sisse:',
    keys: 'Pane asemele oma võtmefailide nimed. Simuleeritud linnas on need andmekausta kaustas demo/engineers, kaks iga piirkonna kohta.',
    after: 'Mis sellest saab, näitavad uusimad korraldused allpool ja masinad ise.',
  },
  zh: {
    heading: '在此下达命令',
    choose: '命令',
    says: '命令密钥是工程师的文件，从不进入浏览器。此命令须由 {count} 把密钥中的 {needed} 把签名，最长有效 {lifetime}。',
    second: '首先，第二位工程师在另一个终端等待它，读明其作用后签名：',
    alone: '持有密钥者读明其作用，签名并提交：',
    first: '然后，第一位工程师读明其作用，签名并提交：',
    keys: '请换成您自己的密钥文件名。在模拟城镇中，它们在数据文件夹的 demo/engineers 里，每个区域两把。',
    after: '结果见下面的最新命令，以及各机器本身。',
  },
  ar: {
    heading: 'لإصدار أمر هنا',
    choose: 'الأمر',
    says: 'مفاتيح الأوامر ملفات لدى المهندسين ولا تدخل المتصفح أبدًا. يجب أن يوقّع هذا الأمر {needed} من {count}، ويعيش {lifetime} على الأكثر.',
    second: 'أولًا ينتظره المهندس الثاني في طرفية أخرى، ويقرأ ما يفعله ويوقّع:',
    alone: 'يقرأ حامل المفتاح ما يفعله ويوقّع ويسلّمه:',
    first: 'ثم يقرأ المهندس الأول ما يفعله ويوقّع ويسلّمه:',
    keys: 'ضع أسماء ملفات مفاتيحك. في البلدة المحاكاة تقع في demo/engineers من مجلد البيانات، اثنان لكل منطقة.',
    after: 'ما يؤول إليه يظهر في أحدث الأوامر أدناه، ولدى الآلات نفسها.',
  },
};
