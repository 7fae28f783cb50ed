import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zlibSync } from 'fflate';
import { clean, look, MOST_FINDINGS, type Kind, type Report, type What } from '../src/inspect/index.ts';
import { judged } from '../src/inspect/judge.ts';
import { shown } from '../src/inspect/seen.ts';
import { damaged } from './inspect/damage.ts';
import { fixtures } from './inspect/fixtures.ts';
import { atom, chunk, film, grown, picture, row, withSegment, zeros, zip, type Bytes } from './inspect/made.ts';

const FIXTURES = fixtures();

function report(of: string | Bytes): Promise<Report> {
  const bytes = typeof of === 'string' ? FIXTURES.get(of) : of;
  assert.ok(bytes, String(of));
  return look(new Blob([bytes]));
}

async function says(of: string | Bytes, told: readonly (readonly [What, string])[]): Promise<void> {
  const { findings } = await report(of);
  for (const [what, words] of told) {
    const found = findings.some((finding) => finding.what === what && (finding.value ?? finding.note ?? '').includes(words));
    assert.ok(found, `${String(of).slice(0, 40)}: ${what} ${words} in ${JSON.stringify(findings)}`);
  }
}

test('a file is known by its bytes and never by its name', async () => {
  const cases: readonly [string, Kind][] = [
    ['\xff\xd8\xff\xe0', 'jpeg'],
    ['\x89PNG\r\n\x1a\n', 'png'],
    ['\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'mov'],
    ['\0\0\0\x14ftypisom\0\0\0\0mp42', 'mp4'],
    ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'heif'],
    ['RIFF\0\0\0\0WEBPVP8 ', 'webp'],
    ['%PDF-1.7', 'pdf'],
    ['\n\n%PDF-1.7', 'pdf'],
    ['\xff\xfb\x90\x44', 'mp3'],
    ['gr\xc3\xbc\xc3\x9fe\n', 'text'],
    ['1 < 2 and <html> is a tag', 'text'],
    ['{\\rtf1\\ansi', 'rtf'],
    ['\xef\xbb\xbf\n<!DOCTYPE html>', 'html'],
    ["<?xml version='1.0'?><html>", 'html'],
    ["<?xml version='1.0'?><svg>", 'svg'],
    ['<!-- made --><SVG>', 'svg'],
    ["<?xml version='1.0'?><gpx>", 'xml'],
    ['<kml><author>', 'xml'],
    ["<div author='x'>", 'xml'],
    [`<!-- ${'x'.repeat(4_096)} --><svg>`, 'xml'],
    ['<svg><metadata><body>', 'svg'],
    ['<svg:svg><svg:metadata>', 'svg'],
    ['<o:document><meta:initial-creator>', 'xml'],
    ["<p><header><META name='author'>", 'html'],
    [' \n{\\rtf1', 'rtf'],
    ['%!PS-Adobe-3.0\n', 'postscript'],
    ['%!TEX\n', 'text'],
    ['From: a@b.example\n', 'mail'],
    ['received : from a\n', 'mail'],
    ['X-Mailer: Desk\n', 'mail'],
    ['From a@b.example Mon\nReturn-Path: <>\n', 'mail'],
    ['From the beginning: a letter\n', 'text'],
    ['Notes: From: a\n', 'text'],
    ['\0\x01\x02\x03', 'unknown'],
    ['', 'empty'],
  ];
  for (const [bytes, kind] of cases) assert.equal((await report(row(bytes))).kind, kind, bytes);
});

test('a photograph tells place, device, person and time', async () => {
  await says('phone.jpg', [
    ['location', '48.85840 N, 2.29450 E'],
    ['device', 'Apple iPhone 12'],
    ['serial', 'C39XYZ'],
    ['author', 'A. Example'],
    ['author', 'B. Example'],
    ['time', '2021:03:04 05:06:07'],
    ['software', '14.2'],
    ['software', 'Camera 9'],
    ['comment', 'behind the house'],
    ['comment', 'for the desk'],
    ['thumbnail', ''],
    ['sealed', ''],
  ]);
});

test('a picture of a screen tells person, program and time', async () => {
  await says('screen.png', [
    ['author', 'C. Example'],
    ['software', 'Screens 3'],
    ['comment', 'seen on the 4th'],
    ['time', '2021-03-04 05:06:07'],
    ['location', '48.85840 N'],
  ]);
});

