// Every file that the tests of src/inspect look at: those of client/inspect's own tests, more that ffmpeg made (see
// samples/README), and ones made here to hide something.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zlibSync } from 'fflate';
import { hidingFilms, hidingPhotographs, hidingPictures } from './hiding.ts';
import { repeatingFilms } from './repeating.ts';
import {
  HIDDEN,
  MEDIA,
  atom,
  chunk,
  coded,
  film,
  grey,
  grown,
  numbers,
  picture,
  row,
  sound,
  withSegment,
  zeros,
  zip,
  type Bytes,
  type Named,
} from './made.ts';

declare const TESTS: string;

export { HIDDEN };

/** The samples by their names. */
export function samples(): Map<string, Bytes> {
  const found = new Map<string, Bytes>();
  for (const folder of ['../../inspect/tests/samples', 'inspect/samples']) {
    const path = join(TESTS, folder);
    for (const name of readdirSync(path).sort()) {
      if (name !== 'README') found.set(name, Uint8Array.from(readFileSync(join(path, name))));
    }
  }
  return found;
}

/** All of them, by names that tell what they are. */
export function fixtures(): Map<string, Bytes> {
  const all = samples();
  const sample = (name: string): Bytes => {
    const bytes = all.get(name);
    if (bytes === undefined) throw new Error(`there is no ${name}`);
    return bytes;
  };
  const [phone, screen, mov] = [sample('phone.jpg'), sample('screen.png'), sample('phone.mov')];
  const made = [...films(mov), ...hidden(mov), ...photographs(phone), ...pictures(screen), ...others()];
  made.push(...hidingFilms(), ...hidingPhotographs(phone), ...hidingPictures(screen), ...repeatingFilms());
  for (const [name, bytes] of made) all.set(name, bytes);
  for (const name of ['phone.jpg', 'screen.png']) all.set(`tail-${name}`, row(sample(name), 'a film of the second'));
  return all;
}

/** A film of one track of ten bytes twice, with something before, between and behind. */
function gappy(coding: string): Bytes {
  const media = 'before0123456789freeGPS 48.85840123456789behind';
  return film(media, [picture(coding, '', [[MEDIA + 6, 10], [MEDIA + 31, 10]])]);
}

