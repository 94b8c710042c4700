/** Releases and changes of keys at a coordinator, as members ask for them, and what a crash in the middle leaves. */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { Keys } from '../../coordinator/keys.ts'
import { State } from '../../coordinator/state.ts'
import { type ErrorCode, isOppuError, OppuError } from '../../protocol/errors.ts'
import { type BaseId, idToBytes, type UserId } from '../../protocol/ids.ts'
import { currentKey } from '../../protocol/key-change.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import {
  baseId,
  openLicence,
  signedFromMessage,
  userIdFromSeed,
  verifyBytes,
} from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { openRelease } from '../../protocol/release.ts'
import { call } from '../../protocol/rpc.ts'
import { manifest, manifestV2, task } from '../protocol/samples.ts'
import { LOOPBACK, openPeer } from '../swarm/fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const now = () => task.createdAt
const [one, two] = [baseId(manifest), baseId(manifestV2)]

async function folder(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'oppu-coordinator-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  return home
}

/** Asks a coordinator as a member does. */
async function asking(t: TestContext, address: string) {
  const peer = await openPeer({ listen: [] })
  t.after(() => peer.close())
  const ask = async <T>(
    request: oppu.CoordinatorRequest.$Properties,
    reply: { decode(bytes: Uint8Array): T },
  ) => {
    const duplex = await peer.dial([address], PROTOCOLS.coordinator, { category: 'membership' })
    const bytes = oppu.CoordinatorRequest.encode(request).finish()
    return reply.decode(await call(duplex, bytes, { maximumReply: COORDINATOR_LIMITS.manifestReply }))
  }
  return {
    releases: async (key: UserId) =>
      (await ask({ listReleases: {} }, oppu.ReleaseList)).releases.map(item =>
        openRelease(signedFromMessage(item), key),
      ),
    keys: async () => (await ask({ listKeys: {} }, oppu.KeyList)).changes.map(signedFromMessage),
    ids: async (kind: 'listBases' | 'listManifests') =>
      (await ask({ [kind]: {} }, oppu.IdList)).ids.map(id => Buffer.from(id).toString('hex')),
    published: async (id: BaseId) => ask({ getManifest: { id: idToBytes(id) } }, oppu.PublishedManifest),
    tasks: async () => (await ask({ listTasks: {} }, oppu.TaskList)).tasks.map(signedFromMessage),
  }
}

test('a tag stands for one base, then for another, and every move has a higher serial', async t => {
  const home = await folder(t)
  let time = task.createdAt
  await using coordinator = await Coordinator.open({ home, listen: LOOPBACK, now: () => time })
  await coordinator.publishManifest(manifest)
  await assert.rejects(coordinator.setRelease('small', 'stable', two), code('NOT_FOUND'))
  await coordinator.publishManifest(manifestV2)
  await assert.rejects(coordinator.setRelease('Small', 'stable', one), code('INVALID_ARGUMENT'))
  const first = await coordinator.setRelease('small', 'stable', one)
  assert.deepEqual(await coordinator.setRelease('small', 'stable', one), first, 'again is as good as once')
  time -= 1_000_000 // a clock that went back
  const second = await coordinator.setRelease('small', 'stable', two)
  assert.equal(second.serial, first.serial + 1)
  await coordinator.setRelease('small', 'v1', one)
  const member = await asking(t, coordinator.addresses()[0]!)
  assert.deepEqual(
    (await member.releases(coordinator.id)).map(({ tag, baseId }) => [tag, baseId]),
    [
      ['stable', two],
      ['v1', one],
    ],
  )
  await coordinator.close()
  await using again = await Coordinator.open({ home, listen: [], now })
  assert.deepEqual(again.releases()[0], second)
})

test('programs that know version 1 only are told of nothing that they could not read', async t => {
  await using coordinator = await Coordinator.open({ home: await folder(t), listen: LOOPBACK, now })
  await coordinator.publishManifest(manifest)
  await coordinator.publishManifest(manifestV2)
  const member = await asking(t, coordinator.addresses()[0]!)
  assert.deepEqual(await member.ids('listManifests'), [one])
  assert.deepEqual(await member.ids('listBases'), [one, two].sort())
})

