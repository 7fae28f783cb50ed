import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escape, words } from '../pages/html.ts';
import { site } from '../pages/site.ts';

const PAGES = await site(['/page.js', '/chunk.js'], 'ab'.repeat(32));

test('a text is shown as it is and makes no markup', () => {
  assert.equal(escape(`<b title="x" id='y'>&`), '&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
  assert.equal(words('type `a <b>` now'), 'type <code dir="ltr"><span>a</span> <span>&lt;b&gt;</span></code> now');
});

test('pages of one sort are equally long in all languages', () => {
  const lengths = (front: boolean): Set<number> => {
    const pages = [...PAGES].filter(([name]) => name.endsWith('index.html') === front);
    return new Set(pages.map(([, html]) => new TextEncoder().encode(html).length));
  };
  for (const front of [true, false]) assert.equal(lengths(front).size, 1);
});

test('only a front page loads a script, and each by its address', () => {
  for (const [name, html] of PAGES) {
    const scripts = html.match(/<script[^>]*>[^<]*/g) ?? [];
    const wanted = name.endsWith('index.html') ? ['<script type="module" src="/page.js">'] : [];
    assert.deepEqual(scripts, wanted, name);
  }
});

test('each language has the front page and all results, and says its own name', () => {
  assert.equal(PAGES.size, 8 * 10);
  for (const name of ['index.html', 'zh-hans/index.html', 'fa/try-again.html', 'ru/other-keys.html']) {
    const language = name.includes('/') ? name.split('/')[0] : 'en';
    assert.ok(PAGES.get(name)?.includes(`<html lang="${language}"`), name);
  }
});
