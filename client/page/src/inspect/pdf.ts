// PDF: the document's properties and XMP, in the clear and in packed streams. No PDF is read as a reader would: what is
// looked for is looked for wherever it stands.
import { breathe } from '../breath.ts';
import { letters, utf16, utf8 } from './bytes.ts';
import { unzlib } from './packed.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';
import { xmp } from './xml.ts';

/** Properties stand at the beginning or the end of a file: so much of each is looked at. */
const MOST_PART = 16 << 20;
/** A stream is unpacked to at most so many bytes, and all together to so many. */
const MOST_UNPACKED = 4 << 20;
const MOST_WORK = 32 << 20;
/** So many properties of one name are told. */
const MOST_PROPERTIES = 1_000;
/** So far before a stream stands what it is. */
const MOST_BEFORE = 1_024;

const PROPERTIES: readonly (readonly [string, What])[] = [
  ['/Author', 'author'],
  ['/Company', 'author'],
  ['/Creator', 'software'],
  ['/Producer', 'software'],
  ['/CreationDate', 'time'],
  ['/ModDate', 'time'],
  ['/SourceModified', 'time'],
  ['/Title', 'title'],
  ['/Subject', 'comment'],
  ['/Keywords', 'comment'],
];

/** Tells what a document says about itself. */
export async function pdf(file: Source, seen: Seen): Promise<void> {
  seen.limit('partly');
  const work = { left: MOST_WORK };
  await part(await file.head(MOST_PART), work, seen);
  if (file.length <= MOST_PART) return;
  seen.limit('too-large');
  const begin = Math.max(MOST_PART, file.length - MOST_PART);
  await part(await file.take(begin, file.length - begin), work, seen);
}

async function part(bytes: Uint8Array, work: { left: number }, seen: Seen): Promise<void> {
  const text = letters(bytes);
  if (text.includes('/Encrypt')) seen.limit('encrypted');
  if (text.includes('/Annots')) seen.note('other', 'annotations');
  if (text.indexOf('%%EOF') !== text.lastIndexOf('%%EOF')) seen.note('history');
  properties(bytes, text, seen);
  for (let at = text.indexOf('stream'); at >= 0; at = text.indexOf('stream', at)) {
    const before = at;
    at += 6;
    if (text.startsWith('\r\n', at)) at += 2;
    else if (text.startsWith('\n', at)) at += 1;
    // Only what begins as zlib does.
    const first = bytes[at] ?? 0;
    if ((first & 0x0f) !== 8 || first > 0x78) continue;
    const close = text.indexOf('endstream', at);
    const end = close < 0 ? bytes.length : close;
    if (mayTell(text, before)) {
      if (work.left <= 0) return seen.limit('too-large');
      await breathe();
      // What came out before a fault may hold it all.
      const packed = bytes.subarray(at, end);
      const unpacked = unzlib(packed, Math.min(MOST_UNPACKED, work.left)).bytes;
      work.left -= Math.max(unpacked.length, 1_024);
      properties(unpacked, letters(unpacked), seen);
    }
    at = end;
  }
}

/** Whether a stream is one that can hold properties: not a picture, a letter's shape or a page. */
function mayTell(text: string, at: number): boolean {
  const near = text.slice(Math.max(0, at - MOST_BEFORE), at);
  const begin = near.lastIndexOf('obj');
  if (begin < 0) return true;
  const before = near.slice(begin);
  return /\/(?:ObjStm|Metadata|XML)/.test(before) || !/\/(?:Filter|Length)/.test(before);
}

function properties(bytes: Uint8Array, text: string, seen: Seen): void {
  for (const [name, what] of PROPERTIES) {
    let count = 0;
    for (let at = text.indexOf(name); at >= 0 && count < MOST_PROPERTIES; at = text.indexOf(name, at)) {
      at += name.length;
      count += 1;
      seen.say(what, value(bytes, text, at));
    }
  }
  const begin = text.indexOf('<x:xmpmeta');
  if (begin < 0) return;
  const end = text.indexOf('</x:xmpmeta>', begin);
  xmp(bytes.subarray(begin, end < 0 ? bytes.length : end + 12), seen);
}

/** A text in parentheses, or in hexadecimal between angles. */
function value(bytes: Uint8Array, text: string, from: number): string {
  let at = from;
  while (at < from + 64 && ' \t\r\n\f'.includes(text[at] ?? 'x')) at += 1;
  if (text[at] === '(') return decoded(inParentheses(bytes.subarray(at + 1, at + 2_049)));
  if (text[at] !== '<' || text[at + 1] === '<') return '';
  const near = text.slice(at + 1, at + 4_097);
  const close = near.indexOf('>');
  const digits = near.slice(0, close < 0 ? near.length : close).replaceAll(/[^0-9A-Fa-f]/g, '');
  const pairs = digits.match(/../g) ?? [];
  return decoded(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}

function inParentheses(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let escaped = false;
  for (const byte of bytes) {
    if (!escaped && byte === 0x29) break;
    const begins: boolean = !escaped && byte === 0x5c;
    if (!begins) out.push(byte);
    escaped = begins;
  }
  return Uint8Array.from(out);
}

function decoded(bytes: Uint8Array): string {
  return bytes[0] === 0xfe && bytes[1] === 0xff ? utf16(bytes.subarray(2), 'big') : utf8(bytes);
}
