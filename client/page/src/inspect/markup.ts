// Documents that are written in letters: RTF, HTML, SVG and other XML, PostScript, messages. Notes may stand anywhere in them, so that only
// the usual places are told, and nothing is cleaned.
import { find, letters, utf8 } from './bytes.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';
import { facts } from './xml.ts';

/** So much of a document is read. */
const MOST_READ = 4 << 20;
/** So many tags of one name are read. */
const MOST_TAGS = 1_000;
/** So many lines are read. */
const MOST_LINES = 100_000;
/** No note that is told is longer. */
const MOST_NOTE = 1_024;

/** What RTF says about itself (its specification 1.9.1, "information group"). */
const GROUPS: readonly (readonly [string, What])[] = [
  ['{\\author ', 'author'],
  ['{\\operator ', 'author'],
  ['{\\*\\manager ', 'author'],
  ['{\\manager ', 'author'],
  ['{\\*\\company ', 'author'],
  ['{\\company ', 'author'],
  ['{\\title ', 'title'],
  ['{\\subject ', 'comment'],
  ['{\\doccomm ', 'comment'],
  ['{\\*\\generator ', 'software'],
  ['{\\creatim', 'time'],
  ['{\\revtim', 'time'],
  ['{\\*\\template ', 'path'],
  ['{\\*\\revtbl', 'history'],
];

/** RTF. */
export async function rtf(file: Source, seen: Seen): Promise<void> {
  const bytes = await begin(file, seen);
  for (const [group, what] of GROUPS) {
    const place = find(bytes, group);
    if (place < 0) continue;
    const rest = bytes.subarray(place + group.length, place + group.length + MOST_NOTE);
    if (what === 'history') seen.note(what);
    else seen.say(what, utf8(rest.subarray(0, Math.max(0, rest.indexOf(0x7d)))));
  }
}

const NAMES: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'author copyright creator dc.creator changedby'],
      ['software', 'generator progid'],
      ['comment', 'description keywords'],
      ['time', 'date created changed'],
      ['location', 'geo.position geo.placename'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** HTML: what stands in its `meta`. */
export async function html(file: Source, seen: Seen): Promise<void> {
  const bytes = await begin(file, seen);
  const small = letters(bytes).toLowerCase();
  let at = small.indexOf('<meta');
  for (let count = 0; at >= 0 && count < MOST_TAGS; count += 1) {
    const end = small.indexOf('>', at);
    if (end < 0) return;
    if (end - at < MOST_NOTE) {
      const tag = utf8(bytes.subarray(at, end));
      const what = NAMES.get(attribute(tag, 'name').toLowerCase());
      if (what !== undefined) seen.say(what, attribute(tag, 'content'));
    }
    at = small.indexOf('<meta', at + 5);
  }
}

const FACTS: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'creator author publisher rights lastauthor company initial-creator printed-by'],
      ['time', 'date created modified time creation-date print-date'],
      ['software', 'generator creatortool producer'],
      ['comment', 'description subject keywords'],
      ['path', 'docname docbase export-filename absref'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** SVG and other XML: names that are common in notes. */
export async function xml(file: Source, seen: Seen): Promise<void> {
  facts(await begin(file, seen), seen, (name, text) => {
    const what = FACTS.get(name);
    if (what !== undefined) seen.say(what, text);
  });
}

const COMMENTS: ReadonlyMap<string, What> = new Map(
  [
    ['%%for', 'author'],
    ['%%routing', 'author'],
    ['%%creator', 'software'],
    ['%%creationdate', 'time'],
    ['%%title', 'title'],
  ] as const,
);

/** PostScript: what its comments say (Document Structuring Conventions 3.0, 5). */
export async function postscript(file: Source, seen: Seen): Promise<void> {
  lines(await begin(file, seen), COMMENTS, seen);
}

const FIELDS: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'from sender reply-to return-path to cc bcc delivered-to envelope-to'],
      ['device', 'received x-originating-ip'],
      ['time', 'date'],
      ['software', 'x-mailer user-agent'],
      ['path', 'content-location snapshot-content-location'],
      ['title', 'subject'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** A message, and every message and part in it. */
export async function mail(file: Source, seen: Seen): Promise<void> {
  lines(await begin(file, seen), FIELDS, seen);
}

/** Tells what stands behind these names and a colon, each at the beginning of a line. */
function lines(bytes: Uint8Array, names: ReadonlyMap<string, What>, seen: Seen): void {
  let count = 0;
  for (let at = 0; at < bytes.length && count < MOST_LINES; count += 1) {
    const end = bytes.indexOf(0x0a, at);
    const line = bytes.subarray(at, Math.min(end < 0 ? bytes.length : end, at + MOST_NOTE));
    const colon = line.indexOf(0x3a);
    const what = colon < 0 ? undefined : names.get(letters(line.subarray(0, colon)).trim().toLowerCase());
    if (what !== undefined) seen.say(what, utf8(line.subarray(colon + 1)));
    at = end < 0 ? bytes.length : end + 1;
  }
  if (count === MOST_LINES) seen.limit('too-large');
}

async function begin(file: Source, seen: Seen): Promise<Uint8Array> {
  seen.limit('partly');
  if (file.length > MOST_READ) seen.limit('too-large');
  return file.head(MOST_READ);
}

/** What an attribute of a tag says, in quotes or not. */
function attribute(tag: string, name: string): string {
  const found = new RegExp(`${name}=(?:"([^"]*)"|'([^']*)'|([^ ]*))`, 'i').exec(tag);
  return found?.[1] ?? found?.[2] ?? found?.[3] ?? '';
}
