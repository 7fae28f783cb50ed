// Films and pictures made for a test, piece by piece: the same ones that client/inspect makes for its own tests.
export type Bytes = Uint8Array<ArrayBuffer>;

/** A file for a test, by its name. */
export type Named = readonly [string, Bytes];

/** What no cleaned copy has. */
export const HIDDEN = 'HIDDEN 48.8584 ';

/** Bytes, and texts of letters below 256, in a row. */
export function row(...parts: readonly (Uint8Array | string | readonly number[])[]): Bytes {
  const all = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
  const out = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The numbers, as a film has them. */
export function numbers(...all: readonly number[]): Bytes {
  return numbersOf(all);
}

function numbersOf(all: readonly number[]): Bytes {
  const out = new Uint8Array(4 * all.length);
  const view = new DataView(out.buffer);
  for (const [index, number] of all.entries()) view.setUint32(4 * index, number);
  return out;
}

export function zeros(length: number): Bytes {
  return new Uint8Array(length);
}

/** An atom. */
export function atom(name: string, ...body: readonly (Uint8Array | string | readonly number[])[]): Bytes {
  const inside = row(...body);
  return row(numbers(8 + inside.length), name, inside);
}

/** A track of one kind, whose samples each lie in a chunk: where, and how long. */
export interface Made {
  readonly kind: 'vide' | 'soun' | 'meta';
  readonly entry: Bytes;
  readonly chunks: readonly (readonly [number, number])[];
  /** The length of every sample, or zero. */
  readonly same: number;
}

export function picture(coding: string, children: Bytes | string, chunks: Made['chunks']): Made {
  return { kind: 'vide', entry: atom(coding, zeros(78), children), chunks, same: 0 };
}

export function sound(entry: Bytes, chunks: Made['chunks'], same = 0): Made {
  return { kind: 'soun', entry, chunks, same };
}

function track({ kind, entry, chunks, same }: Made): Bytes {
  const count = chunks.length;
  const sizes = same === 0 ? chunks.map(([, length]) => length) : [];
  const each = same === 0 ? 1 : (chunks[0]?.[1] ?? 0);
  const table = atom(
    'stbl',
    atom('stsd', numbers(0, 1), entry),
    atom('stts', numbers(0, 1, count, 1_000)),
    atom('stsc', numbers(0, 1, 1, each, 1)),
    atom('stsz', numbers(0, same, each * count), numbersOf(sizes)),
    atom('stco', numbers(0, count), numbersOf(chunks.map(([begin]) => begin))),
  );
  const dinf = atom('dinf', atom('dref', numbers(0, 1), atom('url ', numbers(1))));
  const head = kind === 'soun' ? atom('smhd', zeros(8)) : atom('vmhd', zeros(12));
  const mdia = atom(
    'mdia',
    atom('mdhd', numbers(0, 0, 0, 1_000, 1_000 * count, 0)),
    atom('hdlr', zeros(8), kind, zeros(13)),
    atom('minf', head, dinf, table),
  );
  return atom('trak', atom('tkhd', numbers(3, 0, 0, 1), zeros(68)), mdia);
}

/** The media begin here in a made film. */
export const MEDIA = 28;

/** A film of these tracks, whose media come first. */
export function film(media: Bytes | string, tracks: readonly Made[]): Bytes {
  return row(
    atom('ftyp', 'isom\0\0\0\0isom'),
    atom('mdat', media),
    atom('moov', atom('mvhd', numbers(0, 0, 0, 1_000, 0), zeros(80)), ...tracks.map(track)),
  );
}

/** The film, with something behind what stands in the atom of this path. Its media come first: no chunk moves. */
export function grown(whole: Bytes, path: readonly string[], extra: Uint8Array | string): Bytes {
  const more = row(extra);
  const out = whole.slice();
  const view = new DataView(out.buffer);
  let [from, to] = [0, out.length];
  for (const name of path) {
    let at = from;
    while (at < to && String.fromCharCode(...out.subarray(at + 4, at + 8)) !== name) at += view.getUint32(at);
    if (at >= to) throw new Error(`there is no ${name}`);
    const end = at + view.getUint32(at);
    view.setUint32(at, end - at + more.length);
    const skip = name === 'stsd' || name === 'dref' ? 8 : ['mp4v', 'avc1', 'hvc1'].includes(name) ? 78 : 0;
    [from, to] = [at + 8 + skip, end];
  }
  return row(out.subarray(0, to), more, out.subarray(to));
}

/** A film whose one picture has these units, in H.264 or H.265. */
export function coded(coding: 'avc1' | 'hvc1', units: readonly (Bytes | string)[]): Bytes {
  const sample = row(...units.flatMap((unit) => [numbers(unit.length), unit]));
  const config =
    coding === 'avc1'
      ? atom('avcC', '\x01\x4d\0\x1f\xff\xe1\0\x02\x67\0\x01\0\x02\x68\0')
      : atom('hvcC', zeros(21), [3, 0]);
  return film(sample, [picture(coding, config, [[MEDIA, sample.length]])]);
}

/** A chunk of a PNG; nobody checks its sum. */
export function chunk(name: string, body: Uint8Array | string | readonly number[]): Bytes {
  const inside = row(body);
  return row(numbers(inside.length), name, inside, zeros(4));
}

/** A PNG of this many points across and down, grey, whose packed picture is this. */
export function grey(across: number, down: number, interlaced: 0 | 1, packed: Uint8Array): Bytes {
  const head = [0, 0, 0, across, 0, 0, 0, down, 8, 0, 0, 0, interlaced];
  return row('\x89PNG\r\n\x1a\n', chunk('IHDR', head), chunk('IDAT', packed), chunk('IEND', ''));
}

/** The picture, with this segment behind its first two bytes. */
export function withSegment(jpeg: Bytes, marker: number, body: Uint8Array | string | readonly number[]): Bytes {
  const inside = row(body);
  const length = inside.length + 2;
  return row(jpeg.subarray(0, 2), [0xff, marker, length >> 8, length & 0xff], inside, jpeg.subarray(2));
}

/** An archive of these files, unpacked, with nothing that checks them. */
export function zip(files: readonly (readonly [string, string])[]): Bytes {
  const le = (width: 2 | 4, number: number): number[] =>
    Array.from({ length: width }, (_, index) => Math.floor(number / 256 ** index) % 256);
  let out = row('');
  let table = row('');
  for (const [name, text] of files) {
    const sizes = [...le(4, text.length), ...le(4, text.length), ...le(2, name.length)];
    const begin = out.length;
    out = row(out, 'PK\x03\x04\x14\0\0\0\0\0', zeros(8), sizes, zeros(2), name, text);
    table = row(table, 'PK\x01\x02\x14\0\x14\0\0\0\0\0', zeros(8), sizes, zeros(12), le(4, begin), name);
  }
  const count = le(2, files.length);
  return row(out, table, 'PK\x05\x06\0\0\0\0', count, count, le(4, table.length), le(4, out.length), zeros(2));
}