test('after a change of keys everything counts under the new key, at the same address', async t => {
  const home = await folder(t)
  await using coordinator = await Coordinator.open({ home, listen: LOOPBACK, now })
  await coordinator.publishManifest(manifest, { licenceText: 'Be kind.' })
  await coordinator.setRelease('small', 'stable', one)
  await coordinator.publishTask(task)
  const [first, addresses] = [coordinator.id, coordinator.addresses()]
  const member = await asking(t, addresses[0]!)
  assert.deepEqual(await member.keys(), [])
  const second = await coordinator.changeKey()
  const third = await coordinator.changeKey()
  assert.deepEqual([coordinator.id, new Set([first, second, third]).size], [third, 3])
  assert.deepEqual(coordinator.addresses(), addresses)
  const changes = await member.keys()
  for (const pinned of [first, second, third]) assert.equal(currentKey(pinned, changes), third)

  const check = async (from: Awaited<ReturnType<typeof asking>>) => {
    const published = await from.published(one)
    verifyBytes('manifest', signedFromMessage(published.manifest), third)
    assert.equal(openLicence(one, signedFromMessage(published.licence), third), 'Be kind.')
    assert.equal((await from.releases(third)).length, 1)
    for (const signed of await from.tasks()) verifyBytes('task', signed, third)
  }
  await check(member)
  await coordinator.publishManifest(manifestV2)
  verifyBytes('manifest', signedFromMessage((await member.published(two)).manifest), third)
  assert.equal((await stat(join(home, 'signing.key'))).mode & 0o777, 0o600)
  await coordinator.close()

  await using again = await Coordinator.open({ home, listen: LOOPBACK, now })
  assert.equal(again.id, third)
  const [before, after] = [addresses, again.addresses()].map(list => list[0]!.split('/p2p/')[1])
  assert.equal(after, before, 'the network key stays')
  await check(await asking(t, again.addresses()[0]!))
})

test('a change of keys that was cut short before or after its batch is undone or done', async t => {
  const home = await folder(t)
  const first = await Coordinator.open({ home, listen: [], now })
  await first.publishManifest(manifest)
  await first.close()
  // Before: the file of the next key is there, and nothing is recorded.
  await writeFile(join(home, 'signing.key.next'), new Uint8Array(32).fill(9))
  const undone = await Coordinator.open({ home, listen: [], now })
  assert.equal(undone.id, first.id)
  const next = await undone.changeKey()
  await undone.close()
  // After: everything is recorded, and the file has not got its name.
  await copyFile(join(home, 'signing.key'), join(home, 'signing.key.next'))
  await rm(join(home, 'signing.key'))
  await using done = await Coordinator.open({ home, listen: [], now })
  assert.equal(done.id, next)
  assert.ok(!(await readdir(home)).includes('signing.key.next'))
  await done.close()
  // The key is lost: an error, and no new identity.
  await writeFile(join(home, 'signing.key'), await readFile(join(home, 'coordinator.key')))
  await assert.rejects(Coordinator.open({ home, listen: [], now }), code('INVALID_DATA'))
})

test('a change of keys of which the disk failed to say that it was written is not lost', async t => {
  const home = await folder(t)
  const state = await State.open(home)
  const keys = await Keys.open(state, home)
  const write = state.put.bind(state)
  state.put = async puts => {
    await write(puts)
    throw new OppuError('DISK_FULL', 'the sync failed')
  }
  await assert.rejects(keys.change(now()), code('DISK_FULL'))
  await state[Symbol.asyncDispose]()
  await using again = await Coordinator.open({ home, listen: [], now })
  assert.notEqual(again.id, keys.id, 'the change was on the disk')
  assert.deepEqual(
    (await readdir(home)).filter(name => name.startsWith('signing')),
    ['signing.key'],
  )
})

test('the first key signs until it is changed, and it is the one in the address', async t => {
  const seed = new Uint8Array(32).fill(8)
  await using coordinator = await Coordinator.open({ home: await folder(t), listen: LOOPBACK, seed })
  assert.equal(coordinator.id, userIdFromSeed(seed))
})
