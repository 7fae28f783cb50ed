// Sound recordings: ID3 in MP3, comments in FLAC and Ogg.
import { Gone, find, latin, startsWith, u32be, u32le, utf16, utf8 } from './bytes.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';

const MOST_NOTE = 4 << 20;
const MOST_BLOCKS = 1_000;

/** Tells what a sound recording says beside sound. */
export async function sound(kind: 'mp3' | 'flac' | 'ogg', file: Source, seen: Seen): Promise<void> {
  seen.limit('partly');
  if (kind === 'flac') return flac(file, seen);
  if (kind === 'ogg') {
    const head = await file.head(1 << 18);
    for (const name of ['\x03vorbis', 'OpusTags']) {
      const at = find(head, name);
      if (at >= 0) comments(head.subarray(at + name.length), seen);
    }
    return;
  }
  id3(await file.head(MOST_NOTE), seen);
  if (file.length < 128) return;
  const tag = await file.take(file.length - 128, 128);
  if (!startsWith(tag, 'TAG')) return;
  seen.say('title', utf8(tag.subarray(3, 33)));
  seen.say('author', utf8(tag.subarray(33, 63)));
  seen.say('time', utf8(tag.subarray(93, 97)));
  seen.say('comment', utf8(tag.subarray(97, 127)));
}

async function flac(file: Source, seen: Seen): Promise<void> {
  let at = 4;
  for (let count = 0; count < MOST_BLOCKS; count += 1) {
    const head = (await file.near(at, 4)).u32(at);
    const length = head % 0x100_0000;
    const kind = (head >>> 24) & 0x7f;
    if (kind === 4) comments(await file.take(at + 4, length), seen);
    if (kind === 6) seen.note('thumbnail');
    if (kind === 2) seen.note('other', 'program');
    if (head >= 0x8000_0000) return;
    at += 4 + length;
  }
  throw new Gone();
}

const NAMES: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'artist performer author copyright contact organization'],
      ['time', 'date creation_time'],
      ['location', 'location'],
      ['software', 'encoder encoded-by'],
      ['title', 'title'],
      ['thumbnail', 'metadata_block_picture'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** Vorbis comments: the program, then NAME=text, each with its length before it. */
function comments(bytes: Uint8Array, seen: Seen): void {
  let at = 0;
  const next = (): string | undefined => {
    const length = u32le(bytes, at);
    if (length === undefined || at + 4 + length > bytes.length) return undefined;
    const text = utf8(bytes.subarray(at + 4, at + 4 + Math.min(length, 4_096)));
    at += 4 + length;
    return text;
  };
  const program = next();
  if (program === undefined) return seen.limit('damaged');
  seen.say('software', program);
  // How many there are.
  at += 4;
  for (let count = 0; count < MOST_BLOCKS; count += 1) {
    const comment = next();
    const equals = comment?.indexOf('=') ?? -1;
    if (comment === undefined || equals < 0) return;
    const what = NAMES.get(comment.slice(0, equals).toLowerCase()) ?? 'comment';
    if (what === 'thumbnail') seen.note(what);
    else seen.say(what, comment.slice(equals + 1));
  }
}

const FRAMES: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'TPE1 TPE2 TCOM TCOP TOWN OWNE TENC'],
      ['time', 'TDRC TYER TDAT TIME TDEN TDTG TDOR'],
      ['software', 'TSSE'],
      ['thumbnail', 'APIC'],
      ['serial', 'UFID MCDI'],
      ['sealed', 'PRIV GEOB'],
      ['title', 'TIT2 TIT1'],
      ['comment', 'TALB COMM TXXX USLT WXXX'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** An ID3v2 tag at the beginning. */
export function id3(bytes: Uint8Array, seen: Seen): void {
  const version = bytes[3];
  if (!startsWith(bytes, 'ID3') || bytes.length < 10) return;
  if (version !== 3 && version !== 4) {
    seen.note('other', 'player');
    return seen.limit('partly');
  }
  const end = Math.min(bytes.length, 10 + seven(bytes, 6));
  for (let at = 10; at + 10 <= end && bytes[at] !== 0; ) {
    const length = version === 4 ? seven(bytes, at + 4) : (u32be(bytes, at + 4) ?? 0);
    const body = at + 10;
    if (body + length > end) return seen.limit('damaged');
    const what = FRAMES.get(latin(bytes.subarray(at, at + 4)));
    at = body + length;
    if (what === undefined) seen.note('other', 'player');
    else if (what === 'thumbnail' || what === 'serial' || what === 'sealed') seen.note(what);
    else seen.say(what, frameText(bytes.subarray(body, Math.min(at, body + 4_096))));
  }
}

function frameText(body: Uint8Array): string {
  const text = body.subarray(1);
  if (body[0] !== 1 && body[0] !== 2) return utf8(text);
  const little = body[0] === 1 && !(text[0] === 0xfe && text[1] === 0xff);
  return utf16(text, little ? 'little' : 'big').replace('\ufeff', '');
}

/** A number whose bytes have seven bits each. */
function seven(bytes: Uint8Array, at: number): number {
  return bytes.subarray(at, at + 4).reduce((sum, byte) => 128 * sum + (byte & 0x7f), 0);
}
