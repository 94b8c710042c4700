/** The coordinator as a service, in processes of its own: watched, administered, told to stop, and killed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { decodeMessage } from '../../protocol/canonical.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { type BaseManifest, encodeManifest } from '../../protocol/manifest.ts'
import { oppu as messages } from '../../protocol/messages.pb.js'
import { encodeFrame, FrameReader } from '../../protocol/rpc.ts'
import { manifest, manifestV2 } from '../protocol/samples.ts'
import { openPeer } from '../swarm/fixtures.ts'
import { failedWith, json, oppu, type Running, start, temporaryFolder } from './oppu.ts'

const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0', '--monitor', '0']

interface Started {
  readonly running: Running
  readonly coordinator: string
  readonly address: string
  readonly monitor: string
}

async function service(t: TestContext, home: string, ...more: readonly string[]): Promise<Started> {
  const running = start(home, ['coordinator', 'start', ...LISTEN, ...more, '--json'])
  t.after(() => running.child.kill('SIGKILL'))
  const [line] = (await once(running.child.stdout!, 'data')) as [string]
  const { coordinator, addresses, monitor } = JSON.parse(line)
  return { running, coordinator, address: addresses[0], monitor }
}

async function stopped({ running }: Started, signal: NodeJS.Signals = 'SIGTERM') {
  running.child.kill(signal)
  return running.outcome
}

const health = async (monitor: string) => {
  const response = await fetch(`${monitor}/healthz`)
  return [response.status, ((await response.json()) as { status: string }).status] as const
}

async function metric(monitor: string, name: string): Promise<number> {
  const text = await (await fetch(`${monitor}/metrics`)).text()
  const line = text.split('\n').find(other => other.startsWith(`${name} `))
  assert.ok(line, `${name} is not in\n${text}`)
  return Number(line.slice(name.length + 1))
}

async function manifestFile(folder: string, of: BaseManifest = manifest): Promise<string> {
  const path = join(folder, `manifest-${of.version}`)
  await writeFile(path, encodeManifest(of))
  return path
}

test('it is administered while it runs, and the same commands work on its folder when it does not', async t => {
  const folder = await temporaryFolder(t)
  const home = join(folder, 'coordinator')
  const licence = join(folder, 'LICENCE')
  await writeFile(licence, 'Be kind.')
  const one = await manifestFile(folder)
  const before = await json<{ base: string }>(home, 'coordinator', 'publish', one, '--licence', licence)
  const started = await service(t, home)
  assert.equal((await stat(join(home, 'admin.sock'))).mode & 0o777, 0o600)

  const published = await json<{ base: string; release: { name: string; tag: string } }>(
    ...[home, 'coordinator', 'publish', await manifestFile(folder, manifestV2), '--tag', 'stable'],
  )
  assert.deepEqual([published.release.name, published.release.tag], ['a-small-base', 'stable'])
  await json(home, 'coordinator', 'tag', 'a-small-base:v1', before.base.slice(0, 12))
  const { task } = await json<{ task: string }>(
    ...[home, 'coordinator', 'task', '--base', published.base, '--title', 'Secret words'],
  )
  const rotated = await json<{ before: string; coordinator: string }>(home, 'coordinator', 'rotate-key')
  assert.equal(rotated.before, started.coordinator)
  assert.deepEqual(await json(home, 'coordinator', 'reports'), [])
  failedWith(await oppu(home, ['coordinator', 'tag', 'a-small-base', 'ffff']), 'NOT_FOUND')
  failedWith(await oppu(home, ['coordinator', 'tag', 'A Name', before.base]), 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['coordinator', 'invite']), 'REFUSED')
  failedWith(await oppu(home, ['coordinator', 'start', ...LISTEN]), 'IN_USE')

  // A member that knew only the address, whose key is the first one, hears of it all.
  const node = join(folder, 'node')
  await json(node, 'init')
  const joined = await json<{ bases: string[]; tasks: string[] }>(node, 'node', 'join', started.address)
  assert.deepEqual([joined.bases, joined.tasks], [[before.base, published.base].sort(), [task]])
  const { status, stderr } = await stopped(started)
  assert.equal(status, 0)
  assert.doesNotMatch(stderr, /Secret words|Be kind/)
  await assert.rejects(stat(join(home, 'admin.sock')), /ENOENT/)

  const found = await json<{ bases: unknown[]; releases: { tag: string }[] }>(home, 'coordinator', 'releases')
  assert.equal(found.bases.length, 2)
  assert.deepEqual(
    found.releases.map(({ tag }) => tag),
    ['stable', 'v1'],
  )
})

test('its health and its numbers can be watched, and tell of no one', async t => {
  const folder = await temporaryFolder(t)
  const home = join(folder, 'coordinator')
  await json(home, 'coordinator', 'publish', await manifestFile(folder))
  const log = join(folder, 'log')
  const started = await service(t, home, '--log-file', log, '--log-level', 'debug')
  const { monitor, address } = started
  assert.match(monitor, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.deepEqual(await health(monitor), [200, 'ok'])
  assert.equal(await metric(monitor, 'oppu_bases'), 1)
  const node = join(folder, 'node')
  await json(node, 'init')
  await json(node, 'node', 'join', address)
  assert.equal(await metric(monitor, 'oppu_requests_total{kind="getManifest",outcome="ok"}'), 1)
  assert.ok((await metric(monitor, 'oppu_bytes_total{direction="sent"}')) > 100)
  assert.ok((await metric(monitor, 'oppu_request_seconds_count{kind="listBases"}')) >= 1)
  await json(home, 'coordinator', 'reports')
  assert.equal(await metric(monitor, 'oppu_operations_total{operation="reports",outcome="ok"}'), 1)
  const metrics = await (await fetch(`${monitor}/metrics`)).text()
  assert.doesNotMatch(metrics, /12D3Koo/)
  assert.equal((await fetch(`${monitor}/`)).status, 404)
  assert.equal((await fetch(`${monitor}/metrics`, { method: 'POST' })).status, 405)

  // The log is lines of JSON with levels and times; moved away, it goes on in a new file.
  await rename(log, `${log}.1`)
  started.running.child.kill('SIGHUP')
  await json(home, 'coordinator', 'reports')
  assert.equal((await stopped(started)).status, 0)
  const lines = async (path: string) =>
    (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { level: number; time: string; message: string; kind?: string })
  const [first, second] = [await lines(`${log}.1`), await lines(log)]
  assert.equal(first[0]!.message, 'started')
  assert.ok(first.some(({ message, kind }) => message === 'request' && kind === 'getManifest'))
  assert.deepEqual(
    second.map(({ message }) => message),
    ['operation', 'stopping', 'stopped'],
  )
  assert.ok(Number.isFinite(Date.parse(second[0]!.time)))
  assert.equal((await stat(log)).mode & 0o777, 0o600)
})

test('told to stop, it answers what it has begun to hear, says that it is stopping, and ends', async t => {
  const folder = await temporaryFolder(t)
  const home = join(folder, 'coordinator')
  const started = await service(t, home)
  const peer = await openPeer({ listen: [] })
  t.after(() => peer.close())
  const frame = encodeFrame(messages.CoordinatorRequest.encode({ listTasks: {} }).finish())
  const slow = await peer.dial([started.address], PROTOCOLS.coordinator, { category: 'membership' })
  const answered = Promise.withResolvers<Uint8Array>()
  const reader = new FrameReader(COORDINATOR_LIMITS.reply)
  slow.receive({
    data(piece) {
      const read = reader.push(piece)
      if (read !== undefined) answered.resolve(read.payload)
    },
    end: () => answered.reject(new Error('the stream ended')),
  })
  await slow.send(frame.subarray(0, 3))
  await setTimeout(200) // until it is there
  started.running.child.kill('SIGTERM')
  await setTimeout(300)
  assert.deepEqual(await health(started.monitor), [503, 'unavailable'])
  await slow.send(frame.subarray(3))
  await slow.end()
  const reply = decodeMessage(messages.Reply, await answered.promise, COORDINATOR_LIMITS.reply, 'a reply')
  assert.equal(reply.error, '')
  const { status, stderr } = await started.running.outcome
  assert.equal(status, 0)
  assert.match(stderr, /"message":"stopped"/)
})

test('told to stop, it waits for a silent peer for some seconds only', async t => {
  const started = await service(t, join(await temporaryFolder(t), 'coordinator'))
  const peer = await openPeer({ listen: [] })
  t.after(() => peer.close())
  const silent = await peer.dial([started.address], PROTOCOLS.coordinator, { category: 'membership' })
  silent.receive({ data() {}, end() {} })
  await silent.send(new Uint8Array(1))
  await setTimeout(200)
  const began = performance.now()
  assert.equal((await stopped(started)).status, 0)
  const seconds = (performance.now() - began) / 1000
  assert.ok(seconds < 9, `it took ${seconds} s`)
})

test('killed, it leaves nothing in the way of the next start', async t => {
  const folder = await temporaryFolder(t)
  const home = join(folder, 'coordinator')
  const started = await service(t, home)
  const { base } = await json<{ base: string }>(home, 'coordinator', 'publish', await manifestFile(folder))
  await stopped(started, 'SIGKILL')
  assert.ok((await stat(join(home, 'admin.sock'))).isSocket())
  await json(home, 'coordinator', 'tag', 'small', base) // on the folder
  const again = await service(t, home)
  assert.equal(again.coordinator, started.coordinator)
  const found = await json<{ releases: { baseId: string }[] }>(home, 'coordinator', 'releases')
  assert.deepEqual(
    found.releases.map(({ baseId }) => baseId),
    [base],
  )
  assert.equal((await stopped(again, 'SIGINT')).status, 0)
})

test('settings that cannot be are refused before anything is opened', async t => {
  const home = join(await temporaryFolder(t), 'coordinator')
  for (const wrong of [
    ['--monitor', 'everywhere'],
    ['--monitor', '99999'],
    ['--log-level', 'loud'],
    ['--listen', 'nowhere'],
  ])
    failedWith(
      await oppu(home, ['coordinator', 'start', ...LISTEN, ...wrong, '--log-level', 'silent', ...wrong]),
      'INVALID_ARGUMENT',
    )
})
