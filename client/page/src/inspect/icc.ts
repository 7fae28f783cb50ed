// Colour profiles: how colours are meant, and texts that can name a screen or a camera (ICC.1:2022, 7).
import { latin, startsWith, u32be } from './bytes.ts';
import type { Seen } from './seen.ts';

/** What a picture's colours need. Everything else in a profile is words. */
const COLOURS: ReadonlySet<string> = new Set(
  (
    'rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad chrm cicp lumi A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt D2B0 D2B1 ' +
    'D2B2 B2D0 B2D1 B2D2'
  ).split(' '),
);
const HEADER = 128;
const MOST_TAGS = 100;

interface Tag {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** Tells what a profile says beside colours. */
export function profile(bytes: Uint8Array, seen: Seen): void {
  for (const { name, begin, end } of tags(bytes) ?? []) {
    if (!['desc', 'dmdd', 'dmnd', 'mmod', 'cprt'].includes(name)) continue;
    // Texts in several languages have a table of them first.
    const head = startsWith(bytes, 'mluc', begin) ? 28 : 8;
    const text = bytes.subarray(begin + head, Math.min(end, begin + head + 1_024));
    const letters = latin(text.filter((byte) => byte >= 0x20 && byte < 0x7f));
    seen.say(name === 'cprt' ? 'other' : 'device', letters, 'colour-profile');
  }
}

/** The same profile with the same colours, of the same length, without its words; undefined when it is no profile. */
export function withoutWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const all = tags(bytes);
  const table = HEADER + 4 + 12 * (all?.length ?? 0);
  if (all === undefined || table > bytes.length) return undefined;
  const clean = new Uint8Array(bytes.length);
  clean.set(bytes.subarray(0, table));
  for (const { name, begin, end } of all) {
    // The type of a text stays, and what follows is then an empty text.
    const kept = COLOURS.has(name) ? end : Math.min(end, begin + 8);
    clean.set(bytes.subarray(begin, kept), begin);
  }
  // The program that made it, its date, the device, its maker, and a hash of all that.
  for (const [from, to] of [[4, 8], [24, 36], [48, 64], [80, 100]] as const) clean.fill(0, from, to);
  return clean;
}

function tags(bytes: Uint8Array): Tag[] | undefined {
  if (!startsWith(bytes, 'acsp', 36)) return undefined;
  const count = u32be(bytes, HEADER);
  if (count === undefined || count > MOST_TAGS) return undefined;
  const all: Tag[] = [];
  for (let at = HEADER + 4; all.length < count; at += 12) {
    const [begin, length] = [u32be(bytes, at + 4), u32be(bytes, at + 8)];
    if (begin === undefined || length === undefined) return undefined;
    if (begin < HEADER || begin + length > bytes.length) return undefined;
    all.push({ name: latin(bytes.subarray(at, at + 4)), begin, end: begin + length });
  }
  return all;
}
