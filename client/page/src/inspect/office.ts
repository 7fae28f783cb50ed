// ZIP, and the office files that are ZIP archives of XML.
import { Gone, latin, u16le, u32le, utf8 } from './bytes.ts';
import { inflate } from './packed.ts';
import type { Limit, What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';
import { facts } from './xml.ts';

/** So many entries of an archive are looked at. */
const MOST_ENTRIES = 20_000;
/** A part of a document is unpacked to at most so many bytes; all parts together to so many. */
const MOST_UNPACKED = 4 << 20;
const MOST_WORK = 16 << 20;

/** An entry of the archive's table. */
interface Entry {
  readonly name: string;
  readonly packed: number;
  readonly method: number;
  readonly flags: number;
  readonly begin: number;
}

/** The parts that name somebody. */
const TOLD: ReadonlySet<string> = new Set(
  (
    'docProps/core.xml docProps/app.xml docProps/custom.xml meta.xml content.xml settings.xml word/document.xml ' +
    'word/comments.xml word/people.xml word/settings.xml xl/workbook.xml ppt/commentAuthors.xml ppt/authors.xml'
  ).split(' '),
);

/** Tells what an office document says about who wrote it, or that an archive was not opened. */
export async function office(file: Source, seen: Seen): Promise<void> {
  const entries = await table(file, seen);
  const isOffice = entries.some(({ name }) => name === '[Content_Types].xml');
  if (!isOffice && !entries.some(({ name }) => name === 'meta.xml')) {
    seen.note('other', 'names-and-times');
    return seen.limit('inside');
  }
  seen.kind = isOffice ? 'office' : 'open-document';
  seen.limit('partly');
  let work = MOST_WORK;
  for (const entry of entries) {
    const { name } = entry;
    if (name.startsWith('docProps/thumbnail') || name.startsWith('Thumbnails/')) seen.note('thumbnail');
    else if (name.includes('/media/') || name.startsWith('Pictures/')) {
      seen.note('other', 'pictures-inside');
      seen.limit('inside');
    } else if (name.endsWith('/comments.xml') || name.includes('/comments/')) seen.note('comment', 'comments');
    if (!TOLD.has(name)) continue;
    const xml = await unpacked(file, entry, work);
    if (typeof xml === 'string') seen.limit(xml);
    else {
      work -= xml.length;
      facts(xml, seen, (element, text) => fact(element, text, seen));
    }
  }
}

const FACTS: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'creator lastmodifiedby author initial-creator manager company printed-by chg-author sender-initials userid'],
      ['time', 'created modified lastprinted creation-date print-date'],
      ['software', 'application appversion generator'],
      ['path', 'template hyperlinkbase printername'],
      ['title', 'title'],
      ['comment', 'subject keywords description category'],
      ['history', 'ins del tracked-changes changed-region'],
      ['serial', 'rsid rsidroot'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

function fact(element: string, text: string, seen: Seen): void {
  const what = FACTS.get(element);
  if (what === 'history') seen.note(what);
  else if (what === 'serial') seen.note(what, 'sittings');
  else if (what !== undefined) seen.say(what, text);
}

async function table(file: Source, seen: Seen): Promise<Entry[]> {
  // The end of the table is looked for from the end: a remark of up to 65,535 bytes is behind.
  const length = Math.min(file.length, 65_557);
  const last = await file.take(file.length - length, length);
  const at = latin(last).lastIndexOf('PK\x05\x06');
  const [size, start] = [u32le(last, at + 12), u32le(last, at + 16)];
  if (at < 0 || size === undefined || start === undefined) throw new Gone();
  seen.say('comment', utf8(last.subarray(at + 22)));
  const bytes = await file.take(start, size);
  const entries: Entry[] = [];
  for (let next = 0; u32le(bytes, next) === 0x0201_4b50; ) {
    if (entries.length >= MOST_ENTRIES) {
      seen.limit('too-large');
      break;
    }
    const short = (within: number): number => number(u16le(bytes, next + within));
    const long = (within: number): number => number(u32le(bytes, next + within));
    const end = next + 46 + short(28);
    if (end > bytes.length) throw new Gone();
    const name = utf8(bytes.subarray(next + 46, end));
    entries.push({ name, packed: long(20), method: short(10), flags: short(8), begin: long(42) });
    next = end + short(30) + short(32);
  }
  return entries;
}

function number(read: number | undefined): number {
  if (read === undefined) throw new Gone();
  return read;
}

async function unpacked(file: Source, entry: Entry, most: number): Promise<Uint8Array | Limit> {
  if (entry.flags % 2 === 1) return 'encrypted';
  try {
    const head = await file.take(entry.begin, 30);
    const body = entry.begin + 30 + number(u16le(head, 26)) + number(u16le(head, 28));
    const packed = await file.take(body, entry.packed);
    if (entry.method === 0) return packed;
    if (entry.method !== 8) return 'damaged';
    const { bytes, whole } = inflate(packed, Math.min(MOST_UNPACKED, most));
    return whole ? bytes : 'too-large';
  } catch (error) {
    if (error instanceof Gone) return error.why;
    throw error;
  }
}
