// Files that hide something where a decoder does not look, though all of it is in its form.
import { zlibSync } from 'fflate';
import {
  HIDDEN,
  MEDIA,
  atom,
  chunk,
  film,
  grown,
  numbers,
  picture,
  row,
  sound,
  withSegment,
  zeros,
  type Bytes,
  type Named,
} from './made.ts';

/** In the description of a picture or of sound, in its tables, and in its heads. */
export function hidingFilms(): Named[] {
  const head = '\x81\0\x0c\0';
  const sequence = '\x0a\x0a\0\0\0\x03\xb4\xff\x73\x6b\xe4\x01';
  const vp9 = '\x01\0\0\0\0\x0a\x82\x02\x02\x02\0';
  const avc = '\x01\x4d\0\x1f\xff\xe1';
  const boxes: readonly (readonly [string, string, string, string])[] = [
    ['av1-good', 'av01', 'av1C', head + sequence],
    ['av1-bare', 'av01', 'av1C', head],
    ['av1-behind', 'av01', 'av1C', head + sequence + HIDDEN],
    ['av1-note', 'av01', 'av1C', `${head}${sequence}\x2a\x0f${HIDDEN}`],
    ['av1-long', 'av01', 'av1C', `${head}\x0a\x19${sequence.slice(2)}${HIDDEN}`],
    ['av1-head', 'av01', 'av1C', head + HIDDEN],
    ['vpc', 'vp09', 'vpcC', `${vp9}\0${HIDDEN}`],
    ['vpc-long', 'vp09', 'vpcC', `${vp9}\x0f${HIDDEN}`],
    ['avc-unit', 'avc1', 'avcC', `${avc}\0\x0f${HIDDEN}\0`],
    ['avc-type', 'avc1', 'avcC', `${avc}\0\x02\x67\0\x01\0\x10x${HIDDEN}`],
    ['hevc-sei', 'hvc1', 'hvcC', `${'\0'.repeat(22)}\x01\x27\0\x01\0\x13\x4e\x01\x05\x0f${HIDDEN}`],
    ['hevc-unit', 'hvc1', 'hvcC', `${'\0'.repeat(22)}\x01\x2f\0\x01\0\x0f${HIDDEN}`],
    ['mesh', 'vp09', 'mshp', HIDDEN],
    ['vvc', 'vp09', 'vvcC', HIDDEN],
    ['vvc-coding', 'vvc1', 'vvcC', HIDDEN],
    ['ac4', 'vp09', 'dac4', HIDDEN],
    ['layout', 'vp09', 'chnl', HIDDEN],
    ['what', 'vp09', 'what', HIDDEN],
    ['shape', 'vp09', 'pasp', HIDDEN],
    ['shape-good', 'vp09', 'pasp', '\0\0\0\x20\0\0\0\x1e'],
    ['aperture', 'vp09', 'clap', HIDDEN.repeat(3)],
    ['light', 'vp09', 'mdcv', HIDDEN.repeat(2)],
    ['rate', 'vp09', 'btrt', HIDDEN],
    ['colour', 'vp09', 'colr', `nclx${HIDDEN}`],
    ['colour-good', 'vp09', 'colr', 'nclx\0\x01\0\x01\0\x01\xff'],
    ['profile', 'vp09', 'colr', `prof${latin(profile({ head: true }))}`],
    ['tables', 'vp09', 'colr', `prof${latin(profile({ tables: true }))}`],
    ['pose', 'vp09', 'prhd', HIDDEN.repeat(2)],
    ['round', 'vp09', 'equi', HIDDEN.repeat(2)],
    ['dolby', 'hvc1', 'dvcC', `\x01\0\x10\x20\x14${HIDDEN}\0\0\0\0`],
  ];
  const one = film('0123', [picture('vp09', '', [[MEDIA, 4]])]);
  const table = ['moov', 'trak', 'mdia', 'minf', 'stbl'];
  const marked = (name: string, at: number): Bytes => changed(one, name, at, 'HIDE');
  const second = grown(one, [...table, 'stsd'], atom('vp09', zeros(78), HIDDEN));
  return [
    ...boxes.map(([name, coding, box, body]): Named => {
      return [`box-${name}.mp4`, film('0123', [picture(coding, atom(box, body), [[MEDIA, 4]])])];
    }),
    ...sounds(),
    ['second-sizes.mp4', grown(one, table, atom('stz2', numbers(0, 8, HIDDEN.length), HIDDEN))],
    ['keys.mp4', grown(one, table, atom('stss', numbers(0, 1, 2)))],
    ['shifts.mp4', grown(one, table, atom('ctts', numbers(0, 1, 2, 0)))],
    ['groups.mp4', grown(one, table, atom('sgpd', numbers(1 << 24), 'roll', numbers(15, 1), HIDDEN))],
    ['unused-description.mp4', changed(second, 'stsd', 4, '\0\0\0\x02')],
    ['miscounted.mp4', changed(one, 'stsd', 4, 'HIDE')],
    ...['mvhd', 'tkhd', 'mdhd', 'hdlr', 'vmhd', 'stts', 'stsc', 'stsz', 'stco', 'stsd', 'dref', 'url ', 'mvhd'].map(
      (name, index): Named => [`flags-${index}-${name.trim()}.mp4`, changed(one, name, 1, 'HID')],
    ),
    ['matrix.mp4', marked('tkhd', 40)],
    ['moved.mp4', marked('mvhd', 36)],
    ['next.mp4', marked('mvhd', 96)],
    ['laid.mp4', marked('vmhd', 4)],
    ['quality.mp4', marked('vp09', 20)],
    ['inches.mp4', marked('vp09', 28)],
    ['empty-track.mp4', film('0123', [picture('vp09', '', [[MEDIA, 4]]), picture('vp09', atom('uuid', HIDDEN), [])])],
  ];
}

