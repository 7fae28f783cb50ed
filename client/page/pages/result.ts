import type { Texts } from '../src/texts/en.ts';
import { escape, home, page, words } from './html.ts';

/** How a form can end: the server redirects to the page of that name. */
export const RESULTS = [
  'arrived',
  'may-have-arrived',
  'nothing',
  'unsealed',
  'other-keys',
  'damaged',
  'full',
  'closed',
  'try-again',
] as const;

/** The page that says how a form ended, and nothing about what was sent. */
export function result(texts: Texts, name: (typeof RESULTS)[number]): string {
  const { title, text } = texts.results[name];
  const content = `<h1>${escape(title)}</h1>
<p>${words(text)}</p>
<p><a href="${home(texts)}">${escape(texts.results.back)}</a></p>`;
  return page(texts, title, content);
}
