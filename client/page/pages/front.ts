import type { Texts } from '../src/texts/en.ts';
import { bullets, escape, home, page, words } from './html.ts';

/**
 * The front page: complete without scripts. Where they run they show what is hidden here, fill in what the newsroom
 * has signed, and hide what is for Safest only. All that the first screen can say stands in it already.
 */
export function front(texts: Texts, scripts: readonly string[], savedHash: string): string {
  const content = `<h1 id="title" tabindex="-1">${escape(texts.start.title)}</h1>
${warnings(texts)}
${limits(texts, savedHash)}
<div id="scripted" hidden>
${newsroom(texts)}
</div>
<section id="theirs" class="theirs" hidden tabindex="0"><h2>${escape(texts.start.fromNewsroom)}</h2><div></div></section>
${advice(texts)}
<p id="says-coming" role="status" hidden>${words(texts.start.coming)}</p>
<p id="choices" class="choices" hidden><button type="button" id="send" class="main">${escape(texts.start.send)}</button> <button type="button" id="read">${escape(texts.start.read)}</button></p>
<section id="plain">
${plain(texts)}
</section>`;
  return page(texts, texts.start.title, content, scripts);
}

function warnings({ warnings, trouble, start }: Texts): string {
  const all = Object.entries({ ...warnings, ...without(trouble, 'title', 'again') });
  const hidden = all.map(([name, text]) => `<p class="warning" id="says-${name}" hidden>${words(text)}</p>`);
  return `<div role="status">
${hidden.join('\n')}
<p id="says-loading" hidden>${words(start.loading)}</p>
</div>
<p id="again" hidden><button type="button">${escape(trouble.again)}</button></p>
<p id="says-of" hidden>${escape(start.of)}</p>`;
}

function limits({ start }: Texts, savedHash: string): string {
  return `<h2>${escape(start.can)}</h2>
${bullets(start.does)}
<h2>${escape(start.cannot)}</h2>
${bullets(start.doesNot)}
<p><a href="/saved" download>${escape(start.saved)}</a>. ${words(start.savedHash)}</p>
<p class="print" dir="ltr">${escape(savedHash)}</p>
<p>${words(start.program)}</p>`;
}

function newsroom({ start }: Texts): string {
  const verdicts = (['same', 'different', 'unreadable'] as const).map((verdict) => {
    const kind = verdict === 'same' ? 'good' : 'warning';
    return `<p class="${kind}" id="says-${verdict}" hidden>${words(start[verdict])}</p>`;
  });
  return `<h2>${escape(start.fingerprint)}</h2>
<p>${words(start.compare)}</p>
<p id="fingerprint" class="print" dir="ltr"></p>
<div class="field"><label for="typed">${escape(start.typed)}</label>
<input id="typed" type="text" dir="ltr" autocomplete="off" spellcheck="false"></div>
<div role="status">
${verdicts.join('\n')}
</div>`;
}

function advice({ start }: Texts): string {
  return `<h2>${escape(start.safely)}</h2>
${bullets(start.advice)}`;
}

function plain(texts: Texts): string {
  const says = texts.plain;
  return `<h2>${escape(says.title)}</h2>
<p>${words(says.why)}</p>
<p>${words(says.how)}</p>
<p>${words(says.instead)}</p>
<p>${words(says.sealCommand)}</p>
<p><a href="/newsroom.txt">${escape(says.newsroom)}</a></p>
<h2>${escape(says.handIn)}</h2>
<p>${words(says.refused)}</p>
<form method="post" action="${home(texts)}" enctype="multipart/form-data">
<div class="field"><label for="sealed">${escape(says.field)}</label>
<input id="sealed" type="file" name="sealed" required></div>
<p><button type="submit">${escape(says.button)}</button></p>
</form>
<p>${words(says.patience)}</p>`;
}

function without<T extends object, K extends keyof T>(whole: T, ...keys: readonly K[]): Omit<T, K> {
  const rest = { ...whole };
  for (const key of keys) delete rest[key];
  return rest;
}