function sounds(): Named[] {
  const mp4 = (object: string, own: string, behind = '\x06\x01\x02'): Bytes => {
    const config = `${object}\x15HIDEHIDEHID${own}`;
    const inner = `\0\x01\0\x04${letter(config.length)}${config}${behind}`;
    return atom('esds', '\0\0\0\0', '\x03', letter(inner.length), inner);
  };
  const aac = '\x05\x02\x12\x10';
  const opus = `\0\x02\x01\x38HIDE\0\0\0`;
  const lossless = `\0\0\x10\0\0\x10\x28\x0a\x0e\x02\0\xffHIDEHIDE\0\0\xac\x44`;
  const entries: readonly (readonly [string, string, Bytes])[] = [
    ['aac', 'mp4a', mp4('\x40', aac)],
    ['aac-older', 'mp4a', mp4('\x40', '\x05\x05\x12\x10\x56\xe5\0')],
    ['aac-behind', 'mp4a', mp4('\x40', `\x05\x11\x12\x10${HIDDEN}`)],
    ['aac-more', 'mp4a', mp4('\x40', aac, `\x06\x01\x02\x0e\x0f${HIDDEN}`)],
    ['aac-beside', 'mp4a', mp4('\x40', `${aac}\x0e\x0f${HIDDEN}`)],
    ['mp3', 'mp4a', mp4('\x6b', '')],
    ['mp3-own', 'mp4a', mp4('\x6b', aac)],
    ['opus', 'Opus', atom('dOps', opus)],
    ['opus-more', 'Opus', atom('dOps', opus, HIDDEN)],
    ['alac', 'alac', atom('alac', zeros(4), lossless)],
    ['alac-places', 'alac', atom('alac', zeros(4), lossless, `\0\0\0\x18chanHIDE\0\x65\0\x02${HIDDEN.slice(0, 8)}`)],
    ['flac-sum', 'fLaC', atom('dfLa', '\0\0\0\0\x80\0\0\x22', zeros(18), HIDDEN, 'x')],
    ['flac-short', 'fLaC', atom('dfLa', '\0\0\0\0\x80\0\0\x0f', HIDDEN)],
    ['places', 'sowt', atom('chan', zeros(4), numbers(0, 0, 1, 1), HIDDEN, 'x')],
    ['places-bits', 'sowt', atom('chan', zeros(4), numbers(0x65_0002), 'HIDE', numbers(0))],
    ['chnl-good', 'ipcm', atom('chnl', '\0\0\0\0\x01\x02', zeros(8))],
    ['ac3', 'ac-3', atom('dac3', '\x10\x11\xff', HIDDEN)],
    ['eac3', 'ec-3', atom('dec3', `\x0b\xb8\x20\xff\0${HIDDEN}`)],
    ['amr', 'samr', atom('damr', `HIDE\x07\0\x01\0\x01`)],
    ['round', 'mp4a', atom('SA3D', `\0\0\0\0\0\x01\0\0\0\0\0\x04${HIDDEN}x`)],
    ['wave', 'mp4a', atom('wave', atom('frma', 'HIDE'))],
    ['wave-good', 'mp4a', atom('wave', atom('frma', 'mp4a'), atom('mp4a', 'HIDE'), mp4('\x40', aac), zeros(8))],
  ];
  return entries.map(([name, coding, box]): Named => {
    return [`sound-${name}.mp4`, film('0123', [sound(atom(coding, zeros(28), box), [[MEDIA, 4]])])];
  });
}

