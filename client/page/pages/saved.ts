import { LANGUAGES, textsOf } from '../src/texts/languages.ts';
import { escape } from './html.ts';

/**
 * The page as one file. It carries its own policy: its one script and one style by their hashes, and onion services over
 * HTTP alone to talk to. The script shows everything; without it there is nothing that this file could do.
 */
export async function saved(style: string, script: string, styleHash: string, scriptHash: string): Promise<string> {
  const languages = await Promise.all(LANGUAGES.map(([language]) => textsOf(language)));
  const without = languages.map(({ language, direction, saved }) => {
    return `<p lang="${language}" dir="${direction}">${escape(saved.scripts)}</p>`;
  });
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${scriptHash}'`,
    `style-src 'sha256-${styleHash}'`,
    'connect-src http:',
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return `<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Knothole</title>
<style>${style}</style>
</head>
<body>
<header></header>
<main><noscript>${without.join('')}</noscript></main>
<script>${script}</script>
</body>
</html>
`;
}
