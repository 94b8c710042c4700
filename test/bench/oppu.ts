/** The command line as a user starts it, timed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const PASSPHRASE = 'for the bench only'

/** Runs a command to its end. @returns seconds until a line matched `awaited`, or all of it took. */
export async function oppu(home: string, args: readonly string[], awaited?: RegExp): Promise<number> {
  const env = { ...process.env, OPPU_HOME: home, OPPU_PASSPHRASE: PASSPHRASE }
  const started = performance.now()
  const child = spawn(process.execPath, [...process.execArgv, MAIN, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  let matched: number | undefined
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', line => {
      said.push(line)
      if (awaited?.test(line)) matched ??= performance.now()
    })
  }
  const [status] = await once(child, 'close')
  if (status !== 0 || (awaited !== undefined && matched === undefined))
    throw new Error(`oppu ${args.join(' ')} ended with ${status}:\n${said.slice(-15).join('\n')}`)
  return ((matched ?? performance.now()) - started) / 1000
}
