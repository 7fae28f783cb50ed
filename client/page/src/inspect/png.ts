// PNG: chunks, of which few are the picture (PNG, third edition, 11).
import { zlibSync } from 'fflate';
import { Gone, be32, bytesOf, joined, u16be, utf8 } from './bytes.ts';
import { exif, onlyOrientation } from './exif.ts';
import { plainProfile, profile } from './icc.ts';
import { unzlibWhole } from './packed.ts';
import { Plan } from './plan.ts';
import { Animation } from './png-animation.ts';
import { checksum, checksumOf } from './png-checksum.ts';
import { headOf, kept, type Head } from './png-head.ts';
import { judgeStreams } from './png-stream.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import { MOST_READ, type Source } from './source.ts';
import { xmp } from './xml.ts';

/** More chunks than any picture has. */
const MOST_CHUNKS = 100_000;
/** A packed text or profile is unpacked to at most so many bytes. */
const MOST_UNPACKED = 4 << 20;
/** All of a picture's together to so many: its chunks may be thousands. */
const MOST_WORK = 16 << 20;
/** Each counts for at least so many. */
const LEAST_WORK = 1_024;
/** A hint is no longer than this. */
const MOST_OF_A_HINT = 24;
/** What stays, where it says what can be. */
const KEPT: ReadonlySet<string> = new Set('PLTE tRNS gAMA cHRM sRGB cICP pHYs'.split(' '));
/** How it was made, what stands behind it, how it is to be shown with fewer colours or more. */
const HINTS: ReadonlySet<string> = new Set('sBIT bKGD hIST mDCV cLLI'.split(' '));

/** Looks at a PNG, and plans a copy whose coded picture is the same, byte for byte. */
export async function png(file: Source, seen: Seen): Promise<Plan | undefined> {
  const start = await file.near(8, 21);
  const body = start.take(16, 13);
  const head = start.u32(8) === 13 && start.name(12) === 'IHDR' ? headOf(body) : undefined;
  if (head === undefined) {
    broken(seen);
    return undefined;
  }
  return new Png(file, seen, head).look(body.slice());
}

function broken(seen: Seen): void {
  seen.limit('damaged');
  seen.cannot('damaged');
}

class Png {
  readonly file: Source;
  readonly seen: Seen;
  readonly head: Head;
  readonly #plan = new Plan();
  /** Chunks that come once. */
  readonly #once = new Set<string>();
  readonly #picture: Blob[] = [];
  #animation: Animation | undefined;
  /** So many colours the palette has. */
  #palette = 0;
  readonly #unpacking = new Unpacking();
  /** So much of the coded picture was kept. */
  #kept = 0;

  constructor(file: Source, seen: Seen, head: Head) {
    this.file = file;
    this.seen = seen;
    this.head = head;
  }

  async look(head: Uint8Array): Promise<Plan> {
    const { file, seen } = this;
    this.#plan.keep(0, 8);
    this.#put('IHDR', head);
    let at = 33;
    for (let count = 0; count < MOST_CHUNKS; count += 1) {
      const near = await file.near(at, 8);
      const [length, name] = [near.u32(at), near.name(at + 4)];
      const body = at + 8;
      const end = body + length + 4;
      if (end > file.length) throw new Gone();
      if (name === 'IDAT') {
        this.#picture.push(file.slice(body, body + length));
        await this.#keep(at, length);
      } else if (name === 'fdAT' && length >= 4 && this.#animation !== undefined) {
        this.#animation.add((await file.near(body, 4)).u32(body), file.slice(body + 4, body + length));
        await this.#keep(at, length);
      } else if (name === 'IEND') {
        if (length > 0) seen.note('other', 'unused-place');
        seen.tail(file.length - end);
        return this.#finish();
      } else if (name === 'IHDR') broken(seen);
      // A palette of true colours is advice.
      else if (isNeeded(name) && name !== 'PLTE') {
        // Without a chunk that is critical and unknown the picture may not be the same.
        seen.limit('partly');
        seen.cannot('unknown-part');
      } else this.#small(name, await file.take(body, length));
      at = end;
    }
    throw new Gone('too-large');
  }

