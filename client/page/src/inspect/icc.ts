// Colour profiles: how colours are meant, and texts that can name a screen or a camera (ICC.1:2022, 7).
import { be32, bytesOf, joined, latin, startsWith, u16be, u32be } from './bytes.ts';
import type { Seen } from './seen.ts';

/** Tables of colours that a picture may need beside curves and primaries. */
const TABLES: readonly string[] = ['A2B0', 'A2B1', 'A2B2', 'D2B0', 'D2B1', 'D2B2', 'D2B3'];
/** The light of every profile. */
const D50 = '\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d';
/** The primaries of sRGB, in that light. */
const PRIMARIES = [
  ['rXYZ', [28_577, 14_581, 912]],
  ['gXYZ', [25_238, 46_983, 6_362]],
  ['bXYZ', [9_376, 3_972, 46_796]],
] as const;
/** No number of a colour is larger: two, in 65536ths. No number of a formula is either, and no curve has more points. */
const MOST_NUMBER = 2 << 16;
const MOST_OF_A_FORMULA = 16 << 16;
const MOST_POINTS = 4_096;
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

/** What is to be done about a profile. */
export type Profile =
  /** These bytes are none, and no reader heeds them. */
  | 'not-one'
  /** It has more than curves and primaries: without it the colours are others. */
  | 'unknown'
  /** One of the same colours and nothing else; and whether these are those of a picture without a profile. */
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly usual: boolean };

/** The profile of the same colours that holds nothing but curves and primaries (ICC.1:2022, 8.3.3 and 8.4.3). */
export function plainProfile(profile: Uint8Array): Profile {
  if (!startsWith(profile, 'acsp', 36)) return 'not-one';
  return plainOf(profile) ?? 'unknown';
}

