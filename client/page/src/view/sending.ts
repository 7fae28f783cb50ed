/** Sealing and sending, until it has arrived. */
import { systemRandom } from '../envelope/seal.ts';
import { FileChanged, sealParcel } from '../parcel.ts';
import { type Progress, Upload, type UploadEnd } from '../dropbox/upload.ts';
import type { Texts } from '../texts/en.ts';
import { breathe } from '../breath.ts';
import { compose } from './compose.ts';
import { bodies, copyAgain, NoCopy } from './copies.ts';
import { button, element, fill, list, paragraph, warning } from './element.ts';
import { isolated } from './shown.ts';
import { warnBeforeLeaving } from './leave.ts';
import { size, span } from './numbers.ts';
import { glimpse, manifest, type Order, unlook } from './parcelling.ts';
import { PapersError, sheetToSealTo } from './papers.ts';
import type { OpenNewsroom, Stage } from './stage.ts';
import { mark, unmark } from './tab.ts';

export async function sending(stage: Stage, newsroom: OpenNewsroom, order: Order): Promise<void> {
  const { texts } = stage;
  stage.show(texts.sending.title, paragraph(texts.sending.sealing, { role: 'status' }));
  try {
    const sheet = await sheetToSealTo(stage.box, newsroom);
    await checkUnchanged(order);
    await copyAgain(order);
    const recipients = { epoch: sheet.epoch, keys: sheet.keys, quorum: sheet.quorum };
    // What is sealed decides, whatever becomes of the order meanwhile.
    const hasWay = order.way !== undefined;
    const parcel = await sealParcel(systemRandom, recipients, manifest(order, sheet), bodies(order), breathe);
    const screen = progressScreen(stage, () => upload);
    const upload: Upload = new Upload(stage.box, parcel, { onProgress: screen });
    warnBeforeLeaving(true);
    mark('unfinished');
    mark('used');
    const end = await upload.run();
    finish(stage, newsroom, order, end, hasWay);
  } catch (error) {
    failed(stage, newsroom, order, error);
  } finally {
    unmark('unfinished');
  }
}

/** What a file says about the source was told of the bytes that it had then. */
async function checkUnchanged({ files }: Order): Promise<void> {
  for (const [at, { file, glimpse: before }] of files.entries()) {
    if (before === undefined || before !== (await glimpse(file).catch(() => undefined))) throw new FileChanged(at);
  }
}

function progressScreen(stage: Stage, upload: () => Upload): (progress: Progress) => void {
  const { texts } = stage;
  const says = texts.sending;
  const bar = element('progress', { max: 1, 'aria-label': says.title });
  const stored = element('p');
  const state = element('p', { role: 'status' }, says.waiting);
  const rate = element('p');
  let isPaused = false;
  const pause = button(says.pause, () => {
    isPaused = !isPaused;
    if (isPaused) upload().pause();
    else upload().resume();
    pause.textContent = isPaused ? says.resume : says.pause;
  });
  const sure = element(
    'p',
    { class: 'choices', role: 'alert', hidden: true },
    says.stopSure,
    button(texts.common.yes, () => upload().stop()),
    button(texts.common.no, () => {
      sure.hidden = true;
      stop.focus();
    }),
  );
  const stop = button(says.stop, () => {
    sure.hidden = false;
    sure.querySelector('button')?.focus();
  });
  stage.show(says.title, bar, stored, rate, state, paragraph(says.only, { class: 'hint' }), element('p', { class: 'choices' }, pause, stop), sure);
  return (progress) => {
    bar.max = progress.length;
    bar.value = progress.acknowledged;
    const { acknowledged, length } = progress;
    stored.textContent = fill(says.stored, { done: size(texts, acknowledged), all: size(texts, length) });
    rate.textContent = speed(texts, progress);
    const text = sentence(texts, progress);
    // A screen reader says it each time that it is set.
    if (state.textContent !== text) state.textContent = text;
  };
}

/** Not in what a screen reader says by itself: it changes all the time. */
function speed(texts: Texts, { state, rate, secondsLeft }: Progress): string {
  if (state !== 'sending' || rate === undefined || secondsLeft === undefined) return '';
  return fill(texts.sending.rate, { rate: size(texts, rate), left: span(texts, secondsLeft) });
}

function sentence(texts: Texts, { state, waiting, acknowledged }: Progress): string {
  const says = texts.sending;
  if (state === 'paused') return says.paused;
  if (state === 'finishing') return says.finishing;
  if (state === 'waiting') return waiting?.why === 'busy' ? says.busy : waiting?.why === 'full' ? says.full : says.lost;
  return acknowledged === 0 ? says.waiting : '';
}

function finish(stage: Stage, newsroom: OpenNewsroom, order: Order, end: UploadEnd, hasWay: boolean): void {
  const { texts } = stage;
  warnBeforeLeaving(false);
  if (end.kind === 'matches') {
    const says = texts.done;
    const next = [hasWay ? says.words : says.noWords, says.after, says.close];
    const more = button(says.more, () => compose(stage, newsroom));
    stage.show(says.title, paragraph(says.text, { class: 'good' }), list(next), element('p', { class: 'choices' }, more));
    return;
  }
  const title = end.kind === 'may-have-arrived' ? texts.ends.unsure : texts.ends.title;
  ended(stage, newsroom, order, texts.ends[end.kind === 'refused' ? end.why : end.kind], title);
}

function failed(stage: Stage, newsroom: OpenNewsroom, order: Order, error: unknown): void {
  const { ends } = stage.texts;
  if (error instanceof PapersError) return noKeys(stage, newsroom, order, error);
  if (!(error instanceof FileChanged || error instanceof NoCopy)) return ended(stage, newsroom, order, ends.fault);
  const file = order.files[error.file];
  if (file !== undefined && error instanceof FileChanged) unlook(file);
  const why = error instanceof FileChanged ? ends.changed : ends.uncopied;
  ended(stage, newsroom, order, fill(why, { name: isolated(file?.name ?? '') }));
}

/** It did not arrive, and what can be done. */
function ended(stage: Stage, newsroom: OpenNewsroom, order: Order, text: string, title = stage.texts.ends.title): void {
  const { ends } = stage.texts;
  const begin = button(ends.begin, () => compose(stage, newsroom, order), { class: 'main' });
  stage.show(title, warning(text), element('p', { class: 'choices' }, begin));
}

/** Nothing was sent. What was chosen is kept, where another try may go better. */
function noKeys(stage: Stage, newsroom: OpenNewsroom, order: Order, { trouble }: PapersError): void {
  const says = stage.texts.trouble;
  const again = button(says.again, () => void sending(stage, newsroom, order), { class: 'main' });
  const back = button(stage.texts.common.back, () => compose(stage, newsroom, order));
  const isForNow = trouble === 'unreachable' || trouble === 'no-keys';
  const choices = element('p', { class: 'choices' }, back, isForNow ? again : undefined);
  stage.show(says.title, warning(says[trouble]), choices);
}
