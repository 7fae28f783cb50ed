// JPEG: segments before and between the coded picture (ITU-T T.81, annex B).
import { Gone, be32, bytesOf, find, joined, sides, startsWith, u16be, utf8 } from './bytes.ts';
import { exif, onlyOrientation } from './exif.ts';
import { plainProfile, profile } from './icc.ts';
import { Frame } from './jpeg-scans.ts';
import { Tables, type Slot } from './jpeg-tables.ts';
import { Plan } from './plan.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';
import { xmp } from './xml.ts';

const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const LONG_XMP = 'http://ns.adobe.com/xmp/extension/\0';
const PROFILE = 'ICC_PROFILE\0';
/** Before a profile's bytes: its name, the number of the part, and how many there are. */
const PROFILE_HEAD = 14;
/** More segments than any camera writes. */
const MOST_SEGMENTS = 10_000;
/** A marker may be filled up with any number of 0xff before it; a few are followed. */
const MOST_FILL = 64;
/** So much of the coded picture is in memory at once. */
const BLOCK = 4 << 20;

/** A segment of the file: its marker and where all of it lies. */
interface Segment {
  readonly marker: number;
  readonly begin: number;
  readonly body: number;
  readonly end: number;
}

/** What stays, in its order. */
type Part = Tables | Uint8Array<ArrayBuffer> | { readonly begin: number; readonly end: number };

interface Walk {
  readonly parts: Part[];
  frame: Frame | undefined;
  orientation: number | undefined;
  /** What readers want first. */
  front: Uint8Array<ArrayBuffer> | undefined;
  adobe: number | undefined;
  readonly profile: Uint8Array[];
  /** Whether the parts of the profile came one after the other, and how many there are to be. */
  profileInOrder: boolean;
  profileCount: number;
}

/** Looks at a JPEG, and plans a copy whose coded picture is the same, byte for byte. */
export async function jpeg(file: Source, seen: Seen): Promise<Plan> {
  const walk: Walk = {
    parts: [],
    frame: undefined,
    orientation: undefined,
    front: undefined,
    adobe: undefined,
    profile: [],
    profileInOrder: true,
    profileCount: 0,
  };
  let at = 2;
  for (let count = 0; count < MOST_SEGMENTS; count += 1) {
    const segment = await segmentAt(file, at);
    const { marker, begin, body, end } = segment;
    at = end;
    if (marker === 0xd9) {
      seen.tail(file.length - end);
      if (walk.frame?.isWhole() !== true) broken(seen);
      return finish(walk, seen);
    }
    if (marker === 0xfe || (marker >= 0xe0 && marker <= 0xef)) {
      application(marker, await file.take(body, end - body), walk, seen);
    } else if (marker === 0xda) {
      const head = await file.take(body, end - body);
      const scan = await coded(file, end);
      at = scan.next;
      if (!hasScan(walk, head, end, scan)) broken(seen);
    } else if (marker === 0xc4 || marker === 0xdb || marker === 0xdd) {
      const tables = Tables.of(marker, await file.take(body, end - body));
      if (tables === undefined) broken(seen);
      else walk.parts.push(tables);
    } else if (marker >= 0xc0 && marker <= 0xc2 && walk.frame === undefined) {
      walk.frame = Frame.of(marker, await file.take(body, end - body));
      if (walk.frame === undefined) broken(seen);
      walk.parts.push((await file.take(begin, end - begin)).slice());
    } else if (marker >= 0xc3 && marker <= 0xcf && marker !== 0xc8) {
      // Other ways to code a picture, which few can show.
      seen.limit('coding');
      seen.cannot('coding');
    } else broken(seen);
  }
  throw new Gone();
}

function broken(seen: Seen): void {
  seen.limit('damaged');
  seen.cannot('damaged');
}

