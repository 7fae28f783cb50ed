/** The languages of the page, each by its own name. The first is at `/`, the others at `/` and their name. */
import type { Texts } from './en.ts';

export const LANGUAGES = [
  ['en', 'English'],
  ['zh-hans', '简体中文'],
  ['zh-hant', '繁體中文'],
  ['es', 'Español'],
  ['fr', 'Français'],
  ['ru', 'Русский'],
  ['ar', 'العربية'],
  ['fa', 'فارسی'],
] as const;

export type Language = (typeof LANGUAGES)[number][0];

/** The texts of each language, loaded when it is that of the page. */
const TEXTS: Readonly<Record<Language, () => Promise<Texts>>> = {
  en: async () => (await import('./en.ts')).en,
  'zh-hans': async () => (await import('./zh-hans.ts')).zhHans,
  'zh-hant': async () => (await import('./zh-hant.ts')).zhHant,
  es: async () => (await import('./es.ts')).es,
  fr: async () => (await import('./fr.ts')).fr,
  ru: async () => (await import('./ru.ts')).ru,
  ar: async () => (await import('./ar.ts')).ar,
  fa: async () => (await import('./fa.ts')).fa,
};

export function textsOf(name: string): Promise<Texts> {
  const known = LANGUAGES.find(([language]) => language === name);
  return TEXTS[known?.[0] ?? 'en']();
}
