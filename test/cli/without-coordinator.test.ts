/**
 * A community through its coordinator's bad days, with real processes: licences are accepted before anything is fetched,
 * the coordinator is killed, and pulling and providing go on; then a copy stands in for it.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { failedWith, json, oppu, start, temporaryFolder } from './oppu.ts'

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

async function serve<Result>(t: TestContext, home: string, ...args: readonly string[]) {
  const running = start(home, [...args, '--listen', LOOPBACK, '--json'])
  t.after(() => running.child.kill('SIGKILL'))
  let text = ''
  while (!text.includes('\n')) {
    const [piece] = (await Promise.race([
      once(running.child.stdout!, 'data'),
      running.outcome.then(fail),
    ])) as [string]
    text += piece
  }
  return { running, result: JSON.parse(text) as Result }
}

function fail(outcome: { readonly stderr: string }): never {
  throw new Error(outcome.stderr)
}

async function bytesSent(monitor: string): Promise<number> {
  const text = await (await fetch(`${monitor}/metrics`)).text()
  return Number(/^oppu_bytes_total\{direction="sent"\} (\d+)$/m.exec(text)?.[1])
}

test('a licence first, then a pull that needs no coordinator, then a stand-in', async t => {
  const folder = await temporaryFolder(t)
  const [coordinator, copy, seed] = ['coordinator', 'copy', 'seed'].map(name => join(folder, name)) as [
    ...[string, string, string],
  ]
  const members = [1, 2, 3].map(number => join(folder, `member-${number}`))
  await json(seed, 'init')
  const imported = await json<{ id: string; bytes: number }>(seed, 'base', 'import', 'embedded')
  const licence = join(folder, 'LICENCE')
  await writeFile(licence, 'You may use it and must be kind.\n')
  await json(
    ...[coordinator, 'coordinator', 'publish', join(seed, 'bases', imported.id, 'manifest')],
    ...['--licence', licence, '--name', 'tiny', '--tag', 'stable'],
  )
  const first = await serve<{ addresses: string[]; monitor: string }>(
    ...[t, coordinator, 'coordinator', 'start', '--monitor', '0'],
  )
  const [address] = first.result.addresses
  await json(seed, 'node', 'join', address!)
  const seeding = await serve<{ bases: string[] }>(t, seed, 'node', 'start')
  assert.deepEqual(seeding.result.bases, [imported.id])
  for (const member of members) {
    await json(member, 'init')
    await json(member, 'node', 'join', address!)
  }
  const [one, two, three] = members as [string, string, string]

  // Not accepted: said, with the text, and nothing is left behind.
  const refused = await oppu(one, ['base', 'pull', 'tiny'])
  failedWith(refused, 'LICENCE_NOT_ACCEPTED')
  assert.match(refused.stderr, /must be kind/)
  assert.deepEqual(await readdir(join(one, 'bases')).catch(() => []), [])
  failedWith(await oppu(one, ['base', 'pull', 'tiny:v2', '--accept-licence']), 'NOT_FOUND')
  const accepted = await oppu(one, ['base', 'pull', 'tiny', '--accept-licence'])
  assert.equal(accepted.status, 0, accepted.stderr)
  assert.match(accepted.stderr, /must be kind/)
  // Accepted once is enough, also for the base pulled anew.
  await json(one, 'base', 'remove', imported.id)
  assert.equal((await json<{ id: string }>(one, 'base', 'pull', 'tiny')).id, imported.id)
  // So far three members joined and one pulled twice: of the base itself nothing went through the coordinator.
  const sent = await bytesSent(first.result.monitor)
  assert.ok(sent < imported.bytes / 10, `${sent} bytes sent, for a base of ${imported.bytes}`)

  await json(coordinator, 'coordinator', 'reports') // its state is whole before it is killed
  first.running.child.kill('SIGKILL')
  await first.running.outcome
  await cp(coordinator, copy, { recursive: true, filter: source => !source.endsWith('.sock') })

  // Nobody is there, and member two, which only ever joined, finds the seed by what it heard then.
  const pulled = await oppu(two, ['base', 'pull', 'tiny:stable', '--accept-licence'])
  assert.equal(pulled.status, 0, pulled.stderr)
  assert.match(pulled.stderr, /the coordinator cannot be reached: going by what it said/)
  // Member three never heard of this base: the seed passes on what the coordinator signed, and its licence.
  const key = (await readdir(join(three, 'community'))).find(name => /^[0-9a-f]{64}$/.test(name))!
  await rm(join(three, 'community', key, `manifest-${imported.id}`), { force: true })
  const passedOn = await oppu(three, ['base', 'pull', imported.id])
  failedWith(passedOn, 'LICENCE_NOT_ACCEPTED')
  assert.match(passedOn.stderr, /signature good, passed on by a peer/)
  assert.match(passedOn.stderr, /must be kind/)
  seeding.running.child.kill('SIGINT')
  await seeding.running.outcome
  const alone = await serve<{ addresses: string[] }>(t, seed, 'node', 'start')
  failedWith(await oppu(join(folder, 'new'), ['node', 'join', address!]), 'NOT_INITIALIZED')

  // The copy stands in: those that are told of it move over, the seed within seconds and while it runs.
  const second = await serve<{ addresses: string[]; monitor: string }>(
    ...[t, copy, 'coordinator', 'start', '--monitor', '0'],
  )
  const standIn = second.result.addresses[0]!
  assert.equal(standIn.split('/p2p/')[1], address!.split('/p2p/')[1], 'the same key')
  failedWith(await oppu(three, ['node', 'stand-ins', 'nowhere']), 'INVALID_ARGUMENT')
  await json(three, 'node', 'stand-ins', standIn)
  assert.deepEqual(await json(three, 'node', 'stand-ins'), { standIns: [standIn] })
  await json(copy, 'coordinator', 'tag', 'tiny:v2', imported.id)
  alone.running.child.kill('SIGINT')
  await alone.running.outcome
  await json(seed, 'node', 'stand-ins', standIn)
  await serve(t, seed, 'node', 'start')
  await setTimeout(200)
  const last = await json<{ id: string }>(three, 'base', 'pull', 'tiny:v2', '--accept-licence')
  assert.equal(last.id, imported.id)
})
