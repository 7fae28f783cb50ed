// Films that say one thing again and again, each time with other numbers, and sound whose head has numbers to spare.
import { HIDDEN, MEDIA, atom, film, grown, numbers, picture, row, sound, zeros, type Bytes, type Named } from './made.ts';

const ONCE = numbers(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const TRACK = ['moov', 'trak'];
const MEDIUM = [...TRACK, 'mdia'];
const MINF = [...MEDIUM, 'minf'];

/** What may stand in a film once, twice; and the same once, where that can be cleaned. */
export function repeatingFilms(): Named[] {
  const one = film('0123', [picture('vp09', '', [[MEDIA, 4]])]);
  const twice = (bytes: Bytes): Bytes => row(bytes, bytes);
  const clef = (side: number): Bytes => atom('clef', zeros(4), numbers(side, 0x10_0000));
  const list = (version: 0 | 1 | 2, count: number, each: Uint8Array | string): Bytes =>
    atom('edts', atom('elst', numbers(version * 0x100_0000, count), ...Array.from({ length: count }, () => each)));
  const plain = numbers(1_000, 0, 0x1_0000);
  const references = atom('chap', numbers(1));
  return [
    ...repeated(one),
    ...described(),
    ['tapt.mp4', grown(one, TRACK, atom('tapt', clef(0x10_0000)))],
    ['tapt-far.mp4', grown(one, TRACK, atom('tapt', clef(0x4849_4445)))],
    ['clef-twice.mp4', grown(one, TRACK, atom('tapt', twice(clef(0x10_0000))))],
    ['tapt-twice.mp4', grown(one, TRACK, twice(atom('tapt', clef(0x10_0000))))],
    ['edts-twice.mp4', grown(one, TRACK, twice(list(0, 1, plain)))],
    ['elst-twice.mp4', grown(one, TRACK, atom('edts', twice(atom('elst', numbers(0, 1), plain))))],
    ['elst-eight.mp4', grown(one, TRACK, list(0, 8, plain))],
    ['elst-nine.mp4', grown(one, TRACK, list(0, 9, plain))],
    ['elst-far.mp4', grown(one, TRACK, list(0, 1, row('\0\0\0\x01HIDE', numbers(0x1_0000))))],
    ['elst-end.mp4', grown(one, TRACK, list(0, 1, numbers(1, 1_000, 0x1_0000)))],
    ['elst-behind.mp4', grown(one, TRACK, list(0, 1, numbers(1, 1_001, 0x1_0000)))],
    ['elst-wait.mp4', grown(one, TRACK, list(0, 1, numbers(500, 0xffff_ffff, 0x1_0000)))],
    ['elst-long.mp4', grown(one, TRACK, list(1, 1, numbers(0, 1_000, 0, 0, 0x1_0000)))],
    ['elst-long-wait.mp4', grown(one, TRACK, list(1, 1, numbers(0, 1_000, 0xffff_ffff, 0xffff_ffff, 0x1_0000)))],
    ['elst-long-far.mp4', grown(one, TRACK, list(1, 1, row(numbers(0, 1_000), '\x01IDEHIDE', numbers(0x1_0000))))],
    ['elst-third.mp4', grown(one, TRACK, list(2, 1, plain))],
    ['tref-twice.mp4', grown(one, TRACK, atom('tref', twice(references)))],
    ['handler.mp4', grown(one, MINF, atom('hdlr', zeros(4), 'dhlrHIDE', zeros(13)))],
    ['handlers.mp4', grown(one, MINF, twice(atom('hdlr', zeros(4), 'dhlralis', zeros(13))))],
    ['language.mp4', marked(one, 'mdhd', 20, 'HI')],
    ['volume.mp4', marked(one, 'tkhd', 36, 'HI')],
  ];
}

function repeated(one: Bytes): Named[] {
  const heads: readonly (readonly [string, readonly string[], Bytes])[] = [
    ['mvhd', ['moov'], row(zeros(12), 'HIDEHIDE', numbers(0x1_0000), [1, 0], zeros(10), ONCE, zeros(24), numbers(2))],
    ['tkhd', TRACK, row(zeros(20), 'HIDE', zeros(16), ONCE, 'HIDEHIDE')],
    ['mdia', TRACK, zeros(0)],
    ['mdhd', MEDIUM, row(zeros(12), 'HIDEHIDE', zeros(4))],
    ['hdlr', MEDIUM, row(zeros(8), 'vide', zeros(13))],
    ['minf', MEDIUM, zeros(0)],
    ['vmhd', MINF, zeros(12)],
    ['dinf', MINF, zeros(0)],
    ['dref', [...MINF, 'dinf'], row(numbers(0, 1), atom('url ', numbers(1)))],
  ];
  return heads.map(([name, path, body]): Named => [`${name}-twice.mp4`, grown(one, path, atom(name, body))]);
}

/** In the description of the picture, and in that of the sound. */
function described(): Named[] {
  const clap = atom('clap', numbers(16, 1, 16, 1, 0, 1, 0, 1));
  const avc = atom('avcC', `\x01\x4d\0\x1f\xff\xe1\0\x02\x67\0\x01\0\x02\x68\0`);
  const set = (kind: number): string => `${String.fromCharCode(kind)}\0\x01\0\x02${String.fromCharCode(2 * kind)}\0`;
  const hevc = (...kinds: readonly number[]): Bytes => atom('hvcC', zeros(22), [kinds.length], ...kinds.map(set));
  const boxes: readonly (readonly [string, string, Bytes])[] = [
    ['clap', 'vp09', clap],
    ['clap-twice', 'vp09', row(clap, clap)],
    ['avc-twice', 'avc1', row(avc, avc)],
    ['hevc-sets', 'hvc1', hevc(32, 33, 34)],
    ['hevc-sets-twice', 'hvc1', hevc(32, 33, 33)],
    ['lists-twice', 'vp09', row(atom('wave', ''), atom('sv3d', atom('wave', '')))],
    ['free-twice', 'vp09', row(atom('free', HIDDEN), atom('free', HIDDEN))],
  ];
  const many = (count: number): Bytes => {
    const chunks = Array.from({ length: count }, (_, index): [number, number] => [MEDIA + index, 1]);
    const track = picture('vp09', '', chunks);
    // Each chunk by a description of its own.
    const whole = film('0123456789', [{ ...track, entry: row(...chunks.map(() => track.entry)) }]);
    const runs = atom('stsc', numbers(0, count), ...chunks.map((_, index) => numbers(index + 1, 1, index + 1)));
    return swapped(marked(whole, 'stsd', 4, `\0\0\0${String.fromCharCode(count)}`), 'stsc', runs);
  };
  return [
    ...boxes.map(([name, coding, box]): Named => [`again-${name}.mp4`, film('0123', [picture(coding, box, [[MEDIA, 4]])])]),
    ...heads().map(([name, entry]): Named => [`head-${name}.mp4`, film('0123'.repeat(8), [sound(entry, [[MEDIA, 4]], 1)])]),
    ['depth.mp4', marked(film('0123', [picture('vp09', '', [[MEDIA, 4]])]), 'vp09', 74, 'HI')],
    ['descriptions-eight.mp4', many(8)],
    ['descriptions-nine.mp4', many(9)],
  ];
}

/** How sound is sampled, in each of the three versions of it. */
function heads(): readonly (readonly [string, Bytes])[] {
  const entry = (name: string, version: number, channels: number, bits: number, ...rest: readonly Bytes[]): Bytes =>
    atom(name, zeros(8), [0, version], zeros(6), [0, channels, 0, bits], zeros(4), numbers(0xac44_0000), ...rest);
  const second = (name: string, own: Partial<Second>, fixed = numbers(0x7f00_0000)): Bytes => {
    const { rate, channels, bits, flags, bytes, samples } = { ...USUAL, ...own };
    const wide = new Uint8Array(8);
    new DataView(wide.buffer).setFloat64(0, rate);
    const always = row([0, 3, 0, 16, 255, 254, 0, 0, 0, 1, 0, 0], numbers(72));
    return atom(name, zeros(8), [0, 2], zeros(6), always, wide, numbers(channels), fixed, numbers(bits, flags, bytes, samples));
  };
  return [
    ['first', entry('sowt', 1, 1, 8, numbers(1, 1, 1, 1))],
    ['first-shares', entry('sowt', 1, 2, 16, row([0, 0, 0, 1], 'HIDE', numbers(4), 'HIDE'))],
    ['first-long', entry('sowt', 1, 1, 8, numbers(1, 1, 400, 1))],
    ['first-many', entry('sowt', 1, 1, 8, row('HIDE', numbers(1, 1, 1)))],
    ['first-packed', entry('.mp3', 1, 2, 16, numbers(1_152, 9, 417, 9))],
    ['first-packed-far', entry('.mp3', 1, 2, 16, row(numbers(1_152, 0), 'HIDE', numbers(2)))],
    ['second', second('lpcm', {})],
    ['second-fixed', second('lpcm', {}, numbers(0x4849_4445))],
    ['second-wide', second('lpcm', { bits: 24, bytes: 8 })],
    ['second-packed', second('mp4a', { bits: 0, flags: 0, bytes: 0, samples: 1_024 })],
    ['second-rate', second('lpcm', { rate: 44_100.5 })],
    ['second-rate-none', second('lpcm', { rate: NaN })],
    ['second-channels', second('lpcm', { channels: 0x4849_4445 })],
    ['second-bits', second('lpcm', { bits: 0x4849_4445 })],
    ['second-flags', second('lpcm', { flags: 0x4849_4445 })],
    ['second-bytes', second('lpcm', { bytes: 0x4849_4445 })],
    ['second-odd', second('lpcm', { bytes: 5 })],
    ['second-samples', second('lpcm', { samples: 0x4849_4445 })],
    ['second-all', atom('lpcm', zeros(8), [0, 2], zeros(6), [0, 3, 0, 16, 255, 254, 0, 0], numbers(0x1_0000), 'HIDE'.repeat(8), zeros(4))],
    ['third', entry('sowt', 3, 1, 8)],
    ['channels', entry('sowt', 0, 65, 8)],
    ['bits', entry('sowt', 0, 1, 65)],
  ];
}

interface Second {
  readonly rate: number;
  readonly channels: number;
  readonly bits: number;
  readonly flags: number;
  readonly bytes: number;
  readonly samples: number;
}

const USUAL: Second = { rate: 44_100, channels: 2, bits: 16, flags: 12, bytes: 4, samples: 1 };

/** The film, in which these letters stand so far into the body of the first atom of this name. */
function marked(whole: Bytes, name: string, at: number, text: string): Bytes {
  const out = whole.slice();
  out.set(Buffer.from(text, 'latin1'), Buffer.from(whole).indexOf(name, 0, 'latin1') + 4 + at);
  return out;
}

/** The film, with this in the place of the first atom of this name; the atoms around it are as long as they have to be. */
function swapped(whole: Bytes, name: string, by: Bytes): Bytes {
  const view = Buffer.from(whole);
  const begin = view.indexOf(name, 0, 'latin1') - 4;
  const end = begin + view.readUInt32BE(begin);
  const out = Buffer.from(row(whole.subarray(0, begin), by, whole.subarray(end)));
  for (const around of ['moov', 'trak', 'mdia', 'minf', 'stbl']) {
    const at = view.indexOf(around, 0, 'latin1') - 4;
    out.writeUInt32BE(out.readUInt32BE(at) + by.length - (end - begin), at);
  }
  return row(out);
}
