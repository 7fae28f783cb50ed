// XML: XMP packets in pictures and documents, and the properties of office files. A page could have the browser parse
// it, but only with all of it in a tree: this reads on, and keeps nothing.
import { letters, utf8 } from './bytes.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';

/** Elements within elements are followed so deep. */
const MOST_DEPTH = 64;
/** So much XML is read. */
const MOST_BYTES = 4 << 20;
/** No name and no value that is told is longer. */
const MOST_VALUE = 4_096;

/** Hands every element, attribute and text to `take`, with the name that it stands under. */
export function facts(xml: Uint8Array, seen: Seen, take: (name: string, text: string) => void): void {
  if (xml.length > MOST_BYTES) seen.limit('too-large');
  const part = xml.subarray(0, MOST_BYTES);
  // Its length is that of the bytes, so that a place in one is a place in the other.
  const text = letters(part);
  const names: string[] = [];
  const words = (from: number, to: number): string => unescaped(utf8(part.subarray(from, Math.min(to, from + MOST_VALUE))));
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('<', at);
    const end = open < 0 ? text.length : open;
    // A list's items stand under the list's name.
    const under = names.findLast((name) => !LISTS.has(name));
    if (under !== undefined && end > at) {
      const said = words(at, end).trim();
      if (said !== '') take(under, said);
    }
    if (open < 0) return;
    const special = SPECIAL.find(([begin]) => text.startsWith(begin, open));
    const close = special === undefined ? tagEnd(text, open) : text.indexOf(special[1], open + special[0].length);
    if (close < 0) return seen.limit('damaged');
    if (special !== undefined) {
      if (special[0] === '<![CDATA[' && under !== undefined) take(under, words(open + 9, close).trim());
      at = close + special[1].length;
      continue;
    }
    at = close + 1;
    if (text[open + 1] === '/') {
      names.pop();
      continue;
    }
    const name = element(text, open + 1, close, words, take);
    if (text[close - 1] === '/') continue;
    if (names.length >= MOST_DEPTH) return seen.limit('too-deep');
    names.push(name);
  }
}

/** An XMP packet. */
export function xmp(packet: Uint8Array, seen: Seen): void {
  seen.note('other', 'xmp');
  facts(packet, seen, (name, text) => {
    const what = XMP.get(name);
    if (what === 'history' || what === 'thumbnail') seen.note(what, 'xmp');
    else if (what !== undefined) seen.say(what, text);
  });
}

const LISTS: ReadonlySet<string> = new Set(['li', 'bag', 'seq', 'alt']);
const SPECIAL: readonly (readonly [string, string])[] = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
];
const XMP: ReadonlyMap<string, What> = new Map(
  (
    [
      ['location', 'gpslatitude gpslongitude gpsposition city state country location countrycode countryname provincestate sublocation'],
      ['device', 'make model lens lensmodel'],
      ['serial', 'serialnumber bodyserialnumber lensserialnumber documentid instanceid originaldocumentid'],
      ['author', 'creator author authorsposition captionwriter rights owner ownername artist personinimage credit'],
      ['time', 'createdate modifydate metadatadate datecreated datetimeoriginal'],
      ['software', 'creatortool producer software softwareagent'],
      ['title', 'title headline'],
      ['comment', 'description usercomment keywords subject instructions'],
      ['history', 'history derivedfrom ingredients'],
      ['thumbnail', 'thumbnails image'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** Where a tag ends: at a '>' that stands in no quotes. */
function tagEnd(text: string, open: number): number {
  for (let at = open + 1; ; ) {
    const mark = nextMark(text, at);
    if (mark < 0 || text[mark] === '>') return mark;
    const behind = text.indexOf(text[mark] ?? '', mark + 1);
    if (behind < 0) return -1;
    at = behind + 1;
  }
}

/** Where the next quote or '>' stands. */
function nextMark(text: string, from: number): number {
  const mark = /['">]/g;
  mark.lastIndex = from;
  return mark.exec(text)?.index ?? -1;
}

/** Hands on an element and its attributes, and gives its name. */
function element(
  text: string,
  from: number,
  to: number,
  words: (from: number, to: number) => string,
  take: (name: string, text: string) => void,
): string {
  const name = local(text.slice(from, Math.min(to, from + MOST_VALUE)).split(/[\s/]/, 1)[0] ?? '');
  take(name, '');
  let at = from;
  for (;;) {
    const quote = nextMark(text, at);
    if (quote < 0 || quote >= to) return name;
    const end = text.indexOf(text[quote] ?? '', quote + 1);
    const before = text.slice(Math.max(at, quote - 256), quote).replaceAll(/[\s=]+/g, ' ').trim();
    take(local(before.slice(before.lastIndexOf(' ') + 1)), words(quote + 1, end));
    at = end + 1;
  }
}

function local(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1).toLowerCase();
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name) ?? whole;
    const number = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return number <= 0x10_ffff ? String.fromCodePoint(number) : whole;
  });
}
