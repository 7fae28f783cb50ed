// Photographs in containers of other kinds: HEIF (HEIC, AVIF) and TIFF. What they say is told; they are not cleaned.
import { Gone, joined, latin } from './bytes.ts';
import { exif } from './exif.ts';
import { Atom } from './movie/atom.ts';
import type { Seen } from './seen.ts';
import type { Source } from './source.ts';
import { xmp } from './xml.ts';

const MOST_ATOMS = 1_000;
const MOST_ITEMS = 10_000;
/** So many items are read, each to this length. */
const MOST_READ_ITEMS = 64;
const MOST_ITEM = 1 << 20;
/** So much of a TIFF is read, from its beginning. */
const MOST_TIFF = 32 << 20;

/** The EXIF block of a TIFF is the file itself. */
export async function tiff(file: Source, seen: Seen): Promise<void> {
  seen.limit('partly');
  if (file.length > MOST_TIFF) seen.limit('too-large');
  const { bytes } = await file.region(0, Math.min(file.length, MOST_TIFF));
  exif(bytes, seen);
}

/** EXIF and XMP of HEIF, by the list of its items (ISO 14496-12, 8.11). */
export async function heif(file: Source, seen: Seen): Promise<void> {
  seen.limit('partly');
  let at = 0;
  for (let count = 0; count < MOST_ATOMS && at < file.length; count += 1) {
    const near = await file.near(at, Math.min(16, file.length - at));
    const length = near.u32(at) === 1 ? near.u64(at + 8) : near.u32(at);
    const end = length === 0 ? file.length : at + length;
    if (end > file.length || end < at + 8) throw new Gone();
    if (near.name(at + 4) === 'meta') {
      const region = await file.region(at, end - at);
      return items(file, Atom.at(region, at, end), seen);
    }
    at = end;
  }
}

interface Item {
  readonly kind: 'exif' | 'xmp';
}

async function items(file: Source, meta: Atom, seen: Seen): Promise<void> {
  const atoms = Atom.between(meta.region, meta.place(4), meta.end);
  const find = (name: string): Atom | undefined => atoms.find((atom) => atom.name === name);
  const references = find('iref');
  if (references !== undefined) {
    const kinds = Atom.between(meta.region, references.place(4), references.end);
    if (kinds.some((atom) => atom.name === 'thmb')) seen.note('thumbnail');
  }
  const [list, places] = [find('iinf'), find('iloc')];
  if (list === undefined || places === undefined) return;
  const wanted = wantedItems(list);
  let read = 0;
  for (const place of placesOf(places)) {
    const item = wanted.get(place.id);
    if (item === undefined) continue;
    read += 1;
    if (read > MOST_READ_ITEMS) return seen.limit('too-large');
    const bytes = await content(file, place, find('idat'));
    if (item.kind === 'xmp') xmp(bytes, seen);
    // So many bytes, as these four say, stand before the block.
    else exif(bytes.subarray(4 + new DataView(bytes.buffer).getUint32(0)), seen);
  }
}

function wantedItems(list: Atom): Map<number, Item> {
  const wanted = new Map<number, Item>();
  for (const entry of Atom.between(list.region, list.place(list.version() === 0 ? 6 : 8), list.end)) {
    const version = entry.name === 'infe' ? entry.version() : 0;
    if (version !== 2 && version !== 3) continue;
    const at = version === 2 ? 6 : 8;
    const id = version === 2 ? entry.u16(4) : entry.u32(4);
    const kind = entry.letters(at + 2);
    if (kind === 'Exif') wanted.set(id, { kind: 'exif' });
    if (kind === 'mime' && latin(entry.note()).includes('application/rdf+xml')) wanted.set(id, { kind: 'xmp' });
  }
  return wanted;
}

/** Where an item lies: in the file, or among the data of the list. */
interface Place {
  readonly id: number;
  readonly among: 'file' | 'data' | 'elsewhere';
  readonly parts: readonly (readonly [number, number])[];
}

function placesOf(iloc: Atom): Place[] {
  const version = iloc.version();
  const widths = iloc.u16(4);
  const [offsetWidth, lengthWidth, baseWidth] = [widths >> 12, (widths >> 8) & 15, (widths >> 4) & 15];
  const indexWidth = version === 0 ? 0 : widths & 15;
  let at = 6;
  const number = (width: number): number => {
    const bytes = iloc.take(at, width);
    at += width;
    return bytes.reduce((sum, byte) => 256 * sum + byte, 0);
  };
  const count = Math.min(number(version < 2 ? 2 : 4), MOST_ITEMS);
  const places: Place[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = number(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : number(2) & 15;
    number(2);
    const base = number(baseWidth);
    const parts: [number, number][] = [];
    for (let left = number(2); left > 0; left -= 1) {
      number(indexWidth);
      parts.push([base + number(offsetWidth), number(lengthWidth)]);
    }
    places.push({ id, among: method === 0 ? 'file' : method === 1 ? 'data' : 'elsewhere', parts });
  }
  return places;
}

async function content(file: Source, { among, parts }: Place, data: Atom | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const read: Uint8Array[] = [];
  let left = MOST_ITEM;
  for (const [begin, length] of parts) {
    if (length > left) throw new Gone('too-large');
    left -= length;
    if (among === 'file') read.push(await file.take(begin, length));
    else if (among === 'data' && data !== undefined) read.push(data.take(begin, length));
    else throw new Gone();
  }
  const bytes = joined(read);
  if (bytes.length < 4) throw new Gone();
  return bytes;
}
