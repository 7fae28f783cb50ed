// Coming back, and the page that was saved.
import { GATEWAY, ONION } from './visit.mjs'

export const answers = [
  {
    name: 'lists that do not come',
    steps: [
      ['answers-loading', async (v) => {
        v.line.when('GET /words.txt', { hold: true })
        await v.front()
        await v.page.click('#read')
        await v.on(v.texts.answers.title)
        await v.hears(v.texts.words.loading)
      }],
      ['answers-no-lists', async (v) => {
        v.line.when('GET /words.txt', { answer: { status: 503 } })
        v.line.release()
        await v.hears(v.texts.words.failed)
        await v.on(v.texts.answers.title)
      }],
      ['answers', async (v) => {
        v.line.clear()
        await v.press(v.texts.trouble.again)
        await v.page.waitForSelector('textarea')
        await v.on(v.texts.answers.title)
      }],
      ['answers-slips', async (v) => {
        await v.write(['xq12', ...v.papers.words.slice(1)].join(' '))
        await v.next()
        await v.hears(v.texts.words.slip)
      }],
      ['answers-looking', async (v) => {
        v.line.when('GET /mailbox/', { hold: true })
        await v.write(v.papers.words.join(' '))
        await v.next()
        await v.hears(v.texts.answers.looking)
        await v.on(v.texts.answers.title)
      }],
      ['answers-none', async (v) => {
        v.line.clear()
        await v.sees(v.texts.answers.none)
        await v.on(v.texts.answers.title)
      }],
      ['front-has-read', async (v) => {
        await v.page.reload()
        await v.hears(v.texts.warnings.used)
        await v.page.waitForSelector('#choices:not([hidden])')
      }],
    ],
  },
  {
    name: 'answers',
    steps: [
      ['answers-unreachable', async (v) => {
        v.serve(v.papers.grown())
        v.line.when('GET /mailbox/', { answer: { status: 503 } })
        await v.front()
        await v.page.click('#read')
        await v.page.waitForSelector('textarea')
        await v.write(v.papers.words.join(' '))
        await v.next()
        await v.hears(v.texts.trouble.unreachable)
        await v.on(v.texts.answers.title)
      }],
      ['answers-replies', async (v) => {
        v.line.when('GET /mailbox/', { answer: { body: v.papers.mailbox } })
        await v.press(v.texts.trouble.again)
        for (const says of ['refused', 'reply', 'former', 'missingOne', 'missing', 'eraseHint']) await v.sees(v.texts.answers[says])
        await v.on(v.texts.answers.title)
      }],
      ['answers-not-asked-to-erase', async (v) => {
        v.line.when('POST /mailbox/', { answer: { status: 503 } })
        await v.press(v.texts.answers.erase)
        await v.hears(v.texts.trouble.unreachable)
      }],
      ['answers-erased', async (v) => {
        v.line.when('POST /mailbox/', { answer: { status: 204 } })
        await v.press(v.texts.answers.erase)
        await v.hears(v.texts.answers.erased)
      }],
      ['answers-not-erased', async (v) => {
        await v.press(v.texts.answers.more)
        await v.sees(v.texts.answers.notErased)
        await v.on(v.texts.answers.title)
      }],
    ],
  },
]

export const saved = [
  {
    name: 'the saved page',
    steps: [
      ['saved', async (v) => {
        await v.page.goto(v.saved)
        await v.page.waitForSelector('header select')
        await v.page.select('header select', v.texts.language)
        await v.sees(v.texts.saved.intro)
      }],
      ['saved-unreadable', async (v) => {
        await v.write(`knothole:${ONION}#kh`)
        await v.next()
        await v.hears(v.texts.saved.unreadable)
      }],
      ['saved-loading', async (v) => {
        v.line.when('GET /charter', { hold: true })
        await v.write(`knothole:${ONION}#${v.papers.fingerprintText.replaceAll(' ', '')}`)
        await v.next()
        await v.hears(v.texts.start.loading)
      }],
      ['saved-wrong', async (v) => {
        v.line.clear()
        await v.hears(v.texts.saved.wrong)
      }],
      ['saved-unreachable', async (v) => {
        v.line.when('GET /charter', { cut: true })
        await v.next()
        await v.hears(v.texts.trouble.unreachable)
      }],
      ['saved-no-keys', async (v) => {
        v.line.when('GET /charter', { answer: { status: 404 } })
        await v.next()
        await v.hears(v.texts.trouble['no-keys'])
      }],
      ['saved-closed', async (v) => {
        v.serve(v.papers.founded())
        v.line.when('GET /sheet', { answer: { status: 404 } })
        await v.next()
        await v.hears(v.texts.trouble['no-keys'])
      }],
      ['saved-same', async (v) => {
        v.serve(v.papers.founded())
        await v.next()
        await v.hears(v.texts.saved.same)
      }],
      ['saved-compose', async (v) => {
        await v.press(v.texts.start.send)
        await v.on(v.texts.compose.title)
      }],
    ],
  },
  {
    name: 'the saved page without scripts',
    browser: 'scriptless',
    steps: [
      ['saved-plain', async (v) => {
        await v.page.goto(v.saved)
        await v.sees(v.texts.saved.scripts)
      }],
    ],
  },
]

export const HOSTS = [ONION, GATEWAY]
