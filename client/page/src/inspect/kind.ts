// What a file is, by its first bytes and never by its name.
import { Region, latin, startsWith } from './bytes.ts';
import type { Kind } from './report.ts';

/** So much of the beginning decides. */
export const HEAD = 4_096;

const MAGIC: readonly (readonly [number, string, Kind])[] = [
  [0, '\xff\xd8\xff', 'jpeg'],
  [0, '\x89PNG\r\n\x1a\n', 'png'],
  [0, 'II*\0', 'tiff'],
  [0, 'MM\0*', 'tiff'],
  [0, 'II+\0', 'tiff'],
  [0, 'MM\0+', 'tiff'],
  [0, 'GIF87a', 'gif'],
  [0, 'GIF89a', 'gif'],
  [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'old-office'],
  [0, 'PK\x03\x04', 'zip'],
  [0, 'PK\x05\x06', 'zip'],
  [0, '7z\xbc\xaf\x27\x1c', 'archive'],
  [0, 'Rar!\x1a\x07', 'archive'],
  [0, '\x1f\x8b\x08', 'archive'],
  [0, 'BZh', 'archive'],
  [0, '\xfd7zXZ\0', 'archive'],
  [0, '\x28\xb5\x2f\xfd', 'archive'],
  [257, 'ustar', 'archive'],
  [0, 'ID3', 'mp3'],
  [0, 'fLaC', 'flac'],
  [0, 'OggS', 'ogg'],
  [0, '\x1a\x45\xdf\xa3', 'matroska'],
  [0, '\x7fELF', 'program'],
  [0, 'MZ', 'program'],
  [0, 'SQLite format 3\0', 'database'],
  [0, '%PDF-', 'pdf'],
  [0, '{\\rtf', 'rtf'],
];

/** What a file with this beginning, of at most HEAD bytes, is. */
export function kindOf(head: Uint8Array): Kind {
  if (head.length === 0) return 'empty';
  if (startsWith(head, 'ftyp', 4)) return byBrands(head);
  if (['moov', 'mdat', 'wide', 'free', 'skip', 'pnot'].some((name) => startsWith(head, name, 4))) return 'mov';
  if (startsWith(head, 'RIFF')) {
    const form = latin(head.subarray(8, 12));
    return form === 'WEBP' ? 'webp' : form === 'WAVE' ? 'wav' : form === 'AVI ' ? 'avi' : 'unknown';
  }
  const known = MAGIC.find(([at, letters]) => startsWith(head, letters, at));
  if (known !== undefined) return known[2];
  const [first, second] = head;
  if (first === 0xff && second !== undefined && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0) return 'mp3';
  // Readers look for it in the first kilobyte.
  if (latin(head.subarray(0, 1_028)).includes('%PDF-')) return 'pdf';
  return isText(head) ? (byMarks(head) ?? 'text') : 'unknown';
}

function byBrands(head: Uint8Array): Kind {
  const length = Math.min(new Region(head).u32(0), HEAD);
  const brands = latin(head.subarray(8, Math.max(length, 12)));
  if (brands.startsWith('qt  ')) return 'mov';
  for (let at = 0; at + 4 <= brands.length; at += 4) {
    if (['mif1', 'msf1', 'avif', 'heic'].includes(brands.slice(at, at + 4))) return 'heif';
  }
  return 'mp4';
}

/** What stands in a document of each kind, in small letters: as a whole name, and not as the beginning of another. */
const MARKS: readonly (readonly [RegExp, Kind])[] = [
  [/<(!doctype html|html|head|body|meta)(?![\w:.-])/, 'html'],
  [/<svg(?![\w.-])/, 'svg'],
];

/** What stands at the head of a message, in small letters. */
const FIELDS: readonly string[] = (
  'arc-seal authentication-results bcc cc content-type date delivered-to dkim-signature envelope-to from ' +
  'in-reply-to message-id mime-version received received-spf references reply-to return-path sender subject to'
).split(' ');

/** A text that is a document with places for notes, by what it begins with. */
function byMarks(head: Uint8Array): Kind | undefined {
  const text = latin(head).replace(/^\xef\xbb\xbf/, '').replace(/^[ \t\n\f\r]+/, '').toLowerCase();
  if (text.startsWith('<')) return byTags(text);
  if (text.startsWith('{\\rtf')) return 'rtf';
  if (text.startsWith('%!ps')) return 'postscript';
  // A box of messages has a line of its own before each.
  const line = text.startsWith('from ') ? text.slice(text.indexOf('\n') + 1) : text;
  const field = /^([a-z][a-z0-9-]*)[ \t]*:/.exec(line)?.[1];
  return field !== undefined && (FIELDS.includes(field) || field.startsWith('x-')) ? 'mail' : undefined;
}

/** What comes first counts; it may come later than is looked at. */
function byTags(text: string): Kind {
  const found = MARKS.map(([mark, kind]) => ({ kind, at: mark.exec(text)?.index ?? Infinity }));
  const first = found.reduce((one, other) => (other.at < one.at ? other : one));
  return first.at < Infinity ? first.kind : 'xml';
}

function isText(head: Uint8Array): boolean {
  let text;
  try {
    // The last letter may be cut.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(head, { stream: true });
  } catch {
    return false;
  }
  return text !== '' && !/[\p{Cc}]/u.test(text.replaceAll(/[\n\r\t\f]/g, ''));
}