function films(mov: Bytes): Named[] {
  const one = film('0123', [picture('vp09', '', [[MEDIA, 4]])]);
  const two = picture('vp09', '', [[MEDIA, 2], [MEDIA + 2, 2]]);
  const minf = ['moov', 'trak', 'mdia', 'minf'];
  const list = (begin: number, lasts: number): Bytes => atom('edts', atom('elst', numbers(0, 1, lasts, begin, 0x1_0000)));
  const message = row([5, 16 + 26], '7'.repeat(16), 'Camera 9 of K. Example\0\0\x03\x01', [0x80]);
  const dfla = atom('dfLa', '\0\0\0\0\0\0\0\x22', '9'.repeat(34), '\x84\0\0\x0f', HIDDEN);
  const samplesOf = zeros(28);
  samplesOf.set([0, 2, 0, 16], 16);
  const named: Named[] = [
    ...['vp09', 'jpeg', 'mjpa', 'AVDJ', 'dvc ', 'png ', 'what', 'encv'].map(
      (coding): Named => [`gaps-${coding.trim()}.mp4`, gappy(coding)],
    ),
    ['tail.mov', row(mov, '\xff'.repeat(40))],
    ['moof.mov', row(mov, '\0\0\0\x09mdat1\0\0\0\x08moof')],
    ['heads.mov', row(mov, mov.subarray(find(mov, 'moov') - 4))],
    ['same.mp4', film('0123456789abcdef!!!!', [sound(atom('sowt', samplesOf), [[MEDIA, 4]], 1)])],
    ['flac-notes.mp4', film('0123', [sound(atom('fLaC', zeros(28), dfla), [[MEDIA, 4]])])],
    ['brand.mp4', grown(film('0123', [picture('vp09', '', [[MEDIA + 4, 4]])]), ['ftyp'], 'CAEP')],
    ['cut-away.mp4', grown(film('0123', [two]), ['moov', 'trak'], list(0, 1_000))],
    ['uncut.mp4', grown(film('0123', [two]), ['moov', 'trak'], list(0, 2_000))],
    ['still.mp4', grown(film('0123', [two]), ['moov', 'trak'], list(500, 1_500))],
    ['elst-two.mp4', grown(film('0123', [two]), ['moov', 'trak'], row(list(0, 500), list(1_000, 0)))],
    ['track-out.mp4', film('0123456789', [two, { ...picture('mett', '', [[MEDIA + 4, 4]]), kind: 'meta' }])],
    ['overlap.mp4', film('0123456789', [two, { ...picture('mett', '', [[MEDIA, 4]]), kind: 'meta' }])],
    ['sei-avc.mp4', coded('avc1', ['\x09\x10', row('\x06', message), '\x65rest'])],
    ['sei-hevc.mp4', coded('hvc1', ['\x09\x10', row([78, 1], message), '\x65rest'])],
    ['sei-long.mp4', coded('avc1', [row([6, 5, 255, 255, 255])])],
    ['outside-1.mp4', film('7'.repeat(47), [picture('vp09', '', [[20, 10]])])],
    ['outside-2.mp4', film('7'.repeat(47), [picture('vp09', '', [[MEDIA + 40, 10]])])],
    ['outside-3.mp4', film('7'.repeat(47), [picture('vp09', '', [[MEDIA, 1_000_000]])])],
    ['long-atoms.mp4', row(one, '\0\0\0\x01free\0\0\0\0\0\0\0\x14note', '\0\0\0\0uuid', '0'.repeat(30))],
    ['thousand.mp4', film('0123', Array.from({ length: 1_000 }, () => picture('vp09', '', [[MEDIA, 4]])))],
    ['thousand-one.mp4', film('0123', Array.from({ length: 1_001 }, () => picture('vp09', '', [[MEDIA, 4]])))],
  ];
  for (const [name, path, extra] of [
    ['stco', [...minf, 'stbl'], atom('stco', numbers(0, 1, MEDIA))],
    ['co64', [...minf, 'stbl'], atom('co64', numbers(0, 1, 0, MEDIA))],
    ['stsc', [...minf, 'stbl'], atom('stsc', numbers(0, 1, 1, 1, 1))],
    ['stsz', [...minf, 'stbl'], atom('stsz', numbers(0, 4, 1))],
    ['stbl', minf, atom('stbl')],
  ] as const) {
    named.push([`two-${name}.mp4`, grown(one, path, extra)]);
  }
  return named;
}

/** Something behind and beside each thing that a film needs. */
function hidden(mov: Bytes): Named[] {
  const track = ['moov', 'trak'];
  const media = [...track, 'mdia'];
  const minf = [...media, 'minf'];
  const table = [...minf, 'stbl'];
  const entry = [...table, 'stsd', 'mp4v'];
  const cases: [readonly string[], Bytes][] = [];
  for (const [path, names] of [
    [['moov'], 'free udta uuid iods meta what'],
    [track, 'free udta uuid meta load tapt tref clip matt imap'],
    [media, 'free uuid elng what'],
    [minf, 'free uuid gmhd what'],
    [table, 'free uuid sgpd sbgp sdtp subs saiz saio padb what'],
    [[...track, 'edts'], 'free uuid'],
  ] as const) {
    for (const name of names.split(' ')) {
      const words = HIDDEN.repeat(3);
      cases.push([path, atom(name, name === 'tapt' || name === 'tref' ? atom('uuid', words) : words)]);
    }
  }
  for (const [path, names] of [
    [['moov'], 'mvhd'],
    [track, 'tkhd'],
    [media, 'mdhd hdlr'],
    [minf, 'vmhd'],
    [table, 'stts stsc stsz stco stss'],
  ] as const) {
    for (const name of names.split(' ')) cases.push([[...path, name], row(HIDDEN)]);
  }
  for (const name of ['uuid', 'free', 'what', 'colr', 'wave']) cases.push([entry, atom(name, HIDDEN, HIDDEN)]);
  cases.push([entry, atom('colr', 'prof', HIDDEN)], [[...entry, 'esds'], row(HIDDEN)]);
  for (const [name, length] of [['enda', 2], ['st3d', 5], ['svhd', 4], ['btrt', 12]] as const) {
    const long = atom(name, zeros(length), HIDDEN);
    cases.push([entry, long], [entry, atom('sv3d', long)]);
  }
  const known = row(numbers(1 << 24, 0), numbers(4, 2), zeros(8), HIDDEN);
  known.set([...'roll'].map((letter) => letter.charCodeAt(0)), 4);
  cases.push([table, row(atom('sgpd', known), atom('sbgp', numbers(0), 'roll', numbers(1, 1, 1), HIDDEN))]);
  const named = cases.map(([path, extra], index): Named => {
    const number = String(index).padStart(2, '0');
    return [`hidden-${number}-${path.at(-1) ?? ''}.mov`, grown(mov, path, extra)];
  });
  for (const coding of ['avc1', 'hvc1'] as const) {
    const path = [...table, 'stsd', coding, coding === 'avc1' ? 'avcC' : 'hvcC'];
    named.push([`hidden-${coding}.mp4`, grown(coded(coding, ['\x65rest']), path, HIDDEN)]);
  }
  return named;
}

