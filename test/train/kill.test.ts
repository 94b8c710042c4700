/** A process that trains is killed again and again, with SIGKILL at random moments; what comes out is as if it never was. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { createVaultFile } from '../../node/store/vault-file.ts'
import { runIdOf, train } from '../../node/train/trainer.ts'
import { tinyBase } from '../model/bases.ts'
import { CHEAP } from '../store/fixtures.ts'
import { killedRun, outcome, PASSPHRASE, RESULT, VAULT } from './killed-run.ts'

/** Together they take well under the run's 100 updates. */
const KILLS = 6
const CHILD = join(import.meta.dirname, 'killed-run.ts')

test('kill -9 at random moments and a resume each time give the bits of a run that nobody killed', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-killed-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'tmp'))
  ;(await createVaultFile(join(folder, VAULT), PASSPHRASE, CHEAP)).close()

  const starts: number[] = []
  let kills = 0
  for (let ended = false; !ended; ) {
    assert.ok(starts.length < 30, `no end after ${starts.join(', ')}`)
    const child = spawn(process.execPath, [CHILD, folder], {
      env: { ...process.env, TMPDIR: join(folder, 'tmp') }, // a killed child leaves its base there
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit')
    const after = kills < KILLS ? 1 + Math.floor(6 * Math.random()) : Number.POSITIVE_INFINITY
    let doomed = false
    for await (const line of createInterface(child.stdout)) {
      const [word, number] = line.split(' ')
      if (word === 'from') starts.push(Number(number))
      // From here on at any moment: within a pass, an update, the sealing, the rename, the removal of an older one.
      else if (Number(number) >= starts.at(-1)! + after && !doomed) {
        doomed = true
        setTimeout(() => child.kill('SIGKILL'), 15 * Math.random())
      }
    }
    const [code, signal] = (await exit) as [number | null, string | null]
    if (signal === 'SIGKILL') kills++
    else assert.equal(code, 0)
    ended = signal === null
  }
  t.diagnostic(`killed ${kills} times; went on from ${starts.join(', ')}`)
  assert.equal(kills, KILLS)
  for (const [index, start] of starts.entries()) assert.ok(index === 0 || start >= starts[index - 1]! + 1)

  const base = await tinyBase()
  t.after(() => base.remove())
  const options = killedRun(base)
  const training = train(options)
  let next = await training.next()
  while (next.done !== true) next = await training.next()
  assert.ok(Buffer.from(outcome(next.value)).equals(await readFile(join(folder, RESULT))))
  const left = await readdir(join(folder, 'checkpoints', runIdOf(options)))
  assert.deepEqual(left.sort(), ['98.sealed', '99.sealed'])
})