test('a film tells place, device and time', async () => {
  await says('phone.mov', [
    ['time', '2021-03-04 05:06'],
    ['location', '+48.8584+002.2945/'],
    ['device', 'iPhone 12'],
    ['software', 'Lavc'],
  ]);
  await says('udta.mp4', [['measurements', ''], ['location', '']]);
  await says('hevc.mov', [['location', '+48.8584+002.2945/'], ['title', 'behind_the_house'], ['author', 'A.Example']]);
});

test('what stays in a cleaned film is told', async () => {
  await says('avc.mp4', [['in-picture', 'x264']]);
  await says('sei-avc.mp4', [['in-picture', 'Camera 9 of K. Example']]);
  await says('sei-hevc.mp4', [['in-picture', 'Camera 9 of K. Example']]);
  const cut = async (name: string): Promise<boolean> =>
    (await report(name)).findings.some(({ what }) => what === 'cut-away');
  assert.deepEqual([await cut('elst-two.mp4'), await cut('uncut.mp4')], [false, false]);
  const long = film('0123', [picture('vp09', '', [[28, 1], [29, 1], [30, 1], [31, 1]])]);
  const list = atom('edts', atom('elst', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 7, 208, 0, 0, 0, 0, 0, 1, 0, 0]));
  await says(grown(long, ['moov', 'trak'], list), [['cut-away', '']]);
});

test('what lies behind a file or between picture and sound is told', async () => {
  const { findings } = await report('tail-phone.jpg');
  assert.deepEqual(findings.find(({ what }) => what === 'tail'), { what: 'tail', bytes: 20 });
  await says('gaps-vp09.mp4', [['measurements', ''], ['other', 'between-media']]);
  await says('rows-0-behind.png', [['tail', 'behind-picture']]);
});

test('the first picture of a film of photographs is looked at too', async () => {
  const phone = FIXTURES.get('phone.jpg') ?? zeros(0);
  await says(film(phone, [picture('jpeg', '', [[28, phone.length]])]), [['location', '48.85840 N']]);
});

/** The EXIF block of the photograph, in a HEIF or a WebP. */
function exifOf(jpeg: Bytes): Bytes {
  const at = Buffer.from(jpeg).indexOf('Exif\0\0', 0, 'latin1');
  return jpeg.slice(at + 6, at - 2 + 256 * (jpeg[at - 2] ?? 0) + (jpeg[at - 1] ?? 0));
}

function heic(block: Bytes): Bytes {
  const data = row(zeros(4), block);
  const infe = atom('infe', [2, 0, 0, 0, 0, 7, 0, 0], 'Exif\0');
  const iinf = atom('iinf', zeros(4), [0, 1], infe);
  const place = [1, 0, 0, 0, 0x44, 0, 0, 1, 0, 7, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, data.length >> 8, data.length & 255];
  const iref = atom('iref', zeros(4), atom('thmb', zeros(6)));
  return row(
    atom('ftyp', 'heic\0\0\0\0mif1heic'),
    atom('meta', zeros(4), iinf, atom('iloc', place), iref, atom('idat', data)),
  );
}

test('photographs of other kinds tell what they carry', async () => {
  const block = exifOf(FIXTURES.get('phone.jpg') ?? zeros(0));
  const length = [block.length & 255, block.length >> 8, 0, 0];
  const webp = row('RIFF\0\0\0\0WEBP', 'EXIF', length, block);
  for (const [kind, bytes] of [['heif', heic(block)], ['webp', webp], ['tiff', block]] as const) {
    assert.equal((await report(bytes)).kind, kind);
    await says(bytes, [['location', '48.85840 N'], ['device', 'Apple iPhone 12'], ['time', '2021:03:04']]);
  }
  await says(heic(block), [['thumbnail', '']]);
  assert.equal((await report('photo.avif')).kind, 'heif');
  assert.equal((await report('photo.webp')).kind, 'webp');
});

test('a document tells its author in the clear or packed', async () => {
  await says('clear.pdf', [['author', 'D. Example'], ['software', 'W4']]);
  await says('packed.pdf', [['author', 'E. Example']]);
  await says('letter.docx', [['author', 'F. Example & Co'], ['author', 'G. Example']]);
  await says('letter.odt', [['author', 'H. Example']]);
  assert.equal((await report('letter.docx')).kind, 'office');
  assert.equal((await report('letter.odt')).kind, 'open-document');
  assert.ok((await report('many.zip')).limits.includes('inside'));
});

