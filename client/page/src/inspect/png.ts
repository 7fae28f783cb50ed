// PNG: chunks, of which few are the picture (PNG, third edition, 11).
import { zlibSync } from 'fflate';
import { Gone, be32, bytesOf, joined, latin, u16be, utf8 } from './bytes.ts';
import { exif, onlyOrientation } from './exif.ts';
import { profile, withoutWords } from './icc.ts';
import { unzlibWhole } from './packed.ts';
import { Plan } from './plan.ts';
import { judgeStream } from './png-stream.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';
import { xmp } from './xml.ts';

/** More chunks than any picture has. */
const MOST_CHUNKS = 100_000;
/** A packed text or profile is unpacked to at most so many bytes. */
const MOST_UNPACKED = 4 << 20;
const DRAWN: ReadonlySet<string> = new Set(
  'IHDR PLTE tRNS gAMA cHRM sRGB sBIT bKGD cICP mDCV cLLI acTL fcTL fdAT'.split(' '),
);

/** Looks at a PNG, and plans a copy whose coded picture is the same, byte for byte. */
export async function png(file: Source, seen: Seen): Promise<Plan> {
  const plan = new Plan();
  plan.keep(0, 8);
  const once = new Set<string>();
  // Width and height come first, then how the colours are coded.
  const head = (await file.near(16, 13)).take(16, 13);
  const colours = head[9] ?? 0;
  const stream: Blob[] = [];
  let at = 8;
  for (let count = 0; count < MOST_CHUNKS; count += 1) {
    const near = await file.near(at, 8);
    const [length, name] = [near.u32(at), near.name(at + 4)];
    const body = at + 8;
    const end = body + length + 4;
    if (end > file.length) throw new Gone();
    if (name === 'IDAT') {
      stream.push(file.slice(body, body + length));
      plan.keep(at, end - at);
    } else if ((name === 'fcTL' || name === 'fdAT') && fits(name, length, colours)) {
      plan.keep(at, end - at);
    } else if (DRAWN.has(name)) {
      if (fits(name, length, colours) && !once.has(name)) {
        once.add(name);
        put(plan, name, await file.take(body, length));
      } else if (isNeeded(name)) {
        seen.limit('damaged');
        seen.cannot('damaged');
      } else seen.note('other', 'unused-place');
    } else if (name === 'IEND') {
      put(plan, 'IEND', new Uint8Array(0));
      if (length > 0) seen.note('other', 'unused-place');
      await judgeStream(stream, head, seen);
      seen.tail(file.length - end);
      return plan;
    } else if (isNeeded(name)) {
      // Without a chunk that is critical and unknown the picture may not be the same.
      seen.limit('partly');
      seen.cannot('unknown-part');
    } else words(name, await file.take(body, length), plan, seen);
    at = end;
  }
  throw new Gone('too-large');
}

function isNeeded(name: string): boolean {
  return name >= 'A' && name < '[';
}

/** Whether a chunk is as long as it has to be, where the colours are coded like this. */
function fits(name: string, length: number, colours: number): boolean {
  switch (name) {
    case 'IHDR':
      return length === 13;
    case 'PLTE':
      return length <= 768 && length % 3 === 0;
    case 'tRNS':
      return colours === 0 ? length === 2 : colours === 2 ? length === 6 : colours === 3 && length <= 256;
    case 'sBIT':
      return length === ([1, undefined, 3, 3, 2][colours] ?? 4);
    case 'bKGD':
      return length === ([2, undefined, 6, 1, 2][colours] ?? 6);
    case 'gAMA':
    case 'cICP':
      return length === 4;
    case 'cHRM':
      return length === 32;
    case 'sRGB':
      return length === 1;
    case 'mDCV':
      return length === 24;
    case 'cLLI':
    case 'acTL':
      return length === 8;
    case 'fcTL':
      return length === 26;
    default:
      return name === 'fdAT' && length >= 4;
  }
}

