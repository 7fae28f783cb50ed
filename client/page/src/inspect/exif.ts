// EXIF: what cameras and phones write into pictures (EXIF 2.3, 4.6.2; TIFF 6.0).
import { bytesOf, latin, utf16, utf8 } from './bytes.ts';
import type { Note, What } from './report.ts';
import type { Seen } from './seen.ts';

/** Directories follow each other so far. */
const MOST_DIRECTORIES = 8;
/** All together have at most so many fields. */
const MOST_FIELDS = 10_000;
/** How many bytes a value of each type has. */
const WIDTHS: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

type Place = 'tiff' | 'exif' | 'gps' | 'interop';
const CHILDREN: ReadonlyMap<number, Place> = new Map([
  [0x8769, 'exif'],
  [0x8825, 'gps'],
  [0xa005, 'interop'],
]);

interface Field {
  readonly tag: number;
  readonly place: Place;
  /** Zero for the picture itself, one for the small one. */
  readonly picture: number;
  readonly type: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/**
 * Tells what an EXIF block says, without the six bytes that JPEG puts before it. Gives the picture's orientation, which
 * is no metadata but part of how it looks.
 */
export function exif(block: Uint8Array, seen: Seen): number | undefined {
  const reader = new Reader(block);
  if (!reader.read()) {
    seen.note('other', 'exif');
    seen.limit('damaged');
    return undefined;
  }
  if (reader.broken) seen.limit('damaged');
  const { fields } = reader;
  place(fields, reader, seen);
  device(fields, seen);
  for (const field of fields) say(field, seen);
  const turned = fields.findLast((field) => is(field, 'tiff', 0x112) && field.picture === 0);
  const orientation = turned === undefined ? undefined : reader.number(turned, 0);
  return orientation !== undefined && orientation >= 2 && orientation <= 8 ? orientation : undefined;
}

/** The smallest EXIF block that says how a picture is turned, and nothing else. */
export function onlyOrientation(orientation: number): Uint8Array<ArrayBuffer> {
  const block = bytesOf('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0');
  block[19] = orientation;
  return block;
}

/** Reads the directories of a block, and goes on behind what is broken. */
class Reader {
  readonly block: Uint8Array;
  readonly fields: Field[] = [];
  broken = false;
  readonly #view: DataView;
  readonly #read = new Set<number>();
  #little = false;

