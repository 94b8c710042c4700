import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import type { Outgoing } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import type { AdapterId } from '../../protocol/ids.ts'
import { baseBytes, userIdFromSeed } from '../../protocol/manifest.ts'
import type { EvaluationTask } from '../../protocol/task.ts'
import { MemoryChunks, makeBase, openCoordinator, openPeer } from './fixtures.ts'

test('a member finds a base through the coordinator, pulls it from a peer, and reports', async () => {
  const base = makeBase([2_500_000, 100, 0])
  const started = Date.now()
  await using host = await openCoordinator()
  const { coordinator, address } = host
  const id = await coordinator.publishManifest(base.manifest, { licenceText: 'Do as you like.\n' })
  const task: EvaluationTask = {
    version: 1,
    title: 'subject lines',
    baseId: id,
    metric: 'rouge-1',
    holdOut: 0.2,
    minimumItems: 5,
    createdAt: started,
    expiresAt: started + 3_600_000,
  }
  const task1 = await coordinator.publishTask(task)

  await using seeder = await openPeer()
  await using provider = await Provider.open(seeder, [new MemoryChunks(base, true)])
  await using _announced = new CoordinatorClient({ peer: seeder, address }).stayAnnounced(() =>
    provider.bases(),
  )

  const sent: Outgoing[] = []
  await using peer = await openPeer({ listen: [], audit: message => sent.push(message) })
  const client = new CoordinatorClient({ peer, address })
  assert.equal(client.coordinator, coordinator.id)
  const [published] = await client.manifests()
  assert.equal(published?.id, id)
  assert.equal(published.licenceText, 'Do as you like.\n')
  const [handed] = await client.tasks()
  assert.deepEqual(handed?.task, task)
  assert.equal(handed.id, task1)

  let providers: string[] = []
  while (providers.length === 0) providers = await client.providers(id)
  const into = new MemoryChunks(base, false)
  const { bytes, from } = await fetchBase({ peer, providers, into })
  assert.equal(bytes, baseBytes(base.manifest))
  assert.deepEqual(from, { [seeder.id]: bytes })
  assert.deepEqual(into.files, base.files)
  assert.equal(into.finished, 1)
  assert.ok(peer.received.get(seeder.id)! >= bytes)
  assert.ok(coordinator.traffic.sent < 10_000, 'no base goes through the coordinator')

  const seed = new Uint8Array(32).fill(5)
  const scores = { base: -3.51234, own: -3.1, other: -3.3 }
  const report = {
    version: 1,
    taskId: handed.id,
    baseId: id,
    adapterId: 'ab'.repeat(32) as AdapterId,
    items: 8,
    logLikelihood: scores,
    metric: { base: 0.1, own: 0.2, other: 0.15 },
  } as const
  await client.report(report, task, seed)
  const rounded = { ...report, logLikelihood: { base: -3.5123, own: -3.1, other: -3.3 } }
  assert.deepEqual(await coordinator.reports(handed.id), [{ user: userIdFromSeed(seed), report: rounded }])

  const byCategory = Object.groupBy(sent, ({ category }) => category)
  assert.deepEqual(Object.keys(byCategory).sort(), ['chunk-request', 'manifest', 'membership', 'report'])
  assert.ok(byCategory.report!.reduce((sum, { bytes }) => sum + bytes, 0) < 400)
})
