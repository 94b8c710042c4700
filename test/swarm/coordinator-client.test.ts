/** A client against a coordinator that lies: nothing that the pinned key did not sign comes through. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { idToBytes } from '../../protocol/ids.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import {
  baseId,
  encodeManifest,
  signBytes,
  signedToMessage,
  signLicence,
  userIdFromSeed,
} from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { serve } from '../../protocol/rpc.ts'
import { encodeTask } from '../../protocol/task.ts'
import { manifest, report, task } from '../protocol/samples.ts'
import { openPeer } from './fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const good = new Uint8Array(32).fill(1)
const evil = new Uint8Array(32).fill(2)
const id = baseId(manifest)
const now = () => task.createdAt

interface Lies {
  keys?: oppu.KeyList.$Properties
  releases?: oppu.ReleaseList.$Properties
  manifests?: oppu.IdList.$Properties
  manifest?: oppu.PublishedManifest.$Properties
  tasks?: oppu.TaskList.$Properties
  providers?: oppu.ProviderList.$Properties
  raw?: Uint8Array
}

/** A stand-in on a network key of its own that answers with `lies`, and a client that pins `good`. */
async function against(t: TestContext, lies: Lies) {
  const host = await openPeer()
  const peer = await openPeer({ listen: [] })
  t.after(() => Promise.all([host.close(), peer.close()]))
  await host.handle(PROTOCOLS.coordinator, { category: 'membership', maximumStreams: 8 }, duplex =>
    serve(
      duplex,
      async bytes => {
        if (lies.raw !== undefined) return { body: lies.raw }
        const request = oppu.CoordinatorRequest.decode(bytes)
        if (request.listKeys != null) return { body: oppu.KeyList.encode(lies.keys ?? {}).finish() }
        if (request.listReleases != null)
          return { body: oppu.ReleaseList.encode(lies.releases ?? {}).finish() }
        if (request.listBases != null) return { body: oppu.IdList.encode(lies.manifests ?? {}).finish() }
        if (request.getManifest != null)
          return { body: oppu.PublishedManifest.encode(lies.manifest ?? {}).finish() }
        if (request.listTasks != null) return { body: oppu.TaskList.encode(lies.tasks ?? {}).finish() }
        return { body: oppu.ProviderList.encode(lies.providers ?? {}).finish() }
      },
      { maximumRequest: COORDINATOR_LIMITS.request },
    ),
  )
  return new CoordinatorClient({
    peer,
    address: host.addresses()[0]!,
    coordinator: userIdFromSeed(good),
    now,
  })
}

const signed = (domain: 'manifest' | 'task', bytes: Uint8Array, seed: Uint8Array) =>
  signedToMessage(signBytes(domain, bytes, seed))
const manifestBytes = encodeManifest(manifest)

test('a stand-in with things the pinned key signed is as good as the coordinator', async t => {
  const client = await against(t, {
    manifests: { ids: [idToBytes(id)] },
    manifest: {
      manifest: signed('manifest', manifestBytes, good),
      licence: signedToMessage(signLicence(id, 'MIT', good)),
    },
    tasks: { tasks: [signed('task', encodeTask(task), good)] },
  })
  const [published] = await client.manifests()
  assert.deepEqual([published?.id, published?.manifest, published?.licenceText], [id, manifest, 'MIT'])
  assert.deepEqual(
    (await client.tasks()).map(item => item.task),
    [task],
  )
})

test('a manifest, licence or task by another key, changed, or signed as something else is refused', async t => {
  const mine = signed('manifest', manifestBytes, good)
  const changed = { ...mine, bytes: encodeManifest({ ...manifest, name: 'A smaller base' }) }
  const wrongs: [Lies, ErrorCode][] = [
    [{ manifest: { manifest: signed('manifest', manifestBytes, evil) } }, 'BAD_SIGNATURE'],
    [
      {
        manifest: {
          manifest: { ...signed('manifest', manifestBytes, evil), signer: idToBytes(userIdFromSeed(good)) },
        },
      },
      'BAD_SIGNATURE',
    ],
    [{ manifest: { manifest: changed } }, 'BAD_SIGNATURE'],
    [{ manifest: { manifest: signed('task', manifestBytes, good) } }, 'BAD_SIGNATURE'],
    [
      { manifest: { manifest: signed('manifest', encodeManifest({ ...manifest, name: 'Another' }), good) } },
      'PROTOCOL_VIOLATION',
    ],
    [
      { manifest: { manifest: mine, licence: signedToMessage(signLicence(id, 'pay me', evil)) } },
      'BAD_SIGNATURE',
    ],
    [{ manifest: { manifest: signed('manifest', new Uint8Array([1, 2, 3]), good) } }, 'PROTOCOL_VIOLATION'],
    [{ manifest: {} }, 'PROTOCOL_VIOLATION'],
    [{ raw: Buffer.from('ffffff', 'hex') }, 'PROTOCOL_VIOLATION'],
  ]
  for (const [index, [lies, expected]] of wrongs.entries()) {
    const client = await against(t, lies)
    await assert.rejects(client.manifest(id), code(expected), `case ${index}`)
  }
  const tasks = await against(t, {
    tasks: { tasks: [signed('task', encodeTask(task), good), signed('task', encodeTask(task), evil)] },
  })
  await assert.rejects(tasks.tasks(), code('BAD_SIGNATURE'))
  const ids = await against(t, { manifests: { ids: [new Uint8Array(5)] } })
  await assert.rejects(ids.manifests(), code('PROTOCOL_VIOLATION'))
})

test('expired tasks are left out, and providers beyond the limits too', async t => {
  const reachable = '/ip4/1.2.3.4/tcp/5/p2p/12D3KooWFGz8vnyLNnHF9mReBwk6x3sjquP9k9eeqenkrqJP42G9'
  const old = { ...task, expiresAt: task.createdAt + 1, createdAt: task.createdAt - 1000 }
  const stale = { ...old, expiresAt: task.createdAt }
  const client = await against(t, {
    tasks: { tasks: [signed('task', encodeTask(old), good), signed('task', encodeTask(stale), good)] },
    providers: { providers: [{ addresses: [reachable, '/ip4/1.2.3.4/tcp/5/p2p/x', 'y'.repeat(1000)] }, {}] },
  })
  assert.deepEqual(
    (await client.tasks()).map(item => item.task),
    [old],
  )
  assert.deepEqual(await client.providers(id), [reachable])
})

test('a report below the minimum does not leave, and a coordinator that is gone is no hang', async t => {
  const client = await against(t, {})
  await assert.rejects(client.report({ ...report, items: 7 }, task, good), code('REFUSED'))
  const peer = await openPeer({ listen: [] })
  t.after(() => peer.close())
  const gone = await openPeer()
  const address = gone.addresses()[0]!
  await gone.close()
  await assert.rejects(new CoordinatorClient({ peer, address }).tasks(), code('CONNECTION_FAILED'))
  assert.throws(
    () => new CoordinatorClient({ peer, address: '/ip4/127.0.0.1/tcp/4011' }),
    code('INVALID_ARGUMENT'),
  )
})