function photographs(phone: Bytes): Named[] {
  const table = row(zeros(65), HIDDEN);
  const segments: (readonly [string, number, Bytes | string])[] = [
    ['adobe', 0xee, `Adobe\0\x64\0\0\0\0\x01${HIDDEN}`],
    ['adobe-short', 0xee, 'Adobe\0\x64'],
    ['tables', 0xdb, table],
    ['codes', 0xc4, row(zeros(17), HIDDEN)],
    ['interval', 0xdd, HIDDEN],
    ['interval-good', 0xdd, '\0\0'],
    ['lines', 0xdc, HIDDEN],
    ['extension', 0xc8, HIDDEN],
    ['odd', 0xcc, 'odd'],
    ['hierarchy', 0xde, HIDDEN],
    ['expand', 0xdf, HIDDEN],
    ['reserved', 0xf0, HIDDEN],
    ['old', 0x02, HIDDEN],
    ['comment', 0xfe, HIDDEN],
    ['jfif', 0xe0, 'JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01abc'],
    ['jfxx', 0xe0, `JFXX\0${HIDDEN}`],
    ['mpf', 0xe2, `MPF\0${HIDDEN}`],
    ['profile', 0xe2, 'ICC_PROFILE\0\x01\x01not one'],
    ['exif', 0xe1, 'Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0'],
    ['exif-loop', 0xe1, 'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x05\0\0\0\0\0\x08'],
    ['exif-bytes', 0xe1, 'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x01\0\0\0\x01\x03\0\0\0\0\0\0\0'],
  ];
  return segments.map(([name, marker, body]): Named => [`${name}.jpg`, withSegment(phone, marker, body)]);
}

function pictures(screen: Bytes): Named[] {
  const behindHead = (extra: Bytes): Bytes => row(screen.subarray(0, 33), extra, screen.subarray(33));
  const named: Named[] = [];
  const long = HIDDEN.repeat(3);
  for (const name of 'gAMA cHRM sRGB sBIT bKGD cICP mDCV cLLI acTL fcTL tRNS pHYs wHAt sPLT caBX'.split(' ')) {
    named.push([`long-${name}.png`, behindHead(chunk(name, long))]);
  }
  named.push(
    ['twice.png', behindHead(row(chunk('gAMA', '\0\0\xb1\x8f'), chunk('gAMA', '\0\x01\x86\xa0')))],
    ['oblong.png', behindHead(chunk('pHYs', '\0\0\0\x01\0\0\0\x02\0'))],
    ['head.png', behindHead(chunk('IHDR', zeros(13)))],
    ['palette-bad.png', behindHead(chunk('PLTE', 'four'))],
    ['critical.png', behindHead(chunk('WHAT', long))],
    ['mark.png', row(screen.subarray(0, screen.length - 12), chunk('IEND', HIDDEN))],
    ['text.png', behindHead(chunk('zTXt', row('Comment\0\0', zlibSync(row(long)))))],
    ['bomb.png', behindHead(chunk('zTXt', row('Comment\0\0', zlibSync(zeros(5 << 20)))))],
  );
  for (const [interlaced, length] of [[0, 24], [1, 2 + 2 + 2 + 4 + 6 + 12]] as const) {
    const whole = zlibSync(zeros(length));
    for (const [name, packed] of [
      ['whole', whole],
      ['behind', row(whole, HIDDEN)],
      ['one-behind', row(whole, 'x')],
      ['more', zlibSync(zeros(length + 200))],
      ['much-more', zlibSync(zeros(500_000))],
      ['cut', whole.subarray(0, 4)],
      ['last', whole.subarray(0, whole.length - 1)],
      ['less', zlibSync(zeros(3))],
      ['none', row('not packed at all')],
      ['nothing', row('')],
    ] as const) {
      named.push([`rows-${interlaced}-${name}.png`, grey(5, 4, interlaced, packed)]);
    }
  }
  return named;
}

