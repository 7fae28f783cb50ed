// A source in a browser, who sends by the page or reads what was answered:
//
//   node source.mjs FIREFOX ORDER
//
// ORDER is a JSON file:
//   level    standard, safer or safest
//   origin   where the page is
//   socks    a Tor client's SOCKS port; without it the page is asked directly
//   profile  the folder of the browser's profile
//   send     { message, files: [paths] }, and then the words are printed as {"words": […]}
//   hand_in  the path of a file that was sealed before, for the form
//   read     the words of an earlier drop, and then what was answered is printed as {"replies": […]}
// What happens is printed as lines of JSON: {"stored": "12.3 MB …"} as it goes on, and at last {"ended": the heading}.
import { readFileSync } from 'node:fs'
import { levels, throughTor, withBrowser } from './browser.mjs'

/** How long an upload may take: a Tor client may not find a service that was started again for minutes. */
const PATIENCE = 600_000

const [firefox, path] = process.argv.slice(2)
const { level, origin, socks, profile, send, hand_in: sealed, read } = JSON.parse(readFileSync(path, 'utf8'))
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const preferences = { ...levels[level], ...(socks === undefined ? {} : throughTor(socks, new URL(origin).hostname)) }

await withBrowser({ firefox, preferences, profile, origin }, async (page) => {
  page.on('pageerror', (error) => {
    if (!String(error).includes('favicon.ico')) say({ error: String(error).slice(0, 500) })
  })
  if (sealed !== undefined) return handingIn(page)
  await load(page)
  await page.waitForSelector('#choices:not([hidden])')
  await (send === undefined ? reading(page) : sending(page))
})

/** Loads the page, again and again as whoever sees "unable to connect" does. */
async function load(page) {
  const begun = Date.now()
  for (;;) {
    try {
      return await page.goto(`${origin}/`)
    } catch (error) {
      if (Date.now() - begun > PATIENCE) throw error
      say({ broken: String(error).slice(0, 200) })
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}

async function sending(page) {
  await page.click('#send')
  await page.waitForSelector('textarea')
  await page.type('textarea', send.message)
  const picker = await page.$('input[type=file]')
  if (send.files.length > 0) await picker.uploadFile(...send.files)
  await page.waitForFunction((count) => document.querySelectorAll('.files > li').length === count, {}, send.files.length)
  await next(page)
  await page.waitForSelector('input[value=fresh]')
  await page.click('input[value=fresh]')
  await next(page)
  await page.waitForSelector('ol.words')
  const words = await page.$$eval('ol.words li', (items) => items.map((item) => item.textContent))
  await next(page)
  await typeWords(page, words)
  say({ words })
  await page.waitForFunction(() => document.querySelector('textarea') === null)
  await next(page)
  await page.waitForSelector('progress')
  await page.evaluate(() => {
    globalThis.told = []
    const stored = document.querySelector('progress + p')
    new MutationObserver(() => globalThis.told.push(stored.textContent)).observe(stored, { childList: true, characterData: true, subtree: true })
  })
  const begun = Date.now()
  for (;;) {
    if (Date.now() - begun > PATIENCE) throw new Error('the upload does not end')
    const { stored, isOver } = await page.evaluate(() => ({
      stored: globalThis.told.splice(0).at(-1),
      isOver: document.querySelector('progress') === null,
    }))
    if (stored !== undefined) say({ stored })
    if (isOver) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  say({ ended: await page.$eval('h1', (heading) => heading.textContent) })
}

/** Hands in, and begins again when the line broke and the browser did not do so by itself: a form cannot go on where it was. */
async function handingIn(page) {
  const begun = Date.now()
  while (Date.now() - begun < PATIENCE) {
    try {
      await page.goto(`${origin}/`)
      await (await page.$('input[type=file]')).uploadFile(sealed)
      const answer = page.waitForNavigation()
      say({ handing_in: sealed })
      await page.focus('form button')
      await Promise.all([answer, page.keyboard.press('Enter')])
      if (!page.url().startsWith(`${origin}/`)) throw new Error(page.url())
      return say({ ended: await page.$eval('h1', (heading) => heading.textContent) })
    } catch (error) {
      say({ broken: String(error).slice(0, 200) })
    }
  }
  throw new Error('the form never arrives')
}

async function reading(page) {
  await page.click('#read')
  await typeWords(page, read)
  await page.waitForFunction(() => document.querySelector('textarea, [role=status]:not(:empty)') === null)
  const replies = await page.$$eval('.theirs', (all) => all.map((one) => [...one.querySelectorAll('p')].map((line) => line.textContent).join('\n')))
  say({ replies })
  say({ ended: await page.$eval('h1', (heading) => heading.textContent) })
}

async function typeWords(page, words) {
  await page.waitForSelector('textarea')
  await page.type('textarea', words.join(' '))
  await next(page)
}

/** The one button that goes on. */
async function next(page) {
  await page.evaluate(() => document.querySelector('button.main').click())
}