test('a document that is written in letters tells its author, and is no text', async () => {
  await says('letter.rtf', [['author', 'K. Example'], ['author', 'L. Example'], ['software', 'Desk 9']]);
  await says('page.html', [['author', 'N. Example'], ['software', 'Desk 8']]);
  await says('drawing.svg', [['author', 'O. Example'], ['path', '/home/o/plan.svg']]);
  await says('track.gpx', [['author', 'P. Example'], ['time', '2021-03-04']]);
  await says('letter.fodt', [['author', 'Q. Example']]);
  await says('late.svg', [['author', 'R. Example']]);
  await says('part.html', [['author', 'S. Example']]);
  await says('spaced.rtf', [['author', 'T. Example']]);
  await says('page.ps', [['author', 'U. Example'], ['software', 'Desk 7']]);
  await says('letter.eml', [['author', 'V. Example'], ['device', 'laptop-v']]);
  await says('page.mht', [['path', 'file:///C:/Users/w/x.html']]);
  await says('letters.mbox', [['author', 'x@b.example']]);
  const kinds = [
    ['letter.rtf', 'rtf'],
    ['spaced.rtf', 'rtf'],
    ['page.html', 'html'],
    ['part.html', 'xml'],
    ['drawing.svg', 'svg'],
    ['late.svg', 'xml'],
    ['letter.fodt', 'xml'],
    ['track.gpx', 'xml'],
    ['page.ps', 'postscript'],
    ['letter.eml', 'mail'],
    ['page.mht', 'mail'],
    ['letters.mbox', 'mail'],
  ] as const;
  for (const [name, kind] of kinds) {
    const { kind: found, cleanable, limits } = await report(name);
    assert.deepEqual([found, cleanable, limits], [kind, false, ['partly']]);
  }
});

test('sound and films of other kinds tell what they carry', async () => {
  await says('artist.mp3', [['author', 'H. Example']]);
  await says('artist.flac', [['author', 'I. Example'], ['software', 'prog']]);
  await says('artist.wav', [['author', 'J. Example']]);
  await says('sound.mp3', [['author', 'A.Example']]);
  await says('sound.ogg', [['author', 'A.Example']]);
  await says('sound.wav', [['author', 'A.Example']]);
  await says('film.mkv', [['author', 'A.Example'], ['software', 'Lavf']]);
});

test('what is unknown is said to be unknown and never clean', async () => {
  for (const name of ['unknown.bin', 'old.gif', 'old.doc']) {
    const { limits, cleanable } = await report(name);
    assert.deepEqual([limits, cleanable], [['unknown'], false]);
  }
});

test('words of a file cannot move the writing or fill the screen', () => {
  assert.equal(shown('a\x1b[2J\nb\u202ec\0\0'), 'a\ufffd[2J b\ufffdc');
  for (const hidden of ['\u200b', '\u2066', '\ufeff', '\u3164', '\ufe0f', '\u{e0041}', '\x9b', '\u0378']) {
    assert.equal(shown(`a${hidden}b`), 'a\ufffdb');
  }
  const plain = 'C:\\a "b" \'c\' 录像 е\u0301 क्षेत्र';
  assert.equal(shown(plain), plain);
  assert.equal(Array.from(shown('x'.repeat(10_000))).length, 161);
});

test('a bomb is unpacked to its bound and no further', async () => {
  const bomb = zlibSync(zeros(40 << 20));
  const screen = FIXTURES.get('screen.png') ?? zeros(0);
  const png = row(screen.subarray(0, 33), chunk('zTXt', row('Comment\0\0', bomb)), screen.subarray(33));
  const streams = Array.from({ length: 40 }, () => row('stream\n', bomb, '\nendstream\n'));
  const began = process.memoryUsage().rss;
  // Each of these is small enough, and they are many.
  const notes = chunk('zTXt', row('Comment\0\0', zlibSync(zeros(3 << 20))));
  const many = row(screen.subarray(0, 33), ...Array.from({ length: 2_000 }, () => notes), screen.subarray(33));
  for (const bytes of [png, many, row('%PDF-1.5\n', ...streams)]) assert.ok((await report(bytes)).limits.includes('too-large'));
  assert.ok(process.memoryUsage().rss - began < 1 << 30);
});