function others(): Named[] {
  const core =
    "<cp:coreProperties xmlns:dc='d' xmlns:cp='c'><dc:creator>F. Example &amp; Co</dc:creator>" +
    '<cp:lastModifiedBy>G. Example</cp:lastModifiedBy></cp:coreProperties>';
  const packed = zlibSync(row('<</Author (E. Example)>>'));
  return [
    ['clear.pdf', row('%PDF-1.4\n1 0 obj <</Author (D. Example) /Producer <FEFF00570034>>> endobj\n%%EOF')],
    ['packed.pdf', row('%PDF-1.5\n2 0 obj <</Type/ObjStm/Length 30>>stream\r\n', packed, '\nendstream\n%%EOF')],
    ['letter.docx', zip([['[Content_Types].xml', '<a/>'], ['docProps/core.xml', core]])],
    ['letter.odt', zip([['mimetype', 'x'], ['meta.xml', '<m><meta:initial-creator>H. Example</meta:initial-creator></m>']])],
    ['many.zip', zip([['notes.txt', 'x']])],
    ['artist.mp3', row('ID3\x03\0\0\0\0\0\x40TPE1\0\0\0\x0b\0\0\0H. Example', zeros(200))],
    ['artist.flac', row('fLaC\x84\0\0\x21', '\x04\0\0\0prog\x01\0\0\0\x11\0\0\0ARTIST=I. Example')],
    ['artist.wav', row('RIFF\x24\0\0\0WAVELIST\x16\0\0\0INFOIART\x0a\0\0\0J. Example')],
    ['words.txt', row('grüße'.normalize('NFD').replaceAll(/[^a-z]/g, ''), '\n')],
    ['unknown.bin', row('\0\x01\x02')],
    ['letter.rtf', row('{\\rtf1\\ansi{\\info{\\author K. Example}{\\operator L. Example}{\\*\\company M}}{\\*\\generator Desk 9;} x}')],
    ['page.html', row('\n<!DOCTYPE html><META NAME="Author" content="N. Example"><meta name=generator content=\'Desk 8\'>x')],
    ['drawing.svg', row('<?xml version="1.0"?><svg docname="/home/o/plan.svg"><metadata><creator>O. Example</creator></metadata></svg>')],
    ['track.gpx', row('<?xml version="1.0"?><gpx><author>P. Example</author><time>2021-03-04</time></gpx>')],
    ['letter.fodt', row('<office:document xmlns:office="o"><meta:initial-creator>Q. Example</meta:initial-creator></office:document>')],
    ['late.svg', row(`<!-- ${'x'.repeat(4_100)} -->\n<svg><dc:creator>R. Example</dc:creator></svg>`)],
    ['part.html', row('<div author="S. Example"></div>')],
    ['spaced.rtf', row(' {\\rtf1{\\info{\\author T. Example}}}')],
    ['page.ps', row('%!PS-Adobe-3.0\n%%Creator: Desk 7\r\n%%For: U. Example\n')],
    ['letter.eml', row('From: V. Example\r\nReceived: from laptop-v\r\n\r\nhi')],
    ['page.mht', row('From: <Saved by Desk>\nSnapshot-Content-Location: file:///C:/Users/w/x.html\n')],
    ['letters.mbox', row('From a@b.example Mon Jan 1\nReturn-Path: <x@b.example>\n')],
    ['old.gif', row('GIF89a')],
    ['old.doc', row('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')],
    ['empty', row('')],
  ];
}

function find(bytes: Bytes, name: string): number {
  return Buffer.from(bytes).indexOf(name, 0, 'latin1');
}
