// Matroska and WebM: elements with a number, a length and a body (RFC 8794, RFC 9559).
import { Gone, utf8 } from './bytes.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';

const MOST_ELEMENTS = 200_000;
const MOST_NOTE = 4_096;
/** What holds others is entered: segment, information, tracks, a track, tags. */
const ENTERED: ReadonlySet<number> = new Set([
  0x1853_8067, 0x1549_a966, 0x1654_ae6b, 0xae, 0x1254_c367, 0x7373, 0x67c8,
]);

/** Tells what a film says beside picture and sound. */
export async function matroska(file: Source, seen: Seen): Promise<void> {
  seen.limit('partly');
  let tag = '';
  let at = 0;
  for (let count = 0; count < MOST_ELEMENTS; count += 1) {
    if (at >= file.length) return;
    const [id, behind] = await number(file, at, 'kept');
    const [length, body] = await number(file, behind, 'removed');
    if (ENTERED.has(id)) {
      at = body;
      continue;
    }
    const words = async (): Promise<string> => utf8(await file.take(body, Math.min(length, MOST_NOTE)));
    if (id === 0x4461) seen.note('time');
    else if (id === 0x4d80 || id === 0x5741) seen.say('software', await words());
    else if (id === 0x7ba9) seen.say('title', await words());
    else if (id === 0x536e) seen.say('comment', await words());
    else if (id === 0x7384 || id === 0x73a4) seen.note('serial');
    else if (id === 0x45a3) tag = await words();
    else if (id === 0x4487) seen.say(NAMES.get(tag.toUpperCase()) ?? 'comment', await words());
    else if (id === 0x1941_a469) seen.note('other', 'files-inside');
    at = body + length;
    // Written without a known end: only its first part is followed.
    if (at > file.length) return seen.limit('too-large');
  }
  seen.limit('too-large');
}

const NAMES: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'ARTIST DIRECTOR PRODUCER COPYRIGHT WRITTEN_BY'],
      ['time', 'DATE_RECORDED DATE_ENCODED DATE_TAGGED CREATION_TIME DATE'],
      ['location', 'RECORDING_LOCATION LOCATION'],
      ['software', 'ENCODER ENCODER_SETTINGS'],
      ['device', 'MAKE MODEL'],
      ['title', 'TITLE'],
      ['other', 'DURATION'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

/** A number of one to eight bytes, and where it ends; whether the bit that tells the length is part of it. */
async function number(file: Source, at: number, marker: 'kept' | 'removed'): Promise<[number, number]> {
  const first = (await file.near(at, 1)).u8(at);
  const count = Math.clz32(first) - 23;
  if (count > 8) throw new Gone();
  const bytes = (await file.near(at, count)).take(at, count);
  const head = marker === 'kept' ? first : first % 2 ** (8 - count);
  return [bytes.subarray(1).reduce((sum, byte) => 256 * sum + byte, head), at + count];
}
