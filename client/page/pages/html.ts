import type { Texts } from '../src/texts/en.ts';
import { LANGUAGES } from '../src/texts/languages.ts';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as HTML shows it, in content and between the quotes of an attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? '');
}

/** Text with what is to be typed set apart; it breaks between words and not at their hyphens. */
export function words(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, (_, typed: string) => {
    const each = typed.split(' ').map((word) => `<span>${word}</span>`);
    return `<code dir="ltr">${each.join(' ')}</code>`;
  });
}

/** A list; each item as `words` shows it. */
export function bullets(texts: readonly string[]): string {
  return `<ul>\n${texts.map((text) => `<li>${words(text)}</li>`).join('\n')}\n</ul>`;
}

/** The path under which a language's pages lie. */
export function home({ language }: { readonly language: string }): string {
  return language === 'en' ? '/' : `/${escape(language)}/`;
}

/** A whole page. Its script comes first among those that it needs, and is named by its address: the policy of all pages takes none from within. */
export function page(texts: Texts, title: string, content: string, scripts: readonly string[] = []): string {
  // What the script needs is asked for at the same time: over Tor each round trip is felt.
  const [first, ...needed] = scripts.map(escape);
  const loaded = [
    ...needed.map((script) => `<link rel="modulepreload" href="${script}">\n`),
    ...(first === undefined ? [] : [`<script type="module" src="${first}"></script>\n`]),
  ];
  return `<!DOCTYPE html>
<html lang="${escape(texts.language)}" dir="${escape(texts.direction)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/style.css">
${loaded.join('')}</head>
<body>
<header>
<a id="leave" class="leave" href="/leave" title="${escape(texts.common.leaveKey)}">${escape(texts.common.leave)}</a>
<nav aria-label="${escape(texts.common.languages)}">
<ul>
${languages(texts)}
</ul>
</nav>
</header>
<main>
${content}
</main>
</body>
</html>
`;
}

/** The other languages, each by its own name. */
function languages(texts: Texts): string {
  const items = LANGUAGES.map(([language, name]) => {
    const current = language === texts.language ? ' aria-current="true"' : '';
    return `<li><a href="${home({ language })}" lang="${language}" hreflang="${language}"${current}>${name}</a></li>`;
  });
  return items.join('\n');
}