/** In scans, tables, and the profile. */
export function hidingPhotographs(phone: Bytes): Named[] {
  const file = Buffer.from(phone);
  const [scan, end] = [file.lastIndexOf('\xff\xda', undefined, 'latin1'), file.lastIndexOf('\xff\xd9', undefined, 'latin1')];
  const before = (extra: Uint8Array | string): Bytes => row(phone.subarray(0, end), extra, phone.subarray(end));
  const table = (number: number): Bytes => row([number], HIDDEN, '7'.repeat(49));
  const own = file.indexOf('ICC_PROFILE\0', 0, 'latin1') - 4;
  const plain = row(phone.subarray(0, own), phone.subarray(own + 2 + file.readUInt16BE(own + 2)));
  const icc = (bytes: Bytes, number = '\x01\x01'): Bytes => withSegment(plain, 0xe2, row('ICC_PROFILE\0', number, bytes));
  return [
    ['scan-again.jpg', before(phone.subarray(scan, end))],
    ['scan-short.jpg', before(row('\xff\xda\0\x08\x01\x01\0\0\x3f\0', HIDDEN))],
    ['restart.jpg', before(`\xff\xd0${HIDDEN}`)],
    ['fill.jpg', before(`\xff\xff\0${HIDDEN}`)],
    ['fill-end.jpg', before('\xff\xff\xff')],
    ['table-unused.jpg', withSegment(phone, 0xdb, table(3))],
    ['table-twice.jpg', withSegment(phone, 0xdb, table(0))],
    ['table-late.jpg', before(row('\xff\xdb\0\x43', table(0)))],
    ['codes-unused.jpg', withSegment(phone, 0xc4, row('\x13\0\0\x06', zeros(13), 'HIDEN '))],
    ['codes-twice.jpg', withSegment(phone, 0xc4, row('\x13\0\0\x0f', zeros(13), HIDDEN))],
    ['measures.jpg', withSegment(phone, 0xe0, `JFIF\0HIDE\x01\x02\0\x01\0\0`)],
    ['profile-plain.jpg', icc(profile({}))],
    ['profile-head.jpg', icc(profile({ head: true }))],
    ['profile-tag.jpg', icc(profile({ tag: true }))],
    ['profile-tables.jpg', icc(profile({ tables: true }))],
    ['profile-curve.jpg', icc(profile({ curve: `curv\0\0\0\0\0\0\0\x07${HIDDEN}` }))],
    ['profile-points.jpg', icc(profile({ curve: 'curv\0\0\0\0\0\0\0\x03\0\0\x10\0\xff\xff' }))],
    ['profile-gap.jpg', icc(row(profile({}), HIDDEN))],
    ['profile-parts.jpg', icc(profile({}), '\x02\x02')],
  ];
}