  get #hasPicture(): boolean {
    return this.#picture.length > 0;
  }

  #put(name: string, body: Uint8Array): void {
    const named = joined([bytesOf(name), body]);
    this.#plan.put(joined([be32(body.length), named, checksum(named)]));
  }

  /** Keeps a chunk, with the checksum that it has to have. */
  async #keep(at: number, length: number): Promise<void> {
    this.#plan.keep(at, 8 + length);
    this.#kept += length;
    // So much is not followed, and not cleaned.
    if (this.#kept > MOST_READ) return;
    this.#plan.put(await checksumOf(this.file.slice(at + 4, at + 8 + length)));
  }

  #small(name: string, body: Uint8Array<ArrayBuffer>): void {
    const { seen, head } = this;
    const late = this.#once.has(name) || this.#hasPicture;
    if (KEPT.has(name)) {
      const stays = late ? undefined : kept(head, name, body, this.#palette);
      if (stays !== undefined) {
        this.#once.add(name);
        if (name === 'PLTE') this.#palette = stays.length / 3;
        this.#put(name, stays);
      } else if (name === 'PLTE' && head.colours === 3) broken(seen);
      else seen.note('other', name === 'pHYs' ? 'resolution' : 'unused-place');
    } else if (name === 'acTL') {
      const animation = this.#animation !== undefined || this.#hasPicture ? undefined : Animation.of(body);
      if (animation === undefined) return seen.note('other', 'unused-place');
      this.#animation = animation;
      this.#put(name, body);
    } else if (name === 'fcTL' && this.#animation !== undefined) {
      this.#animation.begin(body, head, !this.#hasPicture);
      this.#put(name, body);
    } else if ((name === 'iCCP' || name === 'eXIf') && late) {
      words(name, body, seen, this.#unpacking);
      seen.note('other', 'unused-place');
    } else if (name === 'iCCP') this.#profile(body);
    else if (name === 'eXIf') {
      const orientation = exif(body, seen);
      if (orientation === undefined) return;
      this.#once.add(name);
      this.#put(name, onlyOrientation(orientation));
    } else words(name, body, seen, this.#unpacking);
  }

  /** How the colours are meant, without words. */
  #profile(body: Uint8Array): void {
    const { seen } = this;
    this.#once.add('iCCP');
    const name = body.indexOf(0);
    const whole = name < 0 ? undefined : this.#unpacking.whole(body.subarray(name + 2));
    profile(whole ?? new Uint8Array(0), seen);
    const clean = plainProfile(whole ?? new Uint8Array(0));
    // No reader heeds it.
    if (clean === 'not-one') return seen.note('other', 'colour-profile');
    if (clean === 'unknown') {
      seen.limit('partly');
      return seen.cannot('unknown-part');
    }
    if (!clean.usual) return this.#put('iCCP', joined([bytesOf('icc\0\0'), zlibSync(clean.bytes, { level: 9 })]));
    if (this.#once.has('sRGB')) return;
    // It counts for more than other numbers that may stand there.
    this.#once.add('sRGB');
    this.#put('sRGB', new Uint8Array(1));
  }

  async #finish(): Promise<Plan> {
    const { seen, head } = this;
    this.#put('IEND', new Uint8Array(0));
    if (this.#animation?.isEndless() === true) {
      seen.limit('too-large');
      seen.cannot('too-large');
    } else await judgeStreams([{ head, parts: this.#picture }, ...(this.#animation?.frames ?? [])], seen);
    if (this.#animation?.isWhole() === false) broken(seen);
    if (head.colours === 3 && this.#palette === 0) broken(seen);
    return this.#plan;
  }
}

/** Unpacks for one picture, and no further than all together may take. */
class Unpacking {
  #left = MOST_WORK;

  whole(packed: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    if (this.#left <= 0) return undefined;
    const bytes = unzlibWhole(packed, Math.min(MOST_UNPACKED, this.#left));
    // What is not whole may have been as long as it could be.
    this.#left -= Math.max(bytes?.length ?? MOST_UNPACKED, LEAST_WORK);
    return bytes;
  }
}

function isNeeded(name: string): boolean {
  return name >= 'A' && name < '[';
}

/** A chunk that is not needed to draw the picture. */
function words(name: string, body: Uint8Array, seen: Seen, unpacking: Unpacking): void {
  switch (name) {
    case 'eXIf':
      exif(body, seen);
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
      return text(name, body, seen, unpacking);
    case 'caBX':
      return seen.note('history', 'content-credentials');
    case 'fcTL':
    case 'fdAT':
    case 'sPLT':
    case 'iCCP':
      return seen.note('other', 'unused-place');
    default:
      if (!HINTS.has(name)) return seen.say('other', name, 'program');
      if (body.length > MOST_OF_A_HINT) seen.note('other', 'unused-place');
  }
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

function text(name: string, body: Uint8Array, seen: Seen, unpacking: Unpacking): void {
  const end = body.indexOf(0);
  if (end < 0) return seen.note('comment');
  const rest = body.subarray(end + 1);
  const said = name === 'tEXt' ? rest : name === 'zTXt' ? unpacking.whole(rest.subarray(1)) : international(rest, unpacking);
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

function international(rest: Uint8Array, unpacking: Unpacking): Uint8Array | undefined {
  const language = rest.indexOf(0, 2);
  const key = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (key < 0) return undefined;
  const said = rest.subarray(key + 1);
  return rest[0] === 0 ? said : unpacking.whole(said);
}
