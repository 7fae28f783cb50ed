/** Why a drop-box does not take an upload, now or ever. The view turns it into a sentence. */
export type Why =
  /** It takes only what is sealed to the keys that it has today. */
  | 'gate'
  /** There is no room, and nothing of this upload is there yet. */
  | 'full'
  /** Longer than any sealed file may be. */
  | 'too-large'
  /** It refused without a reason that an upload like this can have. */
  | 'forbidden'
  /** It does not understand what this page says. */
  | 'protocol'
  /** It does not know the upload any more. What it had is not held here either: a new envelope is needed. */
  | 'forgotten'
  /** It says that it lacks bytes which it had acknowledged: a new envelope is needed. */
  | 'lost-bytes'
  /** It says what cannot be, such as having bytes that were never sent. */
  | 'nonsense';

/** Why an upload does not move at the moment. */
export type Waiting =
  /** The drop-box cannot be reached, or the connection broke. */
  | 'no-line'
  /** Nothing came back for too long. */
  | 'silence'
  /** It has too much to do, or is being started again. */
  | 'busy'
  /** It has no room at the moment; what it has of the upload is kept. */
  | 'full';

/** Why a small request got no good answer. */
export type NoAnswer = 'no-line' | 'silence' | 'busy' | 'not-there' | 'refused' | 'nonsense';

/** A small request that got no good answer. */
export class DropBoxError extends Error {
  readonly why: NoAnswer;

  constructor(why: NoAnswer) {
    super(why);
    this.name = 'DropBoxError';
    this.why = why;
  }
}

/** Another attempt may go better. */
export class Later extends Error {
  readonly why: Waiting;

  constructor(why: Waiting) {
    super(why);
    this.name = 'Later';
    this.why = why;
  }
}

/** No other attempt goes better. */
export class Never extends Error {
  readonly why: Why;

  constructor(why: Why) {
    super(why);
    this.name = 'Never';
    this.why = why;
  }
}

/** The drop-box does not know the address. */
export class Unknown extends Error {
  override readonly name = 'Unknown';
}

/** The source paused or stopped. */
export class Halt extends Error {
  override readonly name = 'Halt';
}

/** An answer has more bytes than the protocol allows. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
}
