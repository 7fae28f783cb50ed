// What a look at a file gives: typed values only. Sentences about them are made in src/texts/.

/** What a file is, by its bytes and never by its name. */
export type Kind =
  | 'unknown'
  | 'empty'
  | 'jpeg'
  | 'png'
  | 'mp4'
  | 'mov'
  /** HEIF: what phones write as HEIC, and AVIF. */
  | 'heif'
  /** TIFF, and the raw files of many cameras. */
  | 'tiff'
  | 'webp'
  | 'gif'
  | 'pdf'
  /** Office Open XML: docx, xlsx, pptx. */
  | 'office'
  | 'open-document'
  /** The office files of before 2007, and Outlook's messages. */
  | 'old-office'
  | 'zip'
  /** Another archive. */
  | 'archive'
  | 'mp3'
  | 'flac'
  | 'ogg'
  | 'wav'
  | 'avi'
  /** Matroska, WebM. */
  | 'matroska'
  | 'text'
  | 'program'
  | 'database'
  | 'rtf'
  | 'html'
  | 'svg'
  /** Another document of XML, or of tags like it. */
  | 'xml'
  | 'postscript'
  /** A message with its head, or a page saved like one. */
  | 'mail';

/** What a finding is about, in the order of what matters most to a source. */
export const WHATS = [
  'location',
  'device',
  /** A number that only one device or program has. */
  'serial',
  'author',
  'time',
  'software',
  /** A smaller picture of it, which can show what was cut away later. */
  'thumbnail',
  /** Parts that were cut away are still in it, also in a cleaned copy. */
  'cut-away',
  'title',
  /** What somebody wrote about it. */
  'comment',
  /** What was changed in it, and by whom. */
  'history',
  /** Where it lay on a disk. */
  'path',
  /** Measurements that were recorded along with it: often every place it was carried to. */
  'measurements',
  /** Bytes behind its end that no viewer shows. */
  'tail',
  /** Notes that only the maker of the device or program can read. */
  'sealed',
  /** What a camera or an encoder wrote into the picture itself, also in a cleaned copy. */
  'in-picture',
  'other',
] as const;
export type What = (typeof WHATS)[number];

/** Where a finding stands, or which of several it is. */
export type Note =
  | 'xmp'
  | 'long-xmp'
  | 'exif'
  | 'old-exif'
  | 'camera-settings'
  /** Photoshop's, or a news desk's (IPTC). */
  | 'iptc'
  /** A program's; the value is its name in the file, where it has one. */
  | 'program'
  | 'device'
  | 'device-or-program'
  | 'player'
  | 'broadcaster'
  | 'colour-profile'
  | 'content-credentials'
  /** A format of one maker alone. */
  | 'brand'
  /** In a place that is marked as unused, or behind what has to be there. */
  | 'unused-place'
  /** Between picture and sound, where no player shows it. */
  | 'between-media'
  /** Inside the coded picture, behind its last row. */
  | 'behind-picture'
  | 'beside-sound'
  | 'resolution'
  /** Remarks or links on a document's pages. */
  | 'annotations'
  | 'comments'
  /** Numbers of the sittings in which a document was written. */
  | 'sittings'
  | 'names-and-times'
  | 'pictures-inside'
  | 'files-inside';

/** Something that a file says about whoever made it. */
export interface Finding {
  readonly what: What;
  readonly note?: Note;
  /** The file's own words, made fit to be shown: short, on one line, nothing that turns or hides. */
  readonly value?: string;
  /** How many bytes, of a tail. */
  readonly bytes?: number;
}

/** Why a look may show less than there is. A report with one of these never means "clean". */
export type Limit =
  /** Nobody here knows this kind. */
  | 'unknown'
  /** The files inside were not looked at. */
  | 'inside'
  | 'encrypted'
  /** It is not built as it should be: there may be more in it. */
  | 'damaged'
  /** Only a part of it was looked at. */
  | 'too-large'
  /** Something in it is nested too deep to be followed. */
  | 'too-deep'
  /** It cannot be read (any more). */
  | 'unreadable'
  /** What is written in it was not judged. */
  | 'text'
  /** Only the usual places were looked at. */
  | 'partly'
  /** Picture or sound is coded in a way that has room for notes in each, or that is not known. */
  | 'coding'
  /** What would have to be put out lies in too many places. */
  | 'scattered';

/** What a file is and says. */
export interface Report {
  readonly kind: Kind;
  /** What it says, in the order of WHATS; at most MOST_FINDINGS. */
  readonly findings: readonly Finding[];
  /** Why there may be more. */
  readonly limits: readonly Limit[];
  /** Whether clean() gives a copy without. */
  readonly cleanable: boolean;
}

/** Why there is no cleaned copy. */
export type Why =
  /** Files of this kind are not cleaned here. */
  | 'kind'
  | 'damaged'
  | 'too-large'
  | 'too-deep'
  | 'unreadable'
  | 'coding'
  | 'scattered'
  /** A film in pieces, each with a head of its own. */
  | 'in-pieces'
  /** It has a part without which the picture may be another, and which may hold notes. */
  | 'unknown-part'
  /** There is something behind the rows of the coded picture. */
  | 'behind-picture'
  /** Its picture or sound lies in another file. */
  | 'elsewhere';

/** A file of which no cleaned copy is made. */
export interface Uncleanable {
  readonly kind: Kind;
  readonly why: Why;
}

/** At most so many findings are told of one file. */
export const MOST_FINDINGS = 64;
/** At most so many letters of the file's own words are told at once. */
export const MOST_WORDS = 160;
