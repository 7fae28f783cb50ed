// Bad input and bad luck, in Debian's Firefox with the settings of Tor Browser at Safer, against a real server:
//
//   node troubles.mjs FIREFOX NEWSROOM PAGE [WORD…]
//
// NEWSROOM is the example test_newsroom, PAGE the folder client/page. Words choose the cases whose names have any of them.
// Each case ends in a sentence of the page, and in what the server then holds.
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { levels, withBrowser } from './browser.mjs'
import { House } from './house.mjs'
import * as answers from './troubles-answers.mjs'
import * as files from './troubles-files.mjs'
import * as full from './troubles-full.mjs'
import * as gone from './troubles-gone.mjs'
import * as keys from './troubles-keys.mjs'
import * as leaving from './troubles-leaving.mjs'
import * as looks from './troubles-looks.mjs'
import * as words from './troubles-words.mjs'
import { until, Visitor } from './visitor.mjs'

const [firefox, newsroom, page, ...wanted] = process.argv.slice(2)
const all = [files, looks, full, keys, words, gone, answers, leaving].flatMap(({ cases }) => Object.entries(cases))
const chosen = all.filter(([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
if (chosen.length === 0) throw new Error('there is no such case')
const { en: texts } = await bundled('src/texts/en.ts')

/** What a case may use. What it opens is closed after it. */
class Scene {
  texts = texts
  page = page
  bundled = bundled
  #browser
  #opened = []

  constructor(browser) {
    this.#browser = browser
  }

  async house(options) {
    const house = await House.open(newsroom, options)
    this.#opened.push(house)
    return house
  }

  /** A source on the first screen of this newsroom. */
  async visitor(house, path) {
    const visitor = await Visitor.come(this.#browser, texts, house.origin, path)
    this.#opened.push(visitor)
    return visitor
  }

  /** Sets a preference while the browser runs, in its own page for them. */
  async prefer(name, value) {
    const preferences = await this.#browser.newPage()
    // The browser does not tell that this page has come.
    preferences.goto('about:config').catch(() => undefined)
    const isThere = () => preferences.evaluate(() => typeof Services === 'object').catch(() => false)
    await until(isThere, 'the preferences do not open')
    await preferences.evaluate((name, value) => Services.prefs.setBoolPref(name, value), name, value)
    this.#opened.push(preferences)
  }

  /** A folder for files. */
  folder() {
    const folder = mkdtempSync(join(tmpdir(), 'knothole-files-'))
    this.#opened.push({ close: () => rmSync(folder, { recursive: true, force: true }) })
    return folder
  }

  /** Closes everything, and gives what was wrong with any of it. */
  async close() {
    const wrong = []
    for (const one of this.#opened.reverse()) wrong.push(...(await errorsOf(() => one.close())))
    return wrong
  }
}

/** What came of it that should not have. */
async function errorsOf(steps) {
  try {
    await steps()
    return []
  } catch (error) {
    return [error]
  }
}

async function bundled(path) {
  const { build } = createRequire(join(page, 'package.json'))('esbuild')
  const options = { entryPoints: [join(page, path)], bundle: true, format: 'esm', write: false }
  const { outputFiles } = await build(options)
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

const failed = []
const preferences = { ...levels.safer, 'dom.disable_beforeunload': false }
// Nothing happens in the first tab: what the others ask, each Visitor sees.
await withBrowser({ firefox, preferences, origin: 'about:blank', args: ['-remote-allow-system-access'] }, async (first) => {
  for (const [name, run] of chosen) {
    const begun = performance.now()
    const scene = new Scene(first.browser())
    const errors = [...(await errorsOf(() => run(scene))), ...(await scene.close())]
    if (errors.length === 0) {
      console.log(`ok ${name} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`)
      continue
    }
    failed.push(name)
    for (const error of errors) console.log(`FAILED ${name}\n${error.stack}\n${error.cause?.stack ?? ''}`)
  }
})
console.log(`${chosen.length - failed.length} of ${chosen.length} cases`)
process.exitCode = failed.length === 0 ? 0 : 1
