// What is to be sent, and the words that lead back.
import { copyFileSync, truncateSync } from 'node:fs'

export const compose = [
  {
    name: 'what to send',
    steps: [
      ['compose', async (v) => v.compose()],
      ['compose-nothing', async (v) => {
        await v.next()
        await v.hears(v.texts.compose.nothing)
      }],
      ['compose-message', async (v) => {
        await v.write('They dump it into the river at night. I have photographs and the papers of the lorries.')
        await v.hears(v.texts.compose.total)
      }],
      ['compose-message-too-long', async (v) => {
        await v.write('ж'.repeat(17_000))
        await v.hears(v.texts.compose.messageTooLong)
      }],
      ['compose-photograph', async (v) => {
        await v.write('Hear me.')
        await v.choose('phone.jpg')
        await v.hears(v.texts.inspect.says)
      }],
      ['compose-clean-copy', async (v) => {
        await v.page.click('.files input[type=checkbox]')
        await v.hears(v.texts.inspect.cleaned)
      }],
      ['compose-files', async (v) => {
        await v.choose('plan.pdf', 'notes.txt', 'dot.png', 'empty.txt', 'all.zip', 'noise.bin')
        await v.looked()
        for (const limit of ['text', 'inside', 'unknown']) await v.hears(v.texts.inspect.limits[limit])
        await v.hears(v.texts.inspect.cannotClean)
        await v.hears(v.texts.compose.empty)
        await v.hears(v.texts.inspect.saysNothing)
      }],
      ['compose-renamed', async (v) => {
        await give(v, `${'minutes of the meeting '.repeat(12)}.txt`)
        await v.sees(v.texts.compose.renamed)
      }],
      ['compose-unseen', async (v) => {
        await give(v, 'minutes\u202etxt.exe')
        await v.sees(v.texts.compose.unseen)
      }],
      ['compose-too-much', async (v) => {
        await v.choose('20 GB.bin')
        await v.looked()
        await v.hears(v.texts.compose.tooMuch)
      }],
      ['compose-too-many-files', async (v) => {
        await v.choose(...Array.from({ length: 501 }, () => 'empty.txt'))
        await v.hears(v.texts.compose.tooManyFiles)
      }],
    ],
  },
  {
    name: 'a copy that cannot be made',
    steps: [
      ['compose-no-copy', async (v) => {
        copyFileSync(v.files.get('phone.jpg'), v.files.get('cut.jpg'))
        await v.compose()
        await v.choose('cut.jpg')
        await v.hears(v.texts.inspect.says)
        truncateSync(v.files.get('cut.jpg'), 100)
        await v.page.click('.files input[type=checkbox]')
        await v.next()
        await v.page.waitForSelector('[role=alert]')
        await v.hears(v.texts.inspect.noCopy)
        await v.sees(v.texts.compose.title, 'h1')
      }],
    ],
  },
  {
    name: 'a look that takes long, and fails',
    steps: [
      ['compose-looking', async (v) => {
        v.line.when('GET /inspect-', { hold: true })
        await v.compose()
        await v.choose('phone.jpg')
        await v.hears(v.texts.inspect.looking)
        await v.next()
        await v.page.waitForFunction((looking) => document.querySelector('main').innerText.split(looking).length === 3, {}, v.texts.inspect.looking)
      }],
    ],
  },
  {
    name: 'a look that fails',
    steps: [
      ['compose-look-failed', async (v) => {
        v.line.when('GET /inspect-', { answer: { status: 503 } })
        await v.compose()
        await v.choose('phone.jpg')
        await v.hears(v.texts.inspect.failed)
      }],
    ],
  },
]

export const words = [
  {
    name: 'words',
    steps: [
      ['words-choice', async (v) => {
        v.line.when('GET /words.txt', { hold: true })
        await v.compose()
        await v.write('Hear me.')
        await v.choose('phone.jpg')
        await v.hears(v.texts.inspect.says)
        await v.page.click('.files input[type=checkbox]')
        await v.hears(v.texts.inspect.cleaned)
        await v.next()
        await v.on(v.texts.words.title)
      }],
      ['words-loading', async (v) => {
        await v.next()
        await v.hears(v.texts.words.loading)
      }],
      ['words-failed', async (v) => {
        v.line.when('GET /words.txt', { answer: { status: 503 } })
        v.line.release()
        await v.hears(v.texts.words.failed)
      }],
      ['words-shown', async (v) => {
        v.line.clear()
        await v.next()
        await v.on(v.texts.words.shownTitle)
        v.words = await v.page.$$eval('.words li', (all) => all.map((one) => one.innerText))
      }],
      ['words-typed', async (v) => {
        await v.next()
        await v.on(v.texts.words.typedTitle)
      }],
      ['words-empty', async (v) => {
        await v.next()
        await v.hears(v.texts.words.emptyWords)
      }],
      ['words-count', async (v) => typed(v, v.words.slice(0, 5), v.texts.words.count)],
      ['words-no-thirteenth', async (v) => typed(v, v.words.slice(0, 12), v.texts.words.thirteenth)],
      ['words-slips', async (v) => {
        const slips = ['xq12', `${v.words[1].slice(0, -1)}`, ...v.words.slice(2)]
        await typed(v, slips, v.texts.words.slip)
      }],
      ['words-not-together', async (v) => typed(v, [...v.words.slice(1, 12), v.words[0], v.words[12]], v.texts.words.together)],
      ['words-others', async (v) => typed(v, v.papers.words, v.texts.words.others)],
      ['words-earlier', async (v) => {
        await v.press(v.texts.words.again)
        await v.on(v.texts.words.shownTitle)
        await v.press(v.texts.common.back)
        await v.on(v.texts.words.title)
        await v.page.click('input[value=earlier]')
        await v.next()
        await v.on(v.texts.words.typedTitle)
      }],
      ['ready', async (v) => {
        await v.write(v.words.join(' '))
        await v.next()
        await v.on(v.texts.ready.title)
        await v.sees(v.texts.ready.back)
        await v.sees(v.texts.ready.cleaned)
      }],
      ['ready-no-way-back', async (v) => {
        await v.press(v.texts.common.back)
        await v.page.click('input[value=none]')
        await v.next()
        await v.on(v.texts.ready.title)
        await v.sees(v.texts.ready.noBack)
      }],
      ['ready-no-message', async (v) => {
        await v.press(v.texts.common.back)
        await v.press(v.texts.common.back)
        await v.on(v.texts.compose.title)
        await v.write('')
        await v.ready()
        await v.sees(v.texts.ready.noMessage)
      }],
    ],
  },
]

async function typed(v, words, sentence) {
  await v.write(words.join(' '))
  await v.next()
  await v.hears(sentence)
}

/** No disk here takes such a name; others do, and give the page a file that has it. */
async function give(v, name) {
  await v.page.evaluate((name) => {
    const given = new DataTransfer()
    given.items.add(new File(['a'], name))
    const picker = document.querySelector('main input[type=file]')
    picker.files = given.files
    picker.dispatchEvent(new Event('change'))
  }, name)
  await v.looked()
}