  constructor(block: Uint8Array) {
    this.block = block;
    this.#view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  }

  /** Whether it is a block at all. */
  read(): boolean {
    if (this.block.length < 8) return false;
    const order = latin(this.block.subarray(0, 2));
    if (order !== 'MM' && order !== 'II') return false;
    this.#little = order === 'II';
    if (this.#u16(2) !== 42) return false;
    let offset: number | undefined = this.#u32(4);
    for (let picture = 0; offset !== 0; picture += 1) {
      offset = picture < MOST_DIRECTORIES ? this.#directory(offset, 'tiff', picture) : undefined;
      if (offset === undefined) {
        this.broken = true;
        return true;
      }
    }
    return true;
  }

  /** A number of a field of whole numbers. */
  number(field: Field, index: number): number | undefined {
    if (index >= field.count) return undefined;
    const view = new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.byteLength);
    if (field.type === 1) return view.getUint8(index);
    if (field.type === 3) return view.getUint16(2 * index, this.#little);
    return field.type === 4 ? view.getUint32(4 * index, this.#little) : undefined;
  }

  /** A fraction of a field of fractions. */
  fraction(field: Field, index: number): number | undefined {
    if (field.type !== 5 || index >= field.count) return undefined;
    const view = new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.byteLength);
    return view.getUint32(8 * index, this.#little) / view.getUint32(8 * index + 4, this.#little);
  }

  /** Reads a directory, and gives where the next one stands; undefined when it ends too early. */
  #directory(offset: number, place: Place, picture: number): number | undefined {
    const { length } = this.block;
    if (offset + 2 > length || this.#read.has(offset)) return undefined;
    this.#read.add(offset);
    const count = this.#u16(offset);
    let at = offset + 2;
    for (let index = 0; index < count; index += 1, at += 12) {
      if (at + 12 > length || this.fields.length >= MOST_FIELDS) return undefined;
      const field = this.#field(at, place, picture);
      if (field === undefined) {
        this.broken = true;
        continue;
      }
      const child = place === 'tiff' || place === 'exif' ? childOf(place, field.tag) : undefined;
      if (child === undefined) {
        this.fields.push(field);
        continue;
      }
      const begin = this.number(field, 0);
      // Nothing follows such a directory.
      if (begin === undefined || this.#directory(begin, child, picture) !== 0) this.broken = true;
    }
    return at + 4 > length ? undefined : this.#u32(at);
  }

  #field(at: number, place: Place, picture: number): Field | undefined {
    const [tag, type, count] = [this.#u16(at), this.#u16(at + 2), this.#u32(at + 4)];
    const length = (WIDTHS[type] ?? 0) * count;
    const begin = length <= 4 ? at + 8 : this.#u32(at + 8);
    if (begin + length > this.block.length) return undefined;
    return { tag, place, picture, type, count, bytes: this.block.subarray(begin, begin + length) };
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }
}

function childOf(place: Place, tag: number): Place | undefined {
  // What a picture's own directory names, and what that of EXIF names.
  const child = CHILDREN.get(tag);
  return (child === 'interop') === (place === 'exif') ? child : undefined;
}

function is(field: Field, place: Place, tag: number): boolean {
  return field.place === place && field.tag === tag;
}

function place(fields: readonly Field[], reader: Reader, seen: Seen): void {
  const degrees = (tag: number): string | undefined => {
    const field = fields.find((one) => is(one, 'gps', tag));
    if (field === undefined) return undefined;
    const parts = [0, 1, 2].map((index) => reader.fraction(field, index) ?? Number.NaN);
    const [whole = 0, minutes = 0, seconds = 0] = parts;
    const sum = whole + minutes / 60 + seconds / 3_600;
    if (!Number.isFinite(sum)) return undefined;
    const side = fields.find((one) => is(one, 'gps', tag - 1));
    return `${sum.toFixed(5)} ${side === undefined ? '' : words(side)}`;
  };
  const [north, east] = [degrees(2), degrees(4)];
  if (north !== undefined && east !== undefined) seen.say('location', `${north}, ${east}`);
  else if (fields.some((field) => is(field, 'gps', 2) || is(field, 'gps', 4))) seen.note('location');
}

function device(fields: readonly Field[], seen: Seen): void {
  const text = (tag: number): string => {
    const field = fields.findLast((one) => is(one, 'tiff', tag) && one.picture === 0);
    return field === undefined ? '' : words(field);
  };
  const [make, model] = [text(0x10f), text(0x110)];
  // Most makers repeat their name in the model's.
  seen.say('device', model.startsWith(make) ? model : `${make} ${model}`);
}

/** What a field is about, whose words are told. */
const SAID: readonly (readonly [Place, number, What, Note?])[] = [
  ['exif', 0xa434, 'device'],
  ['exif', 0xa433, 'device'],
  ['exif', 0xa431, 'serial'],
  ['exif', 0xa435, 'serial'],
  ['exif', 0xa420, 'serial'],
  ['tiff', 0xc62f, 'serial'],
  ['tiff', 0x13b, 'author'],
  ['tiff', 0x8298, 'author'],
  ['exif', 0xa430, 'author'],
  // What Windows writes, in UTF-16.
  ['tiff', 0x9c9d, 'author'],
  ['tiff', 0x9c9b, 'title'],
  ['tiff', 0x9c9c, 'comment'],
  ['tiff', 0x9c9e, 'comment'],
  ['tiff', 0x9c9f, 'comment'],
  ['tiff', 0x132, 'time'],
  ['exif', 0x9003, 'time'],
  ['exif', 0x9004, 'time'],
  ['gps', 0x1d, 'time'],
  ['exif', 0x9010, 'time'],
  ['exif', 0x9011, 'time'],
  ['exif', 0x9012, 'time'],
  ['tiff', 0x131, 'software'],
  ['tiff', 0x10e, 'comment'],
  ['exif', 0x9286, 'comment'],
];

function say(field: Field, seen: Seen): void {
  const { place, tag, picture } = field;
  if (place === 'gps' && [0x1c, 0x14, 0x16].includes(tag)) seen.note('location');
  if (is(field, 'exif', 0x927c)) seen.note('sealed');
  if (is(field, 'tiff', 0x201) && picture > 0) seen.note('thumbnail');
  if (place === 'exif' && [0x829a, 0x829d, 0x920a].includes(tag)) seen.note('other', 'camera-settings');
  // What TIFF files have of other programs' blocks.
  if (place === 'tiff' && [0x2bc, 0x83bb, 0x8649].includes(tag)) {
    seen.note('other', tag === 0x2bc ? 'xmp' : 'iptc');
  }
  const said = SAID.find(([where, number]) => where === place && number === tag);
  if (said === undefined) return;
  const [, , what, note] = said;
  if (picture === 0 || what === 'author' || what === 'title' || what === 'comment') seen.say(what, words(field), note);
}

/** A field's text, as it stands there. */
function words(field: Field): string {
  const { bytes, type } = field;
  if (type === 2) return utf8(bytes).replaceAll('\0', ' ').trim();
  // Eight bytes before it name the letters.
  if (type === 7) return utf8(bytes.subarray(8));
  return type === 1 ? utf16(bytes, 'little') : '';
}
