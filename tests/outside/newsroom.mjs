// A drop-box of a newsroom that is made for the occasion: the example `test_newsroom` of knothole-intake.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** The day in the middle of the week for which it has keys. */
export const DAY = 20_003

/** Starts it in this folder. Gives its process, its port, and the lines that it says after that. */
export async function startNewsroom(program, folder, ...told) {
  // It ends with this program, whatever ends that; and its store goes with the folder.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, folder, '127.0.0.1:0', ...told.map(String)], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value, done } = await lines.next()
  if (done) throw new Error('the newsroom did not start')
  return { child, lines, port: Number(value.split(':').at(-1)) }
}

/** Kills it, and waits until it is gone. */
export async function endNewsroom(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** Runs `steps` with the port of a drop-box in this folder; it is gone afterwards. */
export async function withNewsroom(program, folder, steps) {
  const { child, port } = await startNewsroom(program, folder, 100_000)
  try {
    return await steps(port)
  } finally {
    await endNewsroom(child)
  }
}