/** Takes a scan, which has to add to the picture, with tables that are there and no restart too many. */
function hasScan(walk: Walk, head: Uint8Array, begin: number, { end, restarts, plain }: Coded): boolean {
  const scan = walk.frame?.scan(head);
  if (scan === undefined) return false;
  let whole = plain;
  for (const slot of scan.slots) {
    if (table(walk, slot) === undefined) whole = false;
  }
  const interval = u16be(table(walk, 'interval') ?? new Uint8Array(2), 0) ?? 0;
  if (!whole || restarts > (interval === 0 ? 0 : Math.ceil(scan.units / interval) - 1)) return false;
  const length = scan.head.length + 2;
  walk.parts.push(Uint8Array.of(0xff, 0xda, length >> 8, length & 0xff, ...scan.head), { begin, end });
  return true;
}

/** The table that is in this place now. */
function table(walk: Walk, slot: Slot): Uint8Array | undefined {
  for (let index = walk.parts.length - 1; index >= 0; index -= 1) {
    const part = walk.parts[index];
    const bytes = part instanceof Tables ? part.use(slot) : undefined;
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

function finish(walk: Walk, seen: Seen): Plan {
  const plan = new Plan();
  plan.keep(0, 2);
  if (walk.front !== undefined) plan.put(walk.front);
  if (walk.orientation !== undefined) {
    plan.put(bytesOf(`\xff\xe1\0\x22${EXIF}`));
    plan.put(onlyOrientation(walk.orientation));
  }
  const whole = joined(walk.profile);
  if (whole.length > 0) colours(whole, walk, plan, seen);
  if (walk.adobe !== undefined) plan.put(joined([bytesOf('\xff\xee\0\x0eAdobe\0\x64\0\0\0\0'), Uint8Array.of(walk.adobe)]));
  for (const part of walk.parts) {
    if (part instanceof Tables) plan.put(part.bytes());
    else if (part instanceof Uint8Array) plan.put(part);
    else plan.keep(part.begin, part.end - part.begin);
  }
  plan.put(bytesOf('\xff\xd9'));
  return plan;
}

/** How the colours are meant, without words, where it is not as everybody takes them anyway. */
function colours(whole: Uint8Array, walk: Walk, plan: Plan, seen: Seen): void {
  profile(whole, seen);
  // Readers differ about what is the profile then.
  if (!walk.profileInOrder || walk.profile.length !== walk.profileCount) return broken(seen);
  const clean = plainProfile(whole);
  if (clean === 'not-one') return seen.note('other', 'colour-profile');
  if (clean === 'unknown') {
    seen.limit('partly');
    return seen.cannot('unknown-part');
  }
  if (clean.usual) return;
  const length = clean.bytes.length + PROFILE_HEAD + 2;
  if (length > 0xffff) return broken(seen);
  plan.put(joined([Uint8Array.of(0xff, 0xe2, length >> 8, length & 0xff), bytesOf(`${PROFILE}\x01\x01`), clean.bytes]));
}

async function segmentAt(file: Source, at: number): Promise<Segment> {
  for (let begin = at; begin < at + MOST_FILL; begin += 1) {
    const near = await file.near(begin, 2);
    const marker = near.u8(begin + 1);
    if (near.u8(begin) !== 0xff || marker === 0) throw new Gone();
    if (marker === 0xff) continue;
    const body = begin + 2;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9)) return { marker, begin, body, end: body };
    const length = (await file.near(body, 2)).u16(body);
    if (length < 2) throw new Gone();
    return { marker, begin, body: body + 2, end: body + length };
  }
  throw new Gone();
}

/** Where a scan ends, without what fills up; and where the next marker stands that is none of its own. */
interface Coded {
  readonly end: number;
  readonly next: number;
  readonly restarts: number;
  /** Whether its restarts are in order, and nothing fills up between them. */
  readonly plain: boolean;
}