interface Part {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function plainOf(profile: Uint8Array): Profile | undefined {
  const all = tags(profile);
  const find = (wanted: string): Uint8Array | undefined => {
    const tag = all?.find(({ name }) => name === wanted);
    return tag === undefined ? undefined : profile.subarray(tag.begin, tag.end);
  };
  if (all === undefined || TABLES.some((name) => find(name) !== undefined)) return undefined;
  const head = (at: number): string => latin(profile.subarray(at, at + 4));
  const version = profile[8];
  const grey = head(16) === 'GRAY';
  if ((version !== 2 && version !== 4) || (!grey && head(16) !== 'RGB ') || head(20) !== 'XYZ ') return undefined;
  if (!['mntr', 'scnr', 'spac'].includes(head(12))) return undefined;
  const parts: Part[] = texts(version === 4);
  const white = find('wtpt') ?? bytesOf(`XYZ \0\0\0\0${D50}`);
  const wanted: [string, Uint8Array<ArrayBuffer> | undefined][] = [['wtpt', numbers(white, 'XYZ ', 3)]];
  const [adapted, code] = [find('chad'), find('cicp')];
  if (adapted !== undefined) wanted.push(['chad', numbers(adapted, 'sf32', 9)]);
  let usual = !grey && code === undefined;
  for (const [name, own] of grey ? [] : PRIMARIES) {
    const tag = numbers(find(name), 'XYZ ', 3);
    usual &&= tag !== undefined && isNear(tag.subarray(8), own, 100);
    wanted.push([name, tag]);
  }
  for (const name of grey ? ['kTRC'] : ['rTRC', 'gTRC', 'bTRC']) {
    const tag = curve(find(name));
    usual &&= tag !== undefined && isUsual(tag);
    wanted.push([name, tag]);
  }
  if (code !== undefined) wanted.push(['cicp', codePoints(code)]);
  for (const [name, bytes] of wanted) {
    if (bytes === undefined) return undefined;
    parts.push({ name, bytes });
  }
  const intent = u32be(profile, 64) ?? 0;
  return { bytes: built(version, grey, intent <= 3 ? intent : 0, parts), usual };
}

/** A profile of these parts. */
function built(version: number, grey: boolean, intent: number, parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const table: Uint8Array[] = [be32(parts.length)];
  const data: Uint8Array[] = [];
  const placed = new Map<string, number>();
  let at = HEADER + 4 + 12 * parts.length;
  for (const { name, bytes } of parts) {
    // Channels of one curve share it.
    const letters = latin(bytes);
    let place = placed.get(letters);
    if (place === undefined) {
      place = at;
      placed.set(letters, at);
      data.push(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
      at += Math.ceil(bytes.length / 4) * 4;
    }
    table.push(bytesOf(name), be32(place), be32(bytes.length));
  }
  const head = bytesOf(
    `\0\0\0\0${String.fromCharCode(version)}\x40\0\0mntr${grey ? 'GRAY' : 'RGB '}XYZ ${'\0'.repeat(12)}acsp${'\0'.repeat(24)}`,
  );
  return joined([be32(at), head, be32(intent), bytesOf(D50), new Uint8Array(48), ...table, ...data]);
}

/** What every profile has to have: a name and a notice, which are blank. */
function texts(revised: boolean): Part[] {
  const text = bytesOf('mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\x02\0\0\0\x1c\0 ');
  const name = joined([bytesOf('desc\0\0\0\0\0\0\0\x02 '), new Uint8Array(79)]);
  return [
    { name: 'desc', bytes: revised ? text : name },
    { name: 'cprt', bytes: revised ? text : bytesOf('text\0\0\0\0 \0') },
  ];
}

/** A tag of so many numbers of this kind, none of them larger than colours have. */
function numbers(tag: Uint8Array | undefined, kind: string, count: number): Uint8Array<ArrayBuffer> | undefined {
  const length = 8 + 4 * count;
  if (tag === undefined || tag.length < length || !startsWith(tag, kind)) return undefined;
  const body = tag.subarray(8, length);
  return areSmall(body, MOST_NUMBER) ? joined([bytesOf(`${kind}\0\0\0\0`), body]) : undefined;
}

function signed(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => view.getInt32(4 * index));
}

function areSmall(bytes: Uint8Array, most: number): boolean {
  return signed(bytes).every((number) => Math.abs(number) <= most);
}

/** A curve: a table that does not fall, or a formula. */
function curve(tag: Uint8Array | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (tag === undefined) return undefined;
  if (startsWith(tag, 'curv')) {
    const count = u32be(tag, 8) ?? MOST_POINTS + 1;
    if (count > MOST_POINTS || tag.length < 12 + 2 * count) return undefined;
    const points = tag.subarray(12, 12 + 2 * count);
    for (let at = 2; at < points.length; at += 2) {
      if ((u16be(points, at) ?? 0) < (u16be(points, at - 2) ?? 0)) return undefined;
    }
    return joined([bytesOf('curv\0\0\0\0'), be32(count), points]);
  }
  const count = startsWith(tag, 'para') && tag[8] === 0 ? [1, 3, 4, 5, 7][tag[9] ?? 5] : undefined;
  if (count === undefined || tag.length < 12 + 4 * count) return undefined;
  const formula = tag.subarray(12, 12 + 4 * count);
  if (!areSmall(formula, MOST_OF_A_FORMULA)) return undefined;
  return joined([bytesOf(`para\0\0\0\0\0${String.fromCharCode(tag[9] ?? 0)}\0\0`), formula]);
}

/** The standard numbers of a colour space (ITU-T H.273), as pictures have them. */
function codePoints(tag: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const [primaries = 255, transfer = 255, matrix, range = 255] = tag.subarray(8, 12);
  const fits = startsWith(tag, 'cicp') && primaries <= 22 && transfer <= 18 && matrix === 0 && range <= 1;
  return fits ? joined([bytesOf('cicp\0\0\0\0'), Uint8Array.of(primaries, transfer, 0, range)]) : undefined;
}

function isNear(bytes: Uint8Array, wanted: readonly number[], most: number): boolean {
  const found = signed(bytes);
  return found.length === wanted.length && found.every((number, index) => Math.abs(number - (wanted[index] ?? 0)) <= most);
}

/** Whether a curve is that of sRGB, as near as eyes can tell. */
function isUsual(tag: Uint8Array): boolean {
  if (startsWith(tag, 'para')) return tag[9] === 3 && isNear(tag.subarray(12), [157_286, 62_119, 3_417, 5_072, 2_651], 70);
  const count = (tag.length - 12) / 2;
  if (count < 256) return false;
  for (let index = 0; index < count; index += 1) {
    const along = index / (count - 1);
    const light = along <= 0.040_45 ? along / 12.92 : ((along + 0.055) / 1.055) ** 2.4;
    if (Math.abs((u16be(tag, 12 + 2 * index) ?? 0) / 65_535 - light) >= 0.002) return false;
  }
  return true;
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
