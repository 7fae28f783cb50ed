/** The manifest of a vector, as the page would be asked for it. */
import { decode, type Fields } from '../../src/envelope/cbor.ts';
import type { Manifest } from '../../src/envelope/manifest.ts';
import type { Bytes } from '../../src/envelope/bytes.ts';
import { filesOf, type Lines, octets, said } from './files.ts';

export function manifestOf(lines: Lines): Manifest {
  const fields = decode(octets(said(lines, 'manifest'))) as Fields;
  const way = fields.get(4) as Fields | undefined;
  return {
    sheet: fields.get(2) as Bytes,
    quorum: fields.get(3) as number,
    files: filesOf(lines),
    message: fields.get(6) as string,
    ...(way === undefined
      ? {}
      : { way: { key: way.get(1) as Bytes, mailbox: way.get(2) as Bytes, eraseHash: way.get(3) as Bytes } }),
  };
}
