/** The systemd unit that is shipped: systemd finds no fault in it, it is well shut in, and it starts what there is. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const UNIT = fileURLToPath(new URL('../../coordinator/systemd/oppu-coordinator.service', import.meta.url))
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const version = Number(
  /systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ??
    0,
)
const skip = version === 0 ? 'systemd-analyze is not installed here' : false

/** The unit with a program that is there, since systemd checks that. */
async function unitHere(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-unit-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const program = join(folder, 'oppu')
  await writeFile(program, '#!/bin/sh\n')
  await chmod(program, 0o755)
  const unit = join(folder, 'oppu-coordinator.service')
  await writeFile(unit, (await readFile(UNIT, 'utf8')).replace('/usr/local/bin/oppu', program))
  return unit
}

test('systemd-analyze verify finds no fault in the unit', { skip }, async t => {
  const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', await unitHere(t)])
  assert.equal(`${stdout}${stderr}`, '')
})

test('systemd-analyze security rates the unit as well protected', {
  skip: version < 250 && (skip || 'needs systemd 250'),
}, async t => {
  const args = ['security', '--offline=true', '--no-pager', '--threshold=20', await unitHere(t)]
  const { stdout } = await promisify(execFile)('systemd-analyze', args)
  assert.match(stdout, /Overall exposure level/)
})

test('the unit starts the command with options that it has', async () => {
  const command = /^ExecStart=\S+ (.*)$/m.exec(await readFile(UNIT, 'utf8'))?.[1]?.split(' ') ?? []
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'coordinator', 'start', '--help'])
  assert.deepEqual(command.slice(0, 2), ['coordinator', 'start'])
  const options = command.filter(word => word.startsWith('--'))
  assert.equal(options.length, 3)
  for (const option of options) assert.ok(stdout.includes(`${option} <`), option)
})
