// Judges a file: looks at it in the way of its kind, and has a cleaned copy planned where there can be one.
import { Gone } from './bytes.ts';
import { HEAD, kindOf } from './kind.ts';
import { jpeg } from './jpeg.ts';
import { html, mail, postscript, rtf, xml } from './markup.ts';
import { matroska } from './matroska.ts';
import { film } from './movie/film.ts';
import { office } from './office.ts';
import { pdf } from './pdf.ts';
import type { Plan } from './plan.ts';
import { png } from './png.ts';
import type { Kind, Why } from './report.ts';
import { riff } from './riff.ts';
import { Seen } from './seen.ts';
import { sound } from './sound.ts';
import { Source } from './source.ts';
import { heif, tiff } from './still.ts';

/** What is known of a file. */
export interface Judged {
  readonly kind: Kind;
  readonly seen: Seen;
  readonly plan: Plan | Why;
}

/** What a file is and says, whatever its bytes. An error that leaves this is a fault of this code. */
export async function judged(file: Blob): Promise<Judged> {
  const seen = new Seen();
  const source = new Source(file);
  let kind: Kind = 'unknown';
  let plan: Plan | undefined;
  try {
    kind = kindOf(await source.head(HEAD));
    plan = await byKind(kind, source, seen);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    seen.limit(error.why);
    seen.cannot(error.why);
  }
  return { kind: seen.kind ?? kind, seen, plan: checked(kind, plan, file, seen) };
}

function checked(kind: Kind, plan: Plan | undefined, file: Blob, seen: Seen): Plan | Why {
  if (seen.why === 'unreadable') return seen.why;
  const isCleaned = kind === 'jpeg' || kind === 'png' || kind === 'mp4' || kind === 'mov';
  if (!isCleaned) return 'kind';
  if (seen.why !== undefined) return seen.why;
  const fault = plan === undefined ? 'damaged' : plan.fault(file.size);
  if (plan !== undefined && fault === undefined) return plan;
  const why = fault ?? 'damaged';
  seen.limit(why);
  return why;
}

async function byKind(kind: Kind, file: Source, seen: Seen): Promise<Plan | undefined> {
  switch (kind) {
    case 'jpeg':
      return jpeg(file, seen);
    case 'png':
      return png(file, seen);
    case 'mp4':
    case 'mov':
      return film(file, seen);
    case 'heif':
      await heif(file, seen);
      break;
    case 'tiff':
      await tiff(file, seen);
      break;
    case 'webp':
    case 'wav':
    case 'avi':
      await riff(file, seen);
      break;
    case 'pdf':
      await pdf(file, seen);
      break;
    case 'office':
    case 'open-document':
    case 'zip':
      await office(file, seen);
      break;
    case 'mp3':
    case 'flac':
    case 'ogg':
      await sound(kind, file, seen);
      break;
    case 'matroska':
      await matroska(file, seen);
      break;
    case 'rtf':
      await rtf(file, seen);
      break;
    case 'html':
      await html(file, seen);
      break;
    case 'svg':
    case 'xml':
      await xml(file, seen);
      break;
    case 'postscript':
      await postscript(file, seen);
      break;
    case 'mail':
      await mail(file, seen);
      break;
    case 'text':
      seen.limit('text');
      break;
    case 'archive':
      seen.limit('inside');
      break;
    case 'empty':
      break;
    case 'unknown':
    case 'gif':
    case 'old-office':
    case 'program':
    case 'database':
      seen.limit('unknown');
      break;
  }
  return undefined;
}