/** A chunk that is not needed to draw the picture, but for a few. */
function words(name: string, body: Uint8Array<ArrayBuffer>, plan: Plan, seen: Seen): void {
  switch (name) {
    case 'eXIf': {
      const orientation = exif(body, seen);
      if (orientation !== undefined) put(plan, 'eXIf', onlyOrientation(orientation));
      return;
    }
    case 'iCCP':
      return colourProfile(body, plan, seen);
    case 'pHYs':
      // Points that are not square are part of how the picture looks.
      if (body.length !== 9 || latin(body.subarray(0, 4)) === latin(body.subarray(4, 8))) seen.note('other', 'resolution');
      else put(plan, 'pHYs', body);
      return;
    case 'tIME': {
      const [, , month, day, hour, minute, second] = body;
      const two = (number = 0): string => String(number).padStart(2, '0');
      const date = `${u16be(body, 0) ?? 0}-${two(month)}-${two(day)}`;
      if (second !== undefined) seen.say('time', `${date} ${two(hour)}:${two(minute)}:${two(second)}`);
      return;
    }
    case 'tEXt':
    case 'zTXt':
    case 'iTXt':
      return text(name, body, seen);
    case 'caBX':
      return seen.note('history', 'content-credentials');
    case 'sPLT':
    case 'hIST':
      return;
    default:
      seen.say('other', name, 'program');
  }
}

function colourProfile(body: Uint8Array, plan: Plan, seen: Seen): void {
  const name = body.indexOf(0);
  const whole = name < 0 ? undefined : unzlibWhole(body.subarray(name + 2), MOST_UNPACKED);
  if (whole === undefined) return;
  profile(whole, seen);
  const clean = withoutWords(whole);
  if (clean !== undefined) put(plan, 'iCCP', joined([bytesOf('icc\0\0'), zlibSync(clean, { level: 9 })]));
}

const KEYS: ReadonlyMap<string, What> = new Map([
  ['author', 'author'],
  ['copyright', 'author'],
  ['artist', 'author'],
  ['creation time', 'time'],
  ['date:create', 'time'],
  ['date:modify', 'time'],
  ['date:timestamp', 'time'],
  ['software', 'software'],
  ['creator', 'software'],
  ['writer', 'software'],
  ['source', 'device'],
  ['make', 'device'],
  ['model', 'device'],
  ['thumb::uri', 'path'],
  ['thumb::path', 'path'],
  ['filename', 'path'],
  ['title', 'title'],
]);

function text(name: string, body: Uint8Array, seen: Seen): void {
  const end = body.indexOf(0);
  if (end < 0) return seen.note('comment');
  const rest = body.subarray(end + 1);
  const said = name === 'tEXt' ? rest : name === 'zTXt' ? unzlibWhole(rest.subarray(1), MOST_UNPACKED) : international(rest);
  if (said === undefined) {
    seen.limit('too-large');
    return seen.note('comment');
  }
  const key = utf8(body.subarray(0, end));
  if (key === 'XML:com.adobe.xmp') return xmp(said, seen);
  const lower = key.toLowerCase();
  if (lower === 'raw profile type exif' || lower === 'raw profile type app1') return seen.note('other', 'old-exif');
  seen.say(KEYS.get(lower) ?? 'comment', `${key}: ${utf8(said.subarray(0, 4_096))}`);
}

function international(rest: Uint8Array): Uint8Array | undefined {
  const language = rest.indexOf(0, 2);
  const key = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (key < 0) return undefined;
  const said = rest.subarray(key + 1);
  return rest[0] === 0 ? said : unzlibWhole(said, MOST_UNPACKED);
}

function put(plan: Plan, name: string, body: Uint8Array): void {
  const named = joined([bytesOf(name), body]);
  plan.put(joined([be32(body.length), named, be32(crc(named))]));
}

/** CRC-32 as PNG (annex D) has it. */
function crc(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ (CRC[(sum ^ byte) & 0xff] ?? 0);
  return ~sum >>> 0;
}

const CRC = Uint32Array.from({ length: 256 }, (_, index) => {
  let sum = index;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0);
  return sum;
});
