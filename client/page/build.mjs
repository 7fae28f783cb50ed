// Builds dist/, or the folder that is named: the same files from the same sources, byte for byte.
//
//   node build.mjs [FOLDER]
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const out = process.argv[2] ?? 'dist';
const languages = readdirSync('src/texts').map((name) => name.replace('.ts', ''));
const UNIT = 8_192;
const forBrowsers = {
  bundle: true,
  target: 'firefox128',
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const words = await wordLists();
const style = readFileSync('pages/style.css', 'utf8');
const scripts = await page();
const { front, saved } = await site();
const script = await savedScript();
const savedHtml = await saved(style, script, sha256Base64(style), sha256Base64(script));
writeFileSync(join(out, 'saved.html'), savedHtml);
writeFileSync(join(out, 'words.txt'), words);
cpSync('pages/style.css', join(out, 'style.css'));
for (const [name, html] of await front(scripts, sha256(savedHtml))) {
  mkdirSync(dirname(join(out, name)), { recursive: true });
  writeFileSync(join(out, name), html);
}
writeFileSync(join(out, 'hashes'), hashes());

/** The scripts of the page. Gives the addresses of those of the first view: what begins, and what that needs. */
async function page() {
  const { metafile } = await build({
    ...forBrowsers,
    entryPoints: { page: 'src/view/main.ts' },
    outdir: out,
    splitting: true,
    format: 'esm',
    define: { SAVED_WORDS: 'undefined', ...wordsDefined() },
    metafile: true,
  });
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const needed = outputs.get('page.js').imports.filter(({ kind }) => kind === 'import-statement');
  padTexts(Object.keys(metafile.outputs));
  return ['/page.js', ...needed.map(({ path }) => `/${basename(path)}`)];
}

/** The texts of all languages are equally long: which of them is asked for must not show on the line. */
function padTexts(paths) {
  const texts = paths.filter((path) => languages.some((language) => basename(path).startsWith(`${language}-`)));
  const contents = texts.map((path) => readFileSync(path));
  const longest = Math.ceil(Math.max(...contents.map(({ length }) => length)) / UNIT) * UNIT;
  texts.forEach((path, at) => writeFileSync(path, Buffer.concat([contents[at], Buffer.alloc(longest - contents[at].length, ' ')])));
}

/** The one script of the page that is saved, with the lists of words in it. */
async function savedScript() {
  const { outputFiles } = await build({
    ...forBrowsers,
    entryPoints: ['src/view/saved.ts'],
    format: 'iife',
    define: { SAVED_WORDS: JSON.stringify(words), ...wordsDefined() },
    write: false,
  });
  // Within a script element only its end has a meaning.
  return outputFiles[0].text.replaceAll('</script', '<\\/script');
}

/** What makes the HTML files: pages/. */
async function site() {
  const folder = mkdtempSync(join(tmpdir(), 'knothole-site-'));
  try {
    const outfile = join(folder, 'site.mjs');
    await build({ entryPoints: ['pages/site.ts'], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node18' });
    const made = await import(pathToFileURL(outfile).href);
    return { front: made.site, saved: made.saved };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The ten official lists in the order of src/words/list.ts: a word a line, an empty line between two lists. */
async function wordLists() {
  const names = [
    'english', 'simplified-chinese', 'traditional-chinese', 'czech', 'french', 'italian', 'japanese', 'korean', 'portuguese',
    'spanish',
  ];
  const lists = await Promise.all(names.map((name) => import(`@scure/bip39/wordlists/${name}.js`)));
  return `${lists.map(({ wordlist }) => wordlist.join('\n')).join('\n\n')}\n`;
}

/** What the lists of words must be. */
function wordsDefined() {
  const bytes = Buffer.from(words);
  return { WORDS_LENGTH: String(bytes.length), WORDS_SHA256: JSON.stringify(sha256(bytes)) };
}

/** Every file's SHA-256, as sha256sum writes it and checks it. */
function hashes() {
  const names = files('').sort();
  return names.map((name) => `${sha256(readFileSync(join(out, name)))}  ${name}\n`).join('');
}

function files(folder) {
  return readdirSync(join(out, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? files(name) : [name];
  });
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

function sha256Base64(content) {
  return createHash('sha256').update(content).digest('base64');
}
