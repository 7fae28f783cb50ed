/** Why something that came from elsewhere is not taken. */
export type Reason =
  | 'address'
  | 'bad signature'
  | 'chain length'
  | 'chunks'
  | 'commitment'
  | 'damaged'
  | 'disagree'
  | 'epoch'
  | 'fingerprint'
  | 'foreign editor'
  | 'foreign signature'
  | 'frame'
  | 'kind'
  | 'magic'
  | 'malformed'
  | 'manifest length'
  | 'missing field'
  | 'not a continuation'
  | 'not canonical'
  | 'not for these keys'
  | 'order'
  | 'other source'
  | 'quorum'
  | 'recovery'
  | 'reply length'
  | 'reserved'
  | 'share'
  | 'short'
  | 'suite'
  | 'too few signatures'
  | 'too many'
  | 'trailing'
  | 'two slots'
  | 'unknown field'
  | 'value'
  | 'version';

/** Something that came from elsewhere is not taken. The reason is for programs; sentences are made elsewhere. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

/** Refuses, where this does not hold. */
export function need(holds: boolean, reason: Reason): asserts holds {
  if (!holds) throw new Refused(reason);
}
