// JPEG: segments before and between the coded picture (ITU-T T.81, annex B).
import { Gone, bytesOf, find, joined, startsWith, u16be, utf8 } from './bytes.ts';
import { exif, onlyOrientation } from './exif.ts';
import { profile, withoutWords } from './icc.ts';
import { fits } from './jpeg-tables.ts';
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

interface Walk {
  /** What stays, in its order. */
  readonly plan: Plan;
  orientation: number | undefined;
  /** What readers want first. */
  front: Uint8Array<ArrayBuffer> | undefined;
  readonly profile: Uint8Array[];
}

/** Looks at a JPEG, and plans a copy whose coded picture is the same, byte for byte. */
export async function jpeg(file: Source, seen: Seen): Promise<Plan> {
  const walk: Walk = { plan: new Plan(), orientation: undefined, front: undefined, profile: [] };
  let at = 2;
  for (let count = 0; count < MOST_SEGMENTS; count += 1) {
    const segment = await segmentAt(file, at);
    const { marker, begin, body, end } = segment;
    at = end;
    if (marker === 0xd9) {
      walk.plan.keep(begin, 2);
      seen.tail(file.length - end);
      return finish(walk, seen);
    }
    if (marker === 0xfe || (marker >= 0xe0 && marker <= 0xef)) {
      application(marker, await file.take(body, end - body), walk, seen);
    } else if (isTable(marker)) {
      if (!fits(marker, await file.take(body, end - body))) broken(seen);
      // The coded picture: the segment, and everything up to the next marker.
      if (marker === 0xda) at = await coded(file, end);
      walk.plan.keep(begin, at - begin);
    } else broken(seen);
  }
  throw new Gone();
}

function broken(seen: Seen): void {
  seen.limit('damaged');
  seen.cannot('damaged');
}

/** Frames, tables, and the heads of the coded picture. */
function isTable(marker: number): boolean {
  if (marker === 0xda || (marker >= 0xdb && marker <= 0xdd)) return true;
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8;
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
  profile(whole, seen);
  const clean = withoutWords(whole);
  if (clean !== undefined) {
    let at = 0;
    // The numbers of the parts are bytes.
    const count = Math.min(walk.profile.length, 255);
    for (const [index, { length }] of walk.profile.slice(0, count).entries()) {
      const segment = length + PROFILE_HEAD + 2;
      plan.put(Uint8Array.of(0xff, 0xe2, segment >> 8, segment & 0xff));
      plan.put(bytesOf(PROFILE));
      plan.put(Uint8Array.of(index + 1, count));
      plan.put(clean.slice(at, at + length));
      at += length;
    }
  }
  plan.append(walk.plan);
  return plan;
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

/** Where the next marker stands that is none of the coded picture's own. */
async function coded(file: Source, from: number): Promise<number> {
  // Whether the block before ended with a 0xff.
  let open = false;
  for (let begin = from; begin < file.length; begin += BLOCK) {
    const { bytes } = await file.region(begin, Math.min(BLOCK, file.length - begin));
    if (open && isMarker(bytes[0])) return begin - 1;
    const first = open && bytes[0] !== 0xff ? 1 : 0;
    open = false;
    // Found by the engine: a loop over every byte is slow without a just-in-time compiler.
    let at = bytes.indexOf(0xff, first);
    while (at >= 0 && !open) {
      const next = bytes[at + 1];
      if (isMarker(next)) return begin + at;
      if (next === undefined) open = true;
      else at = next === 0xff ? at + 1 : bytes.indexOf(0xff, at + 2);
    }
  }
  throw new Gone();
}

/** Whether it makes a marker of the 0xff before it, and not a 0xff of the picture, a restart or a filler. */
function isMarker(next: number | undefined): boolean {
  return next !== undefined && next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7);
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
  // A shorter one is ignored by readers.
  if (way !== undefined) {
    walk.plan.put(bytesOf('\xff\xee\0\x0eAdobe\0\x64\0\0\0\0'));
    walk.plan.put(Uint8Array.of(way));
  }
  if (body.length !== 12) seen.note('other', 'program');
}

/** The old header: its measures are kept, its small picture is not. */
function jfif(body: Uint8Array, walk: Walk, seen: Seen): void {
  if (body.length >= 12) walk.front = joined([bytesOf('\xff\xe0\0\x10'), body.subarray(0, 12), new Uint8Array(2)]);
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
