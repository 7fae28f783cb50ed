// A drop-box of a newsroom that is made for the occasion: the example `test_newsroom` of knothole-intake.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** The day in the middle of the week for which it has keys. */
export const DAY = 20_003

/** Runs `steps` with the port of a drop-box in this folder; it is gone afterwards. */
export async function withNewsroom(program, folder, steps) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, folder, '127.0.0.1:0', '100000'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  try {
    const address = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('error', reject)
      child.once('exit', () => reject(new Error('the newsroom did not start')))
    })
    return await steps(Number(address.split(':').at(-1)))
  } finally {
    child.kill()
    await gone
  }
}
