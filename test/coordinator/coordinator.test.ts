/** A coordinator as members see it, over real libp2p: what it keeps, what it refuses, and what survives a restart. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseCoordinatorConfig } from '../../coordinator/config.ts'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { type AdapterId, type BaseId, idToBytes, type TaskId } from '../../protocol/ids.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { baseId, signBytes, signedToMessage, userIdFromSeed } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { call } from '../../protocol/rpc.ts'
import { encodeReport } from '../../protocol/task.ts'
import { manifest, report, task } from '../protocol/samples.ts'
import { LOOPBACK, MemoryChunks, makeBase, openCoordinator, openPeer } from '../swarm/fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const user = new Uint8Array(32).fill(3)
const now = () => task.createdAt

async function setting(t: TestContext, options: { now?: () => number } = { now }) {
  const host = await openCoordinator(options)
  const peer = await openPeer()
  t.after(async () => {
    await peer.close()
    await host[Symbol.asyncDispose]()
  })
  await host.coordinator.publishManifest(manifest)
  await host.coordinator.publishTask(task)
  const client = new CoordinatorClient({ peer, address: host.address, ...options })
  const ask = async (bytes: Uint8Array) => {
    const duplex = await peer.dial([host.address], PROTOCOLS.coordinator, { category: 'membership' })
    return call(duplex, bytes, { maximumReply: COORDINATOR_LIMITS.manifestReply })
  }
  const request = (fields: oppu.CoordinatorRequest.$Properties) =>
    ask(oppu.CoordinatorRequest.encode(fields).finish())
  return { ...host, peer, client, ask, request }
}

test('what is published survives a restart, under the same key, which only its owner can read', async t => {
  const home = await mkdtemp(join(tmpdir(), 'oppu-coordinator-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  const first = await Coordinator.open({ home, listen: [], now })
  const id = first.id
  await first.publishManifest(manifest, { licenceText: 'MIT' })
  const taskId = await first.publishTask(task)
  await assert.rejects(Coordinator.open({ home, listen: [] }), code('IN_USE'))
  await first.close()
  await first.close()
  await assert.rejects(first.reports(), code('CLOSED'))
  await assert.rejects(first.publishManifest(manifest), code('CLOSED'))
  assert.equal((await stat(join(home, 'coordinator.key'))).mode & 0o777, 0o600)

  await using again = await Coordinator.open({ home, listen: LOOPBACK, now })
  assert.equal(again.id, id)
  assert.deepEqual(again.bases(), [baseId(manifest)])
  await using peer = await openPeer({ listen: [] })
  const client = new CoordinatorClient({ peer, address: again.addresses()[0]!, coordinator: id, now })
  assert.equal((await client.manifest(baseId(manifest))).licenceText, 'MIT')
  assert.deepEqual(
    (await client.tasks()).map(item => item.id),
    [taskId],
  )
})

test('a damaged key is an error, not a new identity', async t => {
  const home = await mkdtemp(join(tmpdir(), 'oppu-coordinator-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  await writeFile(join(home, 'coordinator.key'), 'short')
  await assert.rejects(Coordinator.open({ home, listen: [] }), code('INVALID_DATA'))
})

test('what another key signed is not served under a new one', async t => {
  const home = await mkdtemp(join(tmpdir(), 'oppu-coordinator-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  await using first = await Coordinator.open({ home, listen: [], now })
  await first.publishManifest(manifest)
  await first.close()
  await rm(join(home, 'coordinator.key'))
  await assert.rejects(Coordinator.open({ home, listen: [] }), code('INVALID_DATA'))
})

test('a report is taken once for each user, task and adapter', async t => {
  const { coordinator, client } = await setting(t)
  await client.report(report, task, user)
  await client.report(report, task, user) // the answer may have been lost
  await assert.rejects(client.report({ ...report, items: 13 }, task, user), code('REFUSED'))
  const other = { ...report, adapterId: 'd'.repeat(64) as AdapterId }
  await client.report(other, task, user)
  await client.report(report, task, new Uint8Array(32).fill(4))
  const both = await Promise.allSettled(
    [13, 14].map(items => client.report({ ...report, items }, task, new Uint8Array(32).fill(5))),
  )
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const taken = await coordinator.reports(report.taskId)
  assert.equal(taken.length, 4)
  assert.equal(taken.filter(item => item.user === userIdFromSeed(user)).length, 2)
  assert.deepEqual(await coordinator.reports('0'.repeat(64) as TaskId), [])
})

test('a report that breaks a rule is refused, whoever wrote it', async t => {
  const { coordinator, request } = await setting(t)
  const bytes = encodeReport(report, task)
  const send = (message: oppu.SignedBytes.$Properties) => request({ report: message })
  const sign = (changed: Uint8Array) => signedToMessage(signBytes('report', changed, user))
  const fields = oppu.Report.decode(bytes)
  const changed = (change: oppu.Report.$Properties) =>
    sign(oppu.Report.encode({ ...fields, ...change }).finish())
  await assert.rejects(send({ ...sign(bytes), signature: randomBytes(64) }), code('BAD_SIGNATURE'))
  await assert.rejects(send(signedToMessage(signBytes('task', bytes, user))), code('BAD_SIGNATURE'))
  await assert.rejects(
    send({ ...sign(bytes), signer: idToBytes(userIdFromSeed(new Uint8Array(32))) }),
    code('BAD_SIGNATURE'),
  )
  await assert.rejects(send(changed({ items: 7 })), code('REFUSED'))
  await assert.rejects(send(changed({ items: 1 })), code('INVALID_DATA'))
  await assert.rejects(send(changed({ taskId: new Uint8Array(32) })), code('NOT_FOUND'))
  await assert.rejects(send(changed({ baseId: new Uint8Array(32) })), code('INVALID_DATA'))
  await assert.rejects(send(changed({ version: 2 })), code('PROTOCOL_VIOLATION'))
  await assert.rejects(
    send(sign(Buffer.concat([bytes, Buffer.from('\x82\x01\x06secret', 'latin1')]))),
    code('INVALID_DATA'),
  )
  await assert.rejects(send(sign(randomBytes(2000))), code('TOO_LARGE'))
  await assert.rejects(send({}), code('INVALID_DATA'))
  assert.deepEqual(await coordinator.reports(), [])
})

test('a task is handed out and reported on until it expires', async t => {
  let time = task.createdAt
  const { client, coordinator, request } = await setting(t, { now: () => time })
  assert.equal((await client.tasks()).length, 1)
  time = task.expiresAt
  assert.equal(oppu.TaskList.decode(await request({ listTasks: {} })).tasks.length, 0)
  await assert.rejects(client.report(report, task, user), code('NOT_FOUND'))
  await assert.rejects(
    coordinator.publishTask({ ...task, baseId: '0'.repeat(64) as BaseId }),
    code('NOT_FOUND'),
  )
})

test('an announcement holds for its time, for its own peer, and can be taken back', async t => {
  let time = task.createdAt
  const { client, peer } = await setting(t, { now: () => time })
  const id = baseId(manifest)
  assert.deepEqual(await client.providers(id), [])
  assert.equal(await client.announce([id]), COORDINATOR_LIMITS.announcementMs)
  assert.deepEqual(await client.providers(id), peer.addresses())
  await client.announce([])
  assert.deepEqual(await client.providers(id), [])
  await client.announce([id])
  time += COORDINATOR_LIMITS.announcementMs
  assert.deepEqual(await client.providers(id), [])

  await using stranger = await openPeer()
  await assert.rejects(client.announce([id], { addresses: stranger.addresses() }), code('INVALID_ARGUMENT'))
  await assert.rejects(
    client.announce([id], { addresses: ['/ip4/127.0.0.1/tcp/1'] }),
    code('INVALID_ARGUMENT'),
  )
  await assert.rejects(client.announce(['0'.repeat(64) as BaseId]), code('NOT_FOUND'))
  await assert.rejects(client.announce(Array(65).fill(id)), code('TOO_LARGE'))
  await assert.rejects(client.manifest('0'.repeat(64) as BaseId), code('NOT_FOUND'))
})

test('garbage, oversize and unknown requests are refused, and the coordinator goes on', async t => {
  const { ask, client, peer, address } = await setting(t)
  await assert.rejects(ask(new Uint8Array()), code('PROTOCOL_VIOLATION'))
  await assert.rejects(ask(Buffer.from('ffffffff', 'hex')), code('INVALID_DATA'))
  await assert.rejects(ask(new Uint8Array(COORDINATOR_LIMITS.request + 1)), code('TOO_LARGE'))
  await assert.rejects(
    ask(oppu.CoordinatorRequest.encode({ getManifest: { id: new Uint8Array(31) } }).finish()),
    code('PROTOCOL_VIOLATION'),
  )
  for (let round = 0; round < 30; round++) {
    const outcome = await ask(randomBytes(round)).catch((error: unknown) => error)
    assert.ok(outcome instanceof Uint8Array || isOppuError(outcome))
  }
  const chunks = peer.dial([address], PROTOCOLS.chunks, { category: 'chunk-request' })
  await assert.rejects(chunks, code('PROTOCOL_VIOLATION'), 'a coordinator serves no chunks')
  assert.equal((await client.tasks()).length, 1)
})

test('a peer that asks too often is refused, others are not', async t => {
  const { client, address } = await setting(t)
  const outcomes: unknown[] = []
  for (let i = 0; i < COORDINATOR_LIMITS.requestsPerMinute + 5; i++)
    outcomes.push(await client.bases().catch((error: unknown) => error))
  const refused = outcomes.filter(outcome => isOppuError(outcome, 'REFUSED'))
  assert.equal(refused.length, 6, 'one more was to ask for changes of keys')
  await using other = await openPeer({ listen: [] })
  assert.equal((await new CoordinatorClient({ peer: other, address }).bases()).length, 1)
})

test('a pull goes on when the coordinator is gone', async t => {
  const { coordinator, client, peer } = await setting(t)
  const base = makeBase([3_000_000])
  const id = await coordinator.publishManifest(base.manifest)
  await using seeder = await openPeer()
  await using _provider = await Provider.open(seeder, [new MemoryChunks(base, true)])
  assert.deepEqual((await client.manifest(id)).manifest, base.manifest)
  const into = new MemoryChunks(base, false)
  const pull = fetchBase({ peer, providers: seeder.addresses(), into })
  await coordinator.close()
  await pull
  assert.deepEqual(into.files, base.files)
})

test('configuration: defaults, and unknown or wrong settings named', () => {
  assert.deepEqual(parseCoordinatorConfig({}), {
    ...{ listen: ['/ip4/0.0.0.0/tcp/4011'], monitor: '', logLevel: 'info', logFile: '' },
  })
  assert.throws(() => parseCoordinatorConfig({ logLevel: 'loud' }), code('INVALID_ARGUMENT'))
  assert.deepEqual(parseCoordinatorConfig({ listen: '/ip4/127.0.0.1/tcp/0' }).listen, [
    '/ip4/127.0.0.1/tcp/0',
  ])
  assert.throws(() => parseCoordinatorConfig({ colour: 'red' }), code('UNKNOWN_CONFIGURATION'))
  assert.throws(() => parseCoordinatorConfig({ listen: 7 }), code('INVALID_ARGUMENT'))
})
