import type { Texts } from '../src/texts/en.ts';
import { LANGUAGES, textsOf } from '../src/texts/languages.ts';
import { front } from './front.ts';
import { RESULTS, result } from './result.ts';

export { saved } from './saved.ts';

/** Pages are as long as the longest of their sort, rounded up to this, so that length names no language. */
const UNIT = 128;

/** Every HTML file by its name in dist/. */
export async function site(scripts: readonly string[], savedHash: string): Promise<Map<string, string>> {
  const languages = await Promise.all(LANGUAGES.map(([language]) => textsOf(language)));
  const fronts = languages.map((texts): Page => [`${folder(texts)}index.html`, front(texts, scripts, savedHash)]);
  const results = languages.flatMap((texts) =>
    RESULTS.map((name): Page => [`${folder(texts)}${name}.html`, result(texts, name)]),
  );
  return new Map([...alike(fronts), ...alike(results)]);
}

type Page = readonly [name: string, html: string];

function folder(texts: Texts): string {
  return texts.language === 'en' ? '' : `${texts.language}/`;
}

function alike(pages: readonly Page[]): Page[] {
  const bytes = ([, html]: Page): number => new TextEncoder().encode(html).length;
  const longest = Math.ceil((Math.max(...pages.map(bytes)) + 1) / UNIT) * UNIT;
  return pages.map((page) => [page[0], page[1] + `${' '.repeat(longest - bytes(page) - 1)}\n`]);
}
