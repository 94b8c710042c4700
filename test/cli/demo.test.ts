/** `oppu demo` as a person runs it: to its end with a table and a file, and cut short by Ctrl-C. */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ownAdapterWins } from '../../cli/demo/run.ts'
import { oppu, start, temporaryFolder } from './oppu.ts'

test('the demo ends well: own adapters beat the base and the other, and the figures are in the file', async t => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'demo.json')
  const { status, stdout, stderr } = await oppu(folder, ['demo', '--json', file])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /LL base +LL own +LL other/)
  const result = JSON.parse(await readFile(file, 'utf8'))
  assert.deepEqual(Object.keys(result), ['seconds', 'users'])
  assert.ok(ownAdapterWins(result))
  for (const [index, name] of ['alice', 'bob'].entries()) {
    const user = result.users[index]
    assert.equal(user.name, name)
    assert.ok(user.trained > user.tested && user.tested > 0)
    for (const value of [user.base, user.own, user.other]) assert.ok(value < 0 && value > -20)
    assert.deepEqual(Object.keys(user.metric).sort(), ['base', 'name', 'other', 'own'])
    assert.ok(user.adapterBytes > 10_000 && user.tokensPerSecond > 0)
    assert.deepEqual(Object.keys(user.received), ['seed'])
    assert.ok(user.received.seed > 4_000_000)
  }
})

test('Ctrl-C ends the demo and everything it started, and leaves no folder behind', async t => {
  const folder = await temporaryFolder(t)
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  const demo = start(folder, ['demo'], undefined, { TMPDIR: temporary })
  demo.child.stderr!.on('data', (text: string) => {
    if (text.includes('alice: joins')) demo.child.kill('SIGINT')
  })
  const { status, stdout } = await demo.outcome
  assert.equal(status, 130)
  assert.equal(stdout, '')
  assert.deepEqual(await readdir(temporary), [])
})

test('what a killed demo had started ends by itself', async t => {
  const folder = await temporaryFolder(t)
  const demo = start(folder, ['demo'], undefined, { TMPDIR: folder })
  demo.child.stderr!.on('data', (text: string) => {
    if (text.includes('seed: provides')) demo.child.kill('SIGKILL')
  })
  // The processes that it started write to the same pipe: it closes when the last of them is gone.
  assert.equal((await demo.outcome).status, null)
})