/** In animations, profiles and what is only advice. */
export function hidingPictures(screen: Bytes): Named[] {
  const with_ = (...parts: readonly Bytes[]): Bytes => row(screen.subarray(0, 33), ...parts, screen.subarray(33));
  const frame = (number: number, sides = [1, 1]): Bytes => {
    return chunk('fcTL', row(numbers(number, ...sides, 0, 0, 0x1_0001), [0, 0]));
  };
  const data = (number: number, bytes: Uint8Array | string = HIDDEN): Bytes => chunk('fdAT', row(numbers(number), bytes));
  const icc = (bytes: Uint8Array): Bytes => chunk('iCCP', row('icc\0\0', bytes));
  const end = screen.subarray(screen.length - 12);
  const moving = (count: number, ...parts: readonly Bytes[]): Bytes => {
    return row(with_(chunk('acTL', numbers(count, 0))).subarray(0, screen.length + 8), ...parts, end);
  };
  const pixel = zlibSync(zeros(4));
  const sum = screen.slice();
  sum.set(Buffer.from('HIDE'), sum.length - 16);
  return [
    ['still-frames.png', with_(frame(0), data(1))],
    ['still-late.png', row(screen.subarray(0, -12), chunk('acTL', numbers(1, 0)), frame(0), data(1, pixel), end)],
    ['moving-good.png', moving(1, frame(0), data(1, pixel))],
    ['moving-more.png', moving(1, frame(0), data(1, pixel), frame(2), data(3, pixel))],
    ['moving-behind.png', moving(1, frame(0), data(1, row(pixel, HIDDEN)))],
    ['moving-turn.png', moving(1, frame(0), data(7, pixel))],
    ['moving-outside.png', moving(1, frame(0, [1_000, 1]), data(1, pixel))],
    ['moving-alone.png', moving(1, data(0, pixel))],
    ['moving-large.png', large(2, 2)],
    ['moving-half.png', large(1, 1)],
    ['moving-many.png', large(4_097, 1)],
    ['moving-endless.png', large(1, 4_097)],
    ['moving-turns.png', row(with_(chunk('acTL', numbers(1, 0x4849_4445))))],
    ['packed-badly.png', with_(icc(row(HIDDEN)))],
    ['packed-plain.png', with_(icc(zlibSync(profile({}))))],
    ['packed-head.png', with_(icc(zlibSync(profile({ head: true, tag: true }))))],
    ['packed-tables.png', with_(icc(zlibSync(profile({ tables: true }))))],
    ['colours-proposed.png', with_(chunk('PLTE', `${HIDDEN}${HIDDEN}`))],
    ['colours-meant.png', with_(chunk('cHRM', `${HIDDEN}${HIDDEN}xx`))],
    ['colours-coded.png', with_(chunk('cICP', 'HIDE'))],
    ['screen-meant.png', with_(chunk('mDCV', HIDDEN + HIDDEN.slice(0, 9)))],
    ['oblong-marked.png', with_(chunk('pHYs', 'HIDEIDEH\x01'))],
    ['ground.png', with_(chunk('bKGD', HIDDEN.slice(0, 6)))],
    ['sum.png', sum],
  ];
}

/** A picture that says that it has so many frames, of which so many begin, each half of what is followed. */
function large(count: number, begun: number): Bytes {
  const [across, down] = [0x4000, 0x2000];
  const head = chunk('IHDR', row(numbers(across, down), [8, 0, 0, 0, 0]));
  const picture = chunk('IDAT', 'not packed at all');
  const frames = Array.from({ length: begun }, (_, index) => chunk('fcTL', row(numbers(index, across, 0x1ffe, 0, 0, 0), [0, 0])));
  return row('\x89PNG\r\n\x1a\n', head, chunk('acTL', numbers(count, 0)), picture, ...frames, chunk('IEND', ''));
}

/** A profile whose green is no usual one. */
function profile(extra: { head?: boolean; tag?: boolean; tables?: boolean; curve?: string }): Bytes {
  const xyz = (x: number, y: number, z: number): string => `XYZ \0\0\0\0${latin(numbers(x, y, z))}`;
  const curve = extra.curve ?? 'para\0\0\0\0\0\0\0\0\0\x02\x33\x33';
  const tags: [string, string][] = [
    ['desc', `mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\x1e\0\0\0\x1c${HIDDEN}${HIDDEN}`],
    ['wtpt', xyz(63_190, 65_536, 54_061)],
    ['rXYZ', xyz(33_759, 15_803, 4_294_967_227)],
    ['gXYZ', xyz(19_163, 45_373, 2_746)],
    ['bXYZ', xyz(10_269, 4_360, 51_384)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ];
  if (extra.tag === true) tags.push(['HIDE', HIDDEN]);
  if (extra.tables === true) tags.push(['A2B0', HIDDEN]);
  let table = row(numbers(tags.length));
  let data = row('');
  for (const [name, body] of tags) {
    table = row(table, name, numbers(132 + 12 * tags.length + data.length, body.length));
    data = row(data, body, zeros((4 - (body.length % 4)) % 4));
  }
  const head = zeros(128);
  const put = (at: number, text: string): void => head.set(Buffer.from(text, 'latin1'), at);
  put(0, latin(numbers(128 + table.length + data.length)));
  put(8, '\x04');
  put(12, 'mntrRGB XYZ ');
  put(36, 'acsp');
  put(68, '\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d');
  if (extra.head === true) {
    put(40, 'HIDE');
    put(100, HIDDEN);
  }
  return row(head, table, data);
}

/** The film, in which these letters stand so far into the body of the first atom of this name. */
function changed(file: Bytes, name: string, at: number, text: string): Bytes {
  const out = file.slice();
  const place = Buffer.from(file).indexOf(name, 0, 'latin1');
  out.set(Buffer.from(text, 'latin1'), place + 4 + at);
  return out;
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function letter(number: number): string {
  return String.fromCharCode(number);
}