test('lengths that lie end in damaged, and depth in too-deep', async () => {
  const png = (FIXTURES.get('screen.png') ?? zeros(0)).slice();
  png.fill(0xff, 33, 37);
  assert.ok((await report(png)).limits.includes('damaged'));
  assert.ok((await report(row('fLaC\x84\xff\xff\xff'))).limits.includes('damaged'));
  const deep = '<a>'.repeat(100_000);
  assert.ok((await report(zip([['[Content_Types].xml', '<a/>'], ['word/document.xml', deep]]))).limits.includes('too-deep'));
  const lists = (depth: number): Bytes => atom('udta', depth === 0 ? '' : lists(depth - 1));
  const mov = grown(FIXTURES.get('phone.mov') ?? zeros(0), ['moov'], lists(20));
  assert.ok((await report(mov)).limits.includes('too-deep'));
});

test('no more is told of a file than a page can show', async () => {
  let jpeg = FIXTURES.get('progressive.jpg') ?? zeros(0);
  for (let count = 0; count < 2 * MOST_FINDINGS; count += 1) jpeg = withSegment(jpeg, 0xfe, `note ${count}`);
  const { findings, limits } = await report(jpeg);
  assert.equal(findings.length, MOST_FINDINGS);
  assert.ok(limits.includes('too-large'));
});

/** Long, and of the kind that makes a careless reader slow. */
function slow(): [string, Bytes][] {
  const million = 1 << 20;
  const xml = (text: string): Bytes => zip([['[Content_Types].xml', '<a/>'], ['word/document.xml', text]]);
  return [
    ['fillers', row('\xff\xd8\xff\xda\0\x02', '\xff'.repeat(4 * million))],
    ['stuffing', row('\xff\xd8\xff\xda\0\x02', '\xff\0'.repeat(2 * million))],
    ['comments', row('\xff\xd8', '\xff\xfe\0\x02'.repeat(million))],
    ['chunks', row('\x89PNG\r\n\x1a\n', chunk('IHDR', zeros(13)), zeros(8 * million))],
    ['riff', row('RIFF\0\0\0\0WAVE', zeros(4 * million))],
    ['atoms', row('\0\0\0\x10ftypqt  \0\0\0\0', '\0\0\0\x08free'.repeat(million / 8))],
    ['pdf', row('%PDF-1.4', '/Author <41'.repeat(100_000))],
    ['streams', row('%PDF-1.4', 'stream\nx'.repeat(300_000))],
    ['tags', xml('<'.repeat(2 * million))],
    ['attributes', xml(`<a ${'b="c" '.repeat(300_000)}>`)],
    ['entities', xml('&amp;'.repeat(400_000))],
    ['quotes', xml(`<a ${'"'.repeat(million + 1)}>`)],
    ['matroska', row('\x1a\x45\xdf\xa3\x80', '\xae\x80'.repeat(million))],
  ];
}

test('no file holds a look up', async () => {
  for (const [name, bytes] of slow()) {
    const began = process.cpuUsage();
    await report(bytes);
    const { user } = process.cpuUsage(began);
    assert.ok(user < 5_000_000, `${name}: ${user / 1_000} ms`);
  }
});

test('no damage of any file brings a look down or holds it up', async () => {
  const photograph = heic(exifOf(FIXTURES.get('phone.jpg') ?? zeros(0)));
  for (const [name, bytes] of [...FIXTURES, ['made.heic', photograph] as const]) {
    // Other ways than those that are compared with client/inspect.
    for (let way = 100; way < 118; way += 1) {
      const file = new Blob([damaged(bytes, way)]);
      const began = process.cpuUsage();
      // Not through look(), which would make a fault of this code one of the file.
      const { kind, seen, plan } = await judged(file);
      assert.ok(seen.findings().length <= MOST_FINDINGS);
      const copy = await clean(file);
      assert.equal(copy instanceof Blob, typeof plan !== 'string', `${name}~${way}`);
      if (copy instanceof Blob) assert.ok(copy.size <= file.size + (1 << 20));
      else assert.deepEqual(copy, { kind, why: plan });
      assert.ok(process.cpuUsage(began).user < 3_000_000, `${name}~${way}`);
    }
  }
});
