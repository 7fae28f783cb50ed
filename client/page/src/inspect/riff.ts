// RIFF: WAV, AVI and WebP, whose chunks have a name and a length.
import { startsWith, utf8 } from './bytes.ts';
import { exif } from './exif.ts';
import { profile } from './icc.ts';
import type { What } from './report.ts';
import type { Seen } from './seen.ts';
import { id3 } from './sound.ts';
import type { Source } from './source.ts';
import { xmp } from './xml.ts';

const MOST_CHUNKS = 100_000;
const MOST_NOTE = 1 << 20;

/** Tells what the chunks say that are neither picture nor sound. */
export async function riff(file: Source, seen: Seen): Promise<void> {
  seen.limit('partly');
  let at = 12;
  for (let count = 0; count < MOST_CHUNKS; count += 1) {
    if (file.length - at < 8) return;
    const near = await file.near(at, 8);
    const name = near.name(at);
    const length = new DataView(near.take(at + 4, 4).slice().buffer).getUint32(0, true);
    const body = at + 8;
    // What is in a list comes next, as if it stood here.
    if (name === 'LIST' && (await file.near(body, 4)).name(body) !== 'movi') {
      at = body + 4;
      continue;
    }
    if (NOTES.has(name) || LETTERS.has(name)) note(name, await file.take(body, Math.min(length, MOST_NOTE)), seen);
    // Chunks begin at even places.
    at = body + length + ((body + length) % 2);
  }
  seen.limit('too-large');
}

const NOTES: ReadonlySet<string> = new Set(['EXIF', 'XMP ', '_PMX', 'ICCP', 'bext', 'iXML', 'id3 ', 'ID3 ']);
const LETTERS: ReadonlyMap<string, What> = new Map(
  (
    [
      ['author', 'IART ICOP IENG ITCH ICMS'],
      ['software', 'ISFT'],
      ['time', 'ICRD IDIT'],
      ['device', 'ISRC IMED'],
      ['title', 'INAM'],
      ['comment', 'ICMT ISBJ IKEY IPRD'],
    ] as const
  ).flatMap(([what, names]) => names.split(' ').map((name) => [name, what] as const)),
);

function note(name: string, body: Uint8Array, seen: Seen): void {
  switch (name) {
    case 'EXIF':
      exif(startsWith(body, 'Exif\0\0') ? body.subarray(6) : body, seen);
      return;
    case 'XMP ':
    case '_PMX':
    case 'iXML':
      return xmp(body, seen);
    case 'ICCP':
      return profile(body, seen);
    case 'bext':
      seen.note('other', 'broadcaster');
      seen.say('comment', utf8(body.subarray(0, 256)));
      seen.say('author', utf8(body.subarray(256, 288)));
      seen.say('serial', utf8(body.subarray(288, 320)));
      return seen.say('time', utf8(body.subarray(320, 338)));
    case 'id3 ':
    case 'ID3 ':
      return id3(body, seen);
    default:
      seen.say(LETTERS.get(name) ?? 'other', utf8(body.subarray(0, 4_096)));
  }
}