/** The coded picture from this place on. */
async function coded(file: Source, from: number): Promise<Coded> {
  let restarts = 0;
  let plain = true;
  // Where the 0xff stands that may begin a marker, and whether more of them follow.
  let end = -1;
  let fills = false;
  for (let begin = from; begin < file.length; begin += BLOCK) {
    const { bytes } = await file.region(begin, Math.min(BLOCK, file.length - begin));
    for (let at = 0; at < bytes.length; at += 1) {
      if (end < 0) {
        // Found by the engine: a loop over every byte is slow without a just-in-time compiler.
        at = bytes.indexOf(0xff, at);
        if (at < 0) break;
        end = begin + at;
        fills = false;
        continue;
      }
      const marker = bytes[at] ?? 0;
      if (marker === 0xff) {
        fills = true;
        continue;
      }
      const restart = marker >= 0xd0 && marker <= 0xd7;
      if (marker !== 0 && !restart) return { end, next: begin + at - 1, restarts, plain };
      if (fills || (restart && (marker & 7) !== (restarts & 7))) plain = false;
      if (restart) restarts += 1;
      end = -1;
    }
  }
  throw new Gone();
}

/** A segment that is not needed to draw the picture, but for a few. */
function application(marker: number, body: Uint8Array, walk: Walk, seen: Seen): void {
  const is = (wanted: number, letters: string): boolean => marker === wanted && startsWith(body, letters);
  if (is(0xe0, 'JFIF\0')) jfif(body, walk, seen);
  else if (is(0xe1, EXIF)) walk.orientation = exif(body.subarray(EXIF.length), seen) ?? walk.orientation;
  else if (is(0xe1, XMP)) xmp(body.subarray(XMP.length), seen);
  else if (is(0xe1, LONG_XMP)) seen.note('other', 'long-xmp');
  else if (is(0xe2, PROFILE)) {
    walk.profile.push(body.subarray(PROFILE_HEAD));
    if (body[12] !== walk.profile.length) walk.profileInOrder = false;
    walk.profileCount = body[13] ?? 0;
  } else if (is(0xe2, 'MPF\0')) seen.note('thumbnail');
  else if (marker === 0xed) iptc(body, seen);
  else if (is(0xee, 'Adobe')) adobe(body, walk, seen);
  else if (marker === 0xfe) seen.say('comment', utf8(body));
  else seen.note('other', 'program');
}

/**
 * How the colours were turned into numbers: without it they come out wrong. It is one byte; the others are a version
 * and flags that no reader needs.
 */
function adobe(body: Uint8Array, walk: Walk, seen: Seen): void {
  const way = body[11];
  // A shorter one is ignored by readers, and what is no known way too.
  if (way !== undefined && way <= 2) walk.adobe = way;
  if (body.length !== 12) seen.note('other', 'program');
}

/** The old header: whether points are square is kept; how finely it was scanned and its small picture are not. */
function jfif(body: Uint8Array, walk: Walk, seen: Seen): void {
  const [across, down] = [u16be(body, 8), u16be(body, 10)];
  if (across !== undefined && down !== undefined) {
    const both = sides(across, down).map((side) => be32(side).subarray(2));
    walk.front = joined([bytesOf('\xff\xe0\0\x10JFIF\0\x01\x01\0'), ...both, new Uint8Array(2)]);
  }
  if (body.length >= 14 && (body[12] !== 0 || body[13] !== 0)) seen.note('thumbnail');
}

const RECORDS: ReadonlyMap<number, What> = new Map(
  (
    [
      ['author', [80, 85, 110, 115, 116, 122]],
      ['time', [55, 60, 62, 63]],
      ['software', [65, 70]],
      ['location', [90, 92, 95, 100, 101]],
      ['title', [5, 105]],
      ['comment', [25, 40, 120]],
    ] as const
  ).flatMap(([what, numbers]) => numbers.map((number) => [number, what] as const)),
);

/** Records of IPTC, wherever they stand in Photoshop's block. */
function iptc(body: Uint8Array, seen: Seen): void {
  seen.note('other', 'iptc');
  for (let at = find(body, '\x1c\x02'); at >= 0; at = find(body, '\x1c\x02', at)) {
    const [number, length] = [body[at + 2], u16be(body, at + 3)];
    if (number === undefined || length === undefined) return;
    const [begin, end] = [at + 5, at + 5 + length];
    const what = RECORDS.get(number);
    const told = what !== undefined && end <= body.length;
    if (told) seen.say(what, utf8(body.subarray(begin, end)));
    at = told ? end : begin;
  }
}
